using System.Net;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Tests.Rules;
using Banyan.Wire.Http1;
using Xunit;

namespace Banyan.Tests.Proxy.Record;

public sealed class EdgeTests
{
    private readonly MetricsShards _metrics = new(2);

    [Fact]
    public void ACellIsFoundAgain()
    {
        var shard = _metrics.Shards[0];
        var target = Target("a");
        var cell = shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Get, 200));

        Assert.Same(cell, shard.Edge(EdgeKey.Client(Target("a"), 0, null, RequestMethod.Get, 200)));
        Assert.NotSame(cell, shard.Edge(EdgeKey.Client(target, -1, null, RequestMethod.Get, 200)));
        Assert.NotSame(cell, shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Post, 200)));
        Assert.NotSame(cell, shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Get, 503)));
        Assert.NotSame(cell, shard.Edge(EdgeKey.Client(target, 0, Endpoint("v1"), RequestMethod.Get, 200)));
        Assert.NotSame(cell, shard.Edge(EdgeKey.Client(Target("b"), 0, null, RequestMethod.Get, 200)));
        Assert.NotSame(cell, shard.Edge(EdgeKey.Server(Listener(target), 0, RequestMethod.Get, 200)));
        Assert.NotSame(cell, shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Get, 200, hop: HopPeer.Verified("spiffe://a/b"))));
    }

    [Fact]
    public void EndpointsOfOneWorkloadShareACell()
    {
        var (one, other) = (Endpoint("v1", 1), Endpoint("v1", 2));
        Assert.Same(
            _metrics.Shards[0].Edge(EdgeKey.Client(Target("a"), 0, one, RequestMethod.Get, 200)),
            _metrics.Shards[0].Edge(EdgeKey.Client(Target("a"), 0, other, RequestMethod.Get, 200)));
    }

    [Fact]
    public void ReactorsAreSummed()
    {
        var key = EdgeKey.Client(Target("summed"), 0, null, RequestMethod.Get, 200);
        _metrics.Shards[0].Edge(key).Record(100);
        _metrics.Shards[1].Edge(key).Record(300);
        _metrics.Shards[1].Edge(key).Record(5_000_000_000);

        var histogram = Assert.Single(EdgeTotals.Collect(_metrics)).Value;
        Assert.Equal((3, 5_000_000_400), (histogram.Count, histogram.SumMicros));
        Assert.Equal(
            [LogLinear.Index(100), LogLinear.Index(300), LogLinear.Index(LogLinear.MaxValue)],
            histogram.Buckets().Select(b => b.Index));
    }

    [Fact]
    public void LabelSetsBeyondTheLimitFoldAndNeverUnfold()
    {
        var target = Target("many");
        for (var status = 1; status <= EdgeCatalog.Limit; status++)
        {
            _metrics.Shards[status % 2].Edge(EdgeKey.Client(target, 0, null, RequestMethod.Get, status)).Record(1);
        }

        var folded = EdgeKey.Client(target, 0, null, RequestMethod.Post, 200);
        var other = _metrics.Shards[0].Edge(folded);
        other.Record(1);
        Assert.True(other.Key.IsOther);
        Assert.Same(other, _metrics.Shards[0].Edge(folded));

        // What the other reactor had admitted has a cell of its own here too; the other direction has its own limit.
        Assert.False(_metrics.Shards[0].Edge(EdgeKey.Client(target, 0, null, RequestMethod.Get, 1)).Key.IsOther);
        Assert.False(_metrics.Shards[0].Edge(EdgeKey.Server(Listener(target), 0, RequestMethod.Get, 200)).Key.IsOther);
        Assert.Equal(EdgeCatalog.Limit + 1, EdgeTotals.Collect(_metrics).Count);
    }

    /// <summary>However many label sets there are: plaintext is told from what was secured.</summary>
    [Fact]
    public void WhatFoldsHidesNoPlaintext()
    {
        var (shard, target) = (_metrics.Shards[0], Target("folds"));
        for (var status = 1; status <= EdgeCatalog.Limit; status++)
        {
            shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Get, status));
        }

        var secured = shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Put, 200, hop: HopPeer.Verified("spiffe://x/y")));
        var plain = shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Put, 200));
        Assert.Equal((true, true, "other"), (secured.Key.IsOther, secured.Key.Hop.IsSecured, secured.Key.Hop.Identity));
        Assert.Equal((true, false, ""), (plain.Key.IsOther, plain.Key.Hop.IsSecured, plain.Key.Hop.Identity));
        for (var workload = 0; workload <= LabelLimit<TcpKey>.Limit; workload++)
        {
            shard.Tcp.Of(new TcpKey(EdgeDirection.Server, 0, EdgeLabels.Workload($"fold{workload}", "")));
        }

        var tcp = shard.Tcp.Of(new TcpKey(EdgeDirection.Server, 0, EdgeLabels.Workload("one more", ""), HopPeer.Verified("spiffe://x/y")));
        Assert.Equal((true, true), (tcp.Key.IsOther, tcp.Key.Hop.IsSecured));
        Assert.False(shard.Tcp.Of(new TcpKey(EdgeDirection.Server, 0, EdgeLabels.Workload("one more", ""))).Key.Hop.IsSecured);
    }

    [Fact]
    public void NothingIsAllocatedForWhatWasSeen()
    {
        var hop = HopPeer.Verified("spiffe://banyan.local/ns/default/sa/web");
        var (target, endpoint, listener) = (Target("warm"), Endpoint("v1"), Listener(Target("warm")));
        var shard = _metrics.Shards[0];
        Allocations.AssertNone(() =>
        {
            for (var i = 0; i < 100; i++)
            {
                shard.Edge(EdgeKey.Client(target, 0, endpoint, RequestMethod.Get, 200 + (i % 5))).Record(i * 37);
                shard.Edge(EdgeKey.Server(listener, 0, RequestMethod.Post, 200, hop: hop)).Record(i);
                shard.Counters[(int)Counter.Retries]++;
            }
        });
    }

    [Fact]
    public void NothingIsAllocatedForWhatFolds()
    {
        var target = Target("full");
        var shard = _metrics.Shards[0];
        for (var status = 1; status <= EdgeCatalog.Limit; status++)
        {
            shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Get, status));
        }

        Allocations.AssertNone(() => shard.Edge(EdgeKey.Client(target, 0, null, RequestMethod.Put, 200)).Record(1));
    }

    [Fact]
    public void FoldingIsExactAtTheBoundsWithinABucket()
    {
        var histogram = new Histogram();
        var cell = new EdgeCell(EdgeKey.Other(EdgeDirection.Client));
        foreach (var micros in new long[] { 0, 63, 4_000, 5_000, 9_999, 20_000_000 })
        {
            cell.Record(micros);
        }

        cell.AddTo(histogram);
        var cumulative = new long[3];
        histogram.Fold([5_000, 10_000, 10_000_000], cumulative);
        Assert.InRange(cumulative[0], 3, 4);
        Assert.InRange(cumulative[1], 4, 5);
        Assert.Equal(5, cumulative[2]);
        Assert.Equal(6, histogram.Count);
    }

    [Fact]
    public void FoldingNeverFalls()
    {
        var cell = new EdgeCell(EdgeKey.Other(EdgeDirection.Client));
        var random = new Random(7);
        for (var i = 0; i < 10_000; i++)
        {
            cell.Record((long)Math.Exp(random.NextDouble() * 18));
        }

        var histogram = new Histogram();
        cell.AddTo(histogram);
        var cumulative = new long[14];
        histogram.Fold([5_000, 10_000, 25_000, 50_000, 75_000, 100_000, 250_000, 500_000, 750_000, 1_000_000, 2_500_000, 5_000_000, 7_500_000, 10_000_000], cumulative);
        Assert.Equal(cumulative.Order(), cumulative);
        Assert.True(cumulative[^1] <= histogram.Count);
    }

    internal static TargetConfig Target(string service, string route = "default") => new()
    {
        Name = $"{service}.default:80",
        Service = service,
        Namespace = "default",
        Port = 80,
        Routes = Tables.Compile(Tables.To(route, new Banyan.Xds.RouteMatch { Prefix = "/" })),
        Clusters = [],
        Http = HttpSettings.Default,
    };

    internal static EndpointConfig Endpoint(string version, int slot = 0) => new()
    {
        Slot = slot,
        Address = new IPEndPoint(IPAddress.Loopback, 80),
        Workload = "payments-" + version,
        Version = version,
    };

    internal static ListenerConfig Listener(TargetConfig target) => new()
    {
        Name = "inbound",
        Role = ListenerRole.Inbound,
        Address = new IPEndPoint(IPAddress.Loopback, 80),
        Target = target,
        Http = HttpSettings.Default,
        Workload = "payments-v1",
        Version = "v1",
    };
}
