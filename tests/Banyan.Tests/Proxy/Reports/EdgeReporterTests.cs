using Banyan.Proxy.Forward;
using Banyan.Proxy.Record;
using Banyan.Proxy.Reports;
using Banyan.Tests.Proxy.Record;
using Banyan.Wire.Http1;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Proxy.Reports;

/// <summary>What a proxy tells of its traffic: every exchange in exactly one report, whatever is lost on the way.</summary>
public sealed class EdgeReporterTests
{
    private readonly ManualTime _time = new();
    private readonly MetricsShards _metrics = new(2);
    private readonly EdgeReporter _reporter;

    public EdgeReporterTests() => _reporter = new EdgeReporter(_metrics, "default/web/0", _time);

    [Fact]
    public void NothingIsToldOfNothing()
    {
        Later();
        Assert.Null(_reporter.Next());
        Assert.False(_reporter.IsWaiting);
        Assert.Equal(EdgeReporter.Period, _reporter.Due);
    }

    [Fact]
    public void WhatIsNewIsToldWithItsTime()
    {
        var begin = _time.GetUtcNow();
        Exchange("payments", 200, 1_000, shard: 0);
        Exchange("payments", 200, 3_000, shard: 1);
        Exchange("payments", 503, 10, shard: 0);
        Assert.Null(_reporter.Next());
        Later();
        var report = _reporter.Next()!;
        Assert.Equal(("default/web/0", 1UL), (report.Node, report.Sequence));
        Assert.Equal((begin.ToUnixTimeMilliseconds(), _time.GetUtcNow().ToUnixTimeMilliseconds()), (report.FromUnixMs, report.ToUnixMs));
        var good = report.Edges.Single(edge => edge.Status == 200);
        Assert.Equal(
            (EdgeRecord.Types.Direction.Client, EdgeRecord.Types.Protocol.Http, "payments", "GET", 2UL, 4_000UL, 0U),
            (good.Direction, good.Protocol, good.Service, good.Method, good.Count, good.SumMicros, good.GrpcStatusPlusOne));
        Assert.Equal([1UL, 1UL], good.BucketCounts);
        Assert.Equal(1UL, report.Edges.Single(edge => edge.Status == 503).Count);
        Acknowledge(report);

        Exchange("payments", 200, 3_000);
        Later();
        var next = _reporter.Next()!;
        Assert.Equal((2UL, report.ToUnixMs, report.Epoch), (next.Sequence, next.FromUnixMs, next.Epoch));
        var edge = Assert.Single(next.Edges);
        Assert.Equal((1UL, 3_000UL), (edge.Count, edge.SumMicros));
        Assert.Equal([1UL], edge.BucketCounts);
    }

    [Fact]
    public void AReportThatIsNotAcknowledgedIsToldAgainAsItWas()
    {
        Exchange("payments", 200, 1_000);
        Later();
        var report = _reporter.Next()!.Clone();
        Exchange("payments", 200, 1_000);
        Later();
        Assert.Null(_reporter.Next());
        Assert.Null(_reporter.Due);

        _reporter.Lost();
        Later();
        Assert.Equal(report, _reporter.Next());
        _reporter.Acknowledge(new EdgeReportAck { Epoch = report.Epoch + 1, Sequence = 1 });
        Assert.True(_reporter.IsWaiting);
        Acknowledge(report);
        Assert.False(_reporter.IsWaiting);
        Later();
        Assert.Equal(2UL, _reporter.Next()!.Sequence);
    }

    [Fact]
    public void WhatWasLostOnTheWayIsNotHurried()
    {
        Exchange("payments", 200, 1_000);
        Later();
        Assert.NotNull(_reporter.Next());
        _reporter.Lost();
        Assert.Null(_reporter.Next());
        Assert.NotNull(_reporter.Next(atOnce: true));
    }

    [Fact]
    public void ManyLabelSetsAreToldInPortionsAndEachOnce()
    {
        const int All = EdgeReporter.MostEdges + 20;
        for (var i = 0; i < All; i++)
        {
            Exchange($"service-{i}", 200, 10);
        }

        Later();
        var first = _reporter.Next()!;
        Assert.Equal(EdgeReporter.MostEdges, first.Edges.Count);
        Acknowledge(first);
        Assert.Equal(TimeSpan.Zero, _reporter.Due);
        var second = _reporter.Next()!;
        Acknowledge(second);
        Assert.Equal(All, first.Edges.Concat(second.Edges).Select(edge => edge.Service).Distinct().Count());
        Assert.Equal(All, first.Edges.Count + second.Edges.Count);
        Assert.Equal(first.FromUnixMs, second.FromUnixMs);
        Later();
        Assert.Null(_reporter.Next());
    }

    [Fact]
    public void BusyLabelSetsDoNotKeepTheOthersFromTheirTurn()
    {
        const int All = (2 * EdgeReporter.MostEdges) + 20;
        var told = new Dictionary<string, ulong>(StringComparer.Ordinal);
        long made = 0;
        for (var report = 0; report < 6; report++)
        {
            for (var i = 0; i < All; i++)
            {
                Exchange($"service-{i}", 200, 10);
                made++;
            }

            if (report % 3 == 0)
            {
                Later();
            }

            Tell(_reporter.Next()!);
        }

        Assert.Equal(All, told.Count);
        Later();
        while (_reporter.Next() is { } report)
        {
            Tell(report);
        }

        Assert.Equal((ulong)made, told.Values.Aggregate((one, other) => one + other));
        Later();
        Assert.Null(_reporter.Next());

        void Tell(EdgeReport report)
        {
            foreach (var edge in report.Edges)
            {
                told[edge.Service] = told.GetValueOrDefault(edge.Service) + edge.Count;
            }

            Acknowledge(report);
        }
    }

    [Fact]
    public void ConnectionsAreToldWhenTheyBeginMoveAndEnd()
    {
        var cell = _metrics.Shards[0].Tcp.Of(new TcpKey(EdgeDirection.Client, EdgeTests.Target("redis").EdgeLabel, 0));
        cell.Opened();
        Later();
        var begun = Assert.Single(Told().Edges);
        Assert.Equal((EdgeRecord.Types.Protocol.Tcp, "redis", 1UL, 0), (begun.Protocol, begun.Service, begun.Count, begun.BucketCounts.Count));
        cell.Moved(toDestination: true, 100);
        cell.Moved(toDestination: false, 30);
        Later();
        var moved = Assert.Single(Told().Edges);
        Assert.Equal((0UL, 100UL, 30UL), (moved.Count, moved.BytesToDestination, moved.BytesToSource));
        cell.Closed(PumpEnd.Finished, 5_000);
        Later();
        var ended = Assert.Single(Told().Edges);
        Assert.Equal((0UL, 5_000UL, 0UL), (ended.Count, ended.SumMicros, ended.BytesToDestination));
        Assert.Equal([1UL], ended.BucketCounts);
    }

    [Fact]
    public void WhoWasAtTheOtherEndIsTold()
    {
        const string Own = "spiffe://banyan.local/ns/default/sa/web";
        const string Peer = "spiffe://banyan.local/ns/default/sa/pay";
        var reporter = new EdgeReporter(_metrics, "default/web/0", _time, () => Own);
        var (hop, target) = (HopPeer.Verified(Peer), EdgeTests.Target("pay"));
        var shard = _metrics.Shards[0];
        shard.Edge(EdgeKey.Client(target, 0, EdgeTests.Endpoint("v1"), RequestMethod.Get, 200, hop: hop)).Record(1);
        shard.Edge(EdgeKey.Client(target, 0, EdgeTests.Endpoint("v1"), RequestMethod.Get, 200)).Record(1);
        shard.Edge(EdgeKey.Server(EdgeTests.Listener(target), 0, RequestMethod.Get, 200, hop: hop)).Record(1);
        shard.Tcp.Of(new TcpKey(EdgeDirection.Server, target.EdgeLabel, 0, hop)).Opened();
        Later();
        Assert.Equal(
            [
                (EdgeRecord.Types.Direction.Client, EdgeRecord.Types.Protocol.Http, false, "", ""),
                (EdgeRecord.Types.Direction.Client, EdgeRecord.Types.Protocol.Http, true, Own, Peer),
                (EdgeRecord.Types.Direction.Server, EdgeRecord.Types.Protocol.Http, true, Peer, Own),
                (EdgeRecord.Types.Direction.Server, EdgeRecord.Types.Protocol.Tcp, true, Peer, Own),
            ],
            reporter.Next()!.Edges
                .Select(edge => (edge.Direction, edge.Protocol, edge.Mtls, edge.SourceIdentity, edge.DestinationIdentity))
                .OrderBy(edge => -(int)edge.Direction).ThenBy(edge => edge.Protocol).ThenBy(edge => edge.Mtls));
    }

    /// <summary>The control plane takes no longer texts, and a report that it refuses holds up all later ones.</summary>
    [Fact]
    public void AnIdentityThatIsTooLongIsOther()
    {
        Assert.Equal(400, HopPeer.Verified(new string('i', 400)).Identity.Length);
        Assert.Equal((true, "other"), (HopPeer.Verified(new string('i', 401)).IsSecured, HopPeer.Verified(new string('i', 401)).Identity));
    }

    private EdgeReport Told()
    {
        var report = _reporter.Next()!;
        Acknowledge(report);
        return report;
    }

    private void Acknowledge(EdgeReport report) =>
        _reporter.Acknowledge(new EdgeReportAck { Epoch = report.Epoch, Sequence = report.Sequence });

    private void Later() => _time.Advance(EdgeReporter.Period);

    private void Exchange(string service, int status, long micros, int shard = 0) => _metrics.Shards[shard]
        .Edge(EdgeKey.Client(EdgeTests.Target(service), 0, EdgeTests.Endpoint("v1"), RequestMethod.Get, status)).Record(micros);
}
