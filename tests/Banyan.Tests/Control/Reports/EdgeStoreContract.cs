using Banyan.Control.Reports;
using Banyan.Tests.Proxy;
using Banyan.Xds;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static Banyan.Tests.Control.Reports.SomeReports;

namespace Banyan.Tests.Control.Reports;

/// <summary>What holds of the matrix wherever it is kept: reports count once each, survive restarts, and are forgotten in time.</summary>
public abstract class EdgeStoreContract
{
    private protected ManualTime Time { get; } = new();

    [Fact]
    public async Task WhatIsToldTwiceIsCountedOnce()
    {
        await using var store = Open();
        await AddAsync(store, Report(1, 5), Report(1, 5), Report(2, 3), Report(1, 5));
        await AddAsync(store, Report(2, 3));
        Assert.Equal(8, Count(store));

        // Another process, and another replica, count anew.
        await AddAsync(store, Report(1, 1, epoch: 8), Report(1, 1, node: "default/web/1"));
        Assert.Equal(10, Count(store));
        var (edge, sum) = Assert.Single(store.Read(Time.GetUtcNow()));
        Assert.Equal(("default/web", "payments"), (edge.Reporter, edge.Service));
        Assert.Equal((1_000, 2_000), (sum.FirstSeen, sum.LastSeen));
        Assert.InRange(sum.Percentile(0.5), 0.0099, 0.0101);
    }

    [Fact]
    public async Task WhatIsSecuredIsCountedApart()
    {
        await using var store = Open();
        var (plain, secured, other) = (Report(1, 5), Report(2, 3), Report(3, 2));
        secured.Edges[0].Mtls = true;
        secured.Edges[0].SourceIdentity = "spiffe://banyan.local/ns/default/sa/web";
        secured.Edges[0].DestinationIdentity = "spiffe://banyan.local/ns/default/sa/payments";
        other.Edges[0].Mtls = true;
        await AddAsync(store, plain, secured, other);
        await AddAsync(store, plain, secured, other);
        Assert.Equal(
            [
                ("", "", 0, 5L), ("", "", 1, 2L),
                ("spiffe://banyan.local/ns/default/sa/web", "spiffe://banyan.local/ns/default/sa/payments", 1, 3L),
            ],
            store.Read(Time.GetUtcNow())
                .Select(each => (each.Key.SourceIdentity, each.Key.DestinationIdentity, each.Key.Mtls, each.Value.Count))
                .Order());
    }

    [Fact]
    public async Task ARestartForgetsNothing()
    {
        await using (var store = Open())
        {
            await AddAsync(store, Report(1, 5));
        }

        await using var next = Open();
        await AddAsync(next, Report(1, 5), Report(2, 1));
        Assert.Equal(6, Count(next));
    }

    [Fact]
    public async Task HoursAreAddedUpAndForgottenAfterThirtyDays()
    {
        await using var store = Open();
        await AddAsync(store, Report(1, 5));
        Time.Advance(TimeSpan.FromHours(3));
        await AddAsync(store, Report(2, 1));
        Assert.Equal(1, Count(store));
        Assert.Equal(6, Count(store, TimeSpan.FromHours(3)));
        Time.Advance(TimeSpan.FromDays(30));
        await AddAsync(store, Report(3, 1));
        Assert.Equal(2, Count(store, TimeSpan.FromDays(31)));
    }

    private protected abstract EdgeDatabase OpenDatabase();

    private protected EdgeStore Open() => new(OpenDatabase(), NullLogger.Instance, Time);

    private protected static async Task AddAsync(EdgeStore store, params EdgeReport[] reports) =>
        await Task.WhenAll(reports.Select(report => store.AddAsync(report, TestContext.Current.CancellationToken)));

    private protected long Count(EdgeStore store, TimeSpan back = default) =>
        store.Read(Time.GetUtcNow() - back).Values.Sum(sum => sum.Count);
}
