using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>Parts of a mesh are killed under load; the mesh heals, so the tests share one.</summary>
public sealed class FailureTests(FailureTests.Fixture fixture) : IClassFixture<FailureTests.Fixture>
{
    private UpMesh Mesh => fixture.Mesh;

    [Fact]
    public async Task TheControlPlaneMayDieAndComesBack()
    {
        await HealthyAsync();
        var old = await PidAsync("control");
        await using var load = Load.Start(Mesh.WayIn, "hello");
        await load.MoreAsync(100);

        Processes.Signal(old, Processes.Kill);

        var status = await Eventually.GetAsync(
            () => Mesh.JsonAsync("status"),
            status => Proxies(status).Count == 4 && Proxies(status).All(proxy => proxy.GetProperty("connected").GetBoolean()),
            "every proxy is connected again");
        Assert.NotEqual(old, Pid(status, "control"));
        Mesh.Write(Fixture.Text(("v2", 1)));
        await Eventually.TrueAsync(
            async () =>
            {
                var before = Count(load, "v1/");
                await load.MoreAsync(50);
                return Count(load, "v1/") == before;
            },
            "an edit takes effect on what came back");
        Mesh.Write(Fixture.Text(("v1", 1), ("v2", 1)));
        await load.EndAsync();
        Assert.Empty(load.Failures);
        Assert.True(load.Sent > 500, $"{load.Sent} requests");
    }

    [Fact]
    public async Task AnApplicationThatDiesCostsOnlyWhatItHadBegunToAnswer()
    {
        await HealthyAsync();
        await using var quick = Load.Start(Mesh.WayIn, "hello-v1", connections: 4);
        await using var slow = Load.Start(Mesh.WayIn, "hello-v1", connections: 4, path: "/slow/1000");
        await quick.MoreAsync(200);

        Processes.Signal(await PidAsync("hello-v1/0"), Processes.Kill);

        await Eventually.TrueAsync(async () => await StateAsync("hello-v1/0") == "ready" && await RestartsAsync("hello-v1/0") > 0, "a new one");
        await quick.MoreAsync(200);
        await quick.EndAsync();
        await slow.EndAsync();

        // On each of eight connections at most the one request that it had.
        Assert.InRange(quick.Failures.Count, 0, 4);
        Assert.InRange(slow.Failures.Count, 0, 4);
        Assert.True(quick.Answers.ContainsKey("v1/1"), "the other one goes on");
    }

    [Fact]
    public async Task ASidecarThatDiesServesFromItsSnapshotWhileTheControlPlaneIsAway()
    {
        await HealthyAsync();
        await using (var load = Load.Start(Mesh.WayIn, "hello"))
        {
            await load.MoreAsync(100);
        }

        await Eventually.TrueAsync(() => File.Exists(Mesh.Folder["s/proxies/default.client.0/snapshot.pb"]), "a snapshot");
        var (control, sidecar) = (await PidAsync("control"), await PidAsync("client/0 sidecar"));
        Processes.Signal(control, Processes.Stop);
        try
        {
            Processes.Signal(sidecar, Processes.Kill);
            await Eventually.TrueAsync(() => !Processes.IsAlive(sidecar), "its end");
            await Eventually.TrueAsync(
                async () =>
                {
                    using var connection = await RawConnection.ConnectAsync(Mesh.WayIn);
                    return (await connection.ExchangeAsync("GET / HTTP/1.1\r\nHost: hello\r\n\r\n")).Status == 200;
                },
                "the sidecar serves again");
            await using var load = Load.Start(Mesh.WayIn, "hello");
            await load.MoreAsync(200);
            await load.EndAsync();
            Assert.Empty(load.Failures);
            Assert.Equal(3, load.Answers.Count);
        }
        finally
        {
            Processes.Signal(control, Processes.Continue);
        }
    }

    private static List<JsonElement> Proxies(JsonElement status) =>
        [.. status.GetProperty("control").GetProperty("proxies").EnumerateArray()];

    private static int Count(Load load, string start) =>
        load.Answers.Where(answer => answer.Key.StartsWith(start, StringComparison.Ordinal)).Sum(answer => answer.Value);

    private static int Pid(JsonElement status, string name) => Named(status, name).GetProperty("pid").GetInt32();

    private static JsonElement Named(JsonElement status, string name) =>
        status.GetProperty("processes").EnumerateArray().Single(process => process.GetProperty("name").GetString() == name);

    private async Task<int> PidAsync(string name) => Pid(await Mesh.JsonAsync("status"), name);

    private async Task<string?> StateAsync(string name) => Named(await Mesh.JsonAsync("status"), name).GetProperty("state").GetString();

    private async Task<int> RestartsAsync(string name) => Named(await Mesh.JsonAsync("status"), name).GetProperty("restarts").GetInt32();

    /// <summary>What the test before broke is whole again.</summary>
    private Task HealthyAsync() => Eventually.GetAsync(
        () => Mesh.JsonAsync("status"),
        status => Proxies(status).Count == 4 && Proxies(status).All(proxy => proxy.GetProperty("synced").GetBoolean())
            && status.GetProperty("processes").EnumerateArray().All(process => process.GetProperty("state").GetString() == "ready"),
        "a healthy mesh");

    public sealed class Fixture : IAsyncLifetime
    {
        internal UpMesh Mesh { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => Mesh = await UpMesh.StartAsync(Text(("v1", 1), ("v2", 1)));

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Mesh?.DisposeAsync() ?? ValueTask.CompletedTask;

        internal static string Text(params IEnumerable<(string Version, int Weight)> shares) => MeshText.Of(
            MeshText.Client,
            MeshText.Workload("hello", "v1", replicas: 2),
            MeshText.Workload("hello", "v2"),
            MeshText.Split("hello", shares));
    }
}
