using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary><c>banyan restart</c> under load: no request fails.</summary>
public sealed class RestartTests(RestartTests.Fixture fixture) : IClassFixture<RestartTests.Fixture>
{
    private UpMesh Mesh => fixture.Mesh;

    [Theory]
    [InlineData("payments", new[] { "default/payments-v1/0", "default/payments-v1/1" })]
    [InlineData("payments-monolith", new[] { "default/shop-monolith/1" })]
    public async Task NoRequestFails(string target, string[] nodes)
    {
        var before = await Mesh.ProcessesAsync();
        await using var quick = Load.Start(Mesh.WayIn, "payments", connections: 4);
        await using var slow = Load.Start(Mesh.WayIn, "payments", connections: 4, path: "/slow/300");
        await quick.MoreAsync(200);

        var restarted = await Mesh.JsonAsync("restart", target);

        await quick.MoreAsync(200);
        await quick.EndAsync();
        await slow.EndAsync();
        Assert.Empty(quick.Failures.Concat(slow.Failures));
        Assert.Equal(nodes, restarted.GetProperty("restarted").EnumerateArray().Select(node => node.GetString()!));
        var after = await Mesh.ProcessesAsync();
        Assert.Equal(
            nodes.Select(node => node["default/".Length..]).Order(StringComparer.Ordinal),
            Applications(after).Where(app => !Applications(before).Contains(app)).Select(app => app.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task AReplacementThatDoesNotGetReadyCostsNothing()
    {
        await using var load = Load.Start(Mesh.WayIn, "fragile", connections: 4);
        Mesh.Folder.Write("broken", "");
        var failed = await Mesh.RunAsync("restart", "fragile");
        File.Delete(Mesh.Folder["broken"]);
        await load.MoreAsync(100);
        await load.EndAsync();

        Assert.True(failed.ExitCode == 1, $"{failed}");
        Assert.Equal(
            "banyan: default/fragile-v1/1 does not get ready: exited with code 3; default/fragile-v1/0 goes on\n", failed.Error);
        Assert.Empty(load.Failures);
        Assert.Equal(["v1/0"], load.Answers.Keys);
        Assert.Equal("default/fragile-v1/1", (await Mesh.JsonAsync("restart", "fragile")).GetProperty("restarted")[0].GetString());
    }

    [Fact]
    public async Task AnOnlyReplicaWithAFixedPortIsRestartedInPlace() => Assert.Equal(
        "default/fixed-v1/0", (await Mesh.JsonAsync("restart", "fixed")).GetProperty("restarted")[0].GetString());

    [Fact]
    public async Task FewerReplicasFailNoRequest()
    {
        await using var quick = Load.Start(Mesh.WayIn, "payments", connections: 4);
        await using var slow = Load.Start(Mesh.WayIn, "payments", connections: 4, path: "/slow/300");
        await quick.MoreAsync(200);
        Mesh.Write(fixture.Text(replicas: 1));
        await Eventually.TrueAsync(async () => (await Mesh.ProcessesAsync()).Count == fixture.Processes - 2, "one replica less");
        await quick.MoreAsync(100);
        await quick.EndAsync();
        await slow.EndAsync();
        Assert.Empty(quick.Failures.Concat(slow.Failures));

        Mesh.Write(fixture.Text(replicas: 2));
        await Eventually.TrueAsync(
            async () => (await Mesh.ProcessesAsync()).Count(process => process.GetProperty("state").GetString() == "ready") == fixture.Processes,
            "both again");
    }

    private static IEnumerable<(string Name, int Pid)> Applications(IEnumerable<System.Text.Json.JsonElement> processes) =>
        processes.Where(process => process.GetProperty("role").GetString() == "application")
            .Select(process => (process.GetProperty("name").GetString()!, process.GetProperty("pid").GetInt32()));

    public sealed class Fixture : IAsyncLifetime
    {
        private readonly int _port = FreePorts.Next();

        /// <summary>The control plane, and an application and a sidecar for each replica.</summary>
        internal int Processes => 13;

        internal UpMesh Mesh { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => Mesh = await UpMesh.StartAsync(Text(replicas: 2));

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Mesh?.DisposeAsync() ?? ValueTask.CompletedTask;

        internal string Text(int replicas) => MeshText.Of(
            MeshText.Client,
            MeshText.Workload("shop", "monolith"),
            MeshText.Guest("payments", "monolith", "shop-monolith"),
            MeshText.Workload("payments", "v1", replicas),
            MeshText.Split("payments", ("monolith", 50), ("v1", 50)),
            MeshText.Workload("fixed", "v1", ports: $"{{name: http, port: 80, targetPort: {_port}}}"),
            MeshText.Workload("fragile", "v1").Replace(
                $"command: {MeshText.App}",
                $"command: sh, args: [-c, \"if [ -e broken ]; then exit 3; fi; exec {MeshText.App}\"]",
                StringComparison.Ordinal));
    }
}
