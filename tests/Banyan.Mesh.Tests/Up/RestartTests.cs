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
    [InlineData("payments/v1", new[] { "default/payments-v1/0", "default/payments-v1/1" })]
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

    private static IEnumerable<(string Name, int Pid)> Applications(IEnumerable<System.Text.Json.JsonElement> processes) =>
        processes.Where(process => process.GetProperty("role").GetString() == "application")
            .Select(process => (process.GetProperty("name").GetString()!, process.GetProperty("pid").GetInt32()));

    public sealed class Fixture : IAsyncLifetime
    {
        internal UpMesh Mesh { get; private set; } = null!;

        /// <inheritdoc/>
        public async ValueTask InitializeAsync() => Mesh = await UpMesh.StartAsync(MeshText.Of(
            MeshText.Client,
            MeshText.Workload("shop", "monolith"),
            MeshText.Guest("payments", "monolith", "shop-monolith"),
            MeshText.Workload("payments", "v1", replicas: 2),
            MeshText.Split("payments", ("monolith", 50), ("v1", 50))));

        /// <inheritdoc/>
        public ValueTask DisposeAsync() => Mesh.DisposeAsync();
    }
}
