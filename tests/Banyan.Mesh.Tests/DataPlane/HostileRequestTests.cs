using Banyan.Testing;
using Banyan.Testing.Hostile;
using Xunit;
using Cut = System.Func<string, System.Collections.Generic.IReadOnlyList<string>>;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Every malformed request of the table over sockets: refused, closed, and nothing of it, or behind it, delivered.</summary>
public sealed class HostileRequestTests(ITestOutputHelper output)
{
    /// <summary>Connections at a time: below the limits of a destination.</summary>
    private const int Batch = 500;

    private static readonly IReadOnlyList<HostileCase> BadHeads =
        [.. HostileCases.RefusedRequests.Where(row => row.Sees == BackendSees.Nothing)];

    private static readonly IReadOnlyList<HostileCase> BadBodies =
        [.. HostileCases.RefusedRequests.Where(row => row.Sees == BackendSees.UnfinishedBody)];

    [Fact]
    public Task ABadHeadInOnePieceIsRefused() => RefusedAsync(BadHeads.Select(row => (row, (Cut)Pieces.Whole)));

    [Fact]
    public Task ABadHeadByteByByteIsRefused() => RefusedAsync(BadHeads.Select(row => (row, (Cut)Pieces.Bytes)));

    [Fact]
    public Task ABadBodyInOnePieceIsRefused() => RefusedAsync(BadBodies.Select(row => (row, (Cut)Pieces.Whole)));

    [Fact]
    public Task ABadBodyByteByByteIsRefused() => RefusedAsync(BadBodies.Select(row => (row, (Cut)Pieces.Bytes)));

    [Fact]
    [Trait("Category", "Soak")]
    public async Task EveryRowSplitAtEveryByteIsRefused()
    {
        await RefusedAsync(BadHeads.SelectMany(row => Pieces.EverySplit(row.Text).Select(cut => (row, cut))));
        await RefusedAsync(BadBodies.SelectMany(row => Pieces.EverySplit(row.Text).Select(cut => (row, cut))));
    }

    private async Task RefusedAsync(IEnumerable<(HostileCase Row, Cut Cut)> said)
    {
        using var witness = new Witness();
        await using var mesh = await HostileMesh.StartAsync(witness.Address);
        var clients = said.Select((one, number) => new HostileClient(one.Row, one.Cut, number)).ToList();
        foreach (var batch in clients.Chunk(Batch))
        {
            await SayAsync(mesh, batch);
        }

        await Eventually.TrueAsync(() => witness.OpenConnections == 0, "the proxy drops its connections to the backend");
        output.WriteLine($"{clients.Count} refused; the backend saw {witness.Connections.Count} connections, {witness.Bytes} bytes");
        if (clients.TrueForAll(client => client.Sees == BackendSees.Nothing))
        {
            Assert.Empty(witness.Connections);
            return;
        }

        var seen = witness.Connections.Where(c => c.Text.Length > 0).ToDictionary(c => HostileClient.NumberOf(c.Text), c => c.Text);
        foreach (var client in clients)
        {
            client.ExpectAllowedPrefix(seen);
        }
    }

    private static async Task SayAsync(HostileMesh mesh, HostileClient[] clients)
    {
        try
        {
            foreach (var client in clients)
            {
                await client.ConnectAsync(mesh);
            }

            await mesh.AcceptedByProxyAsync();

            for (var round = 0; round < clients.Max(client => client.Rounds); round++)
            {
                foreach (var client in clients)
                {
                    await client.SendAsync(round);
                }

                await mesh.ReadByProxyAsync();
            }

            foreach (var client in clients)
            {
                await client.ExpectRefusalAsync();
            }
        }
        finally
        {
            foreach (var client in clients)
            {
                client.Dispose();
            }
        }
    }
}
