using Banyan.Control.Reports;
using Banyan.Control.Store.Persistence;
using Banyan.Testing;
using Banyan.Tests.Control.Store;
using Xunit;
using static Banyan.Tests.Control.Reports.SomeReports;

namespace Banyan.Tests.Control.Reports;

/// <summary>The matrix that control planes share.</summary>
public sealed class PostgresEdgesTests(PostgresServer server) : EdgeStoreContract, IClassFixture<PostgresServer>, IAsyncLifetime
{
    private readonly string _name = PostgresServer.NewName();

    public async ValueTask InitializeAsync() => await server.CreateAsync(_name);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task WhatIsToldToTwoControlPlanesIsCountedOnce()
    {
        await using var one = Open();
        await using var two = Open();
        for (var sequence = 1UL; sequence <= 20; sequence++)
        {
            await Task.WhenAll(AddAsync(one, Report(sequence, 5)), AddAsync(two, Report(sequence, 5)));
        }

        Assert.Equal(100, Count(one));
        Assert.Equal(100, Count(two));
    }

    [Fact]
    public async Task WhatTwoCountAtATimeIsAddedUp()
    {
        await using var one = Open();
        await using var two = Open();
        await Task.WhenAll(Enumerable.Range(1, 20).SelectMany(sequence => new[]
        {
            AddAsync(one, Report((ulong)sequence, 5, node: $"default/web/{sequence}")),
            AddAsync(two, Report((ulong)sequence, 5, node: $"default/web/{sequence + 100}")),
        }));
        Assert.Equal(200, Count(one));
        Assert.Equal(20 * 10, Assert.Single(two.Read(Time.GetUtcNow())).Value.Count);
    }

    [Fact]
    public async Task WhileTheServerIsAwayReportsAreNotAcknowledged()
    {
        await using var store = Open();
        await AddAsync(store, Report(1, 5));
        await server.StopAsync();
        try
        {
            await Assert.ThrowsAsync<StoreFailedException>(() => AddAsync(store, Report(2, 3)));
            Assert.Throws<StoreFailedException>(() => store.Read(Time.GetUtcNow()));
        }
        finally
        {
            await server.RestartAsync();
        }

        await AddAsync(store, Report(2, 3));
        Assert.Equal(8, Count(store));
    }

    [Fact]
    public async Task WhileAControlPlaneLeadsReportsAreCounted()
    {
        var folder = new TempFolder("reports");
        await using var control = await TestControl.StartInAsync(folder, [], owned: folder, store: server.Address(_name));
        await control.ReadyAsync();
        await Eventually.GetAsync(
            () => server.QueryAsync(_name, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'"),
            held => held == "1",
            "the control plane leads");
        await using var store = Open();
        await AddAsync(store, Report(1, 5));
        Assert.Equal(5, Count(store));
        Assert.Equal("1", await server.QueryAsync(_name, "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory'"));
    }

    private protected override EdgeDatabase OpenDatabase() => PostgresEdges.Open(server.Address(_name));
}
