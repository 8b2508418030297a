using System.Security.Cryptography;
using Banyan.Proxy.Record;
using Banyan.Proxy.Record.Render;
using Banyan.Xds;

namespace Banyan.Proxy.Reports;

/// <summary>Makes reports of what the metrics have counted since the one before. No I/O; used by one thread.</summary>
/// <remarks>
/// One report is under way at a time, and is the same each time it is told: who counts it knows it by its epoch and sequence.
/// Nothing piles up while nobody takes them: a report is the difference between two readings, whenever the second is made.
/// </remarks>
internal sealed class EdgeReporter(MetricsShards metrics, string node, TimeProvider time, Func<string>? identity = null)
{
    /// <summary>Most label sets in a report; the next one has the rest.</summary>
    public const int MostEdges = 500;

    /// <summary>Time between two reports, and before one is told again.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromSeconds(5);

    private readonly ulong _epoch = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong)));
    private readonly Dictionary<EdgeKey, Told> _exchanges = [];
    private readonly Dictionary<TcpKey, Told> _connections = [];
    private DateTimeOffset _from = time.GetUtcNow();
    private long _lastAt = time.GetTimestamp();
    private ulong _sequence;
    private EdgeReport? _underWay;
    private DateTimeOffset _roundBegan;
    private int _round;
    private bool _isTold;
    private bool _hasMore;

    /// <summary>A report was made that is not acknowledged yet.</summary>
    public bool IsWaiting => _underWay is not null;

    /// <summary>Time until <see cref="Next"/> may have something; null while an acknowledgement is awaited.</summary>
    public TimeSpan? Due => _isTold ? null : _hasMore && _underWay is null ? TimeSpan.Zero : Period - time.GetElapsedTime(_lastAt);

    /// <summary>The report to send now: a new one, or one that was lost on its way; null when there is none.</summary>
    /// <param name="atOnce">Does not wait for the end of the period: it is the last occasion.</param>
    public EdgeReport? Next(bool atOnce = false)
    {
        if (_isTold || (!atOnce && Due > TimeSpan.Zero))
        {
            return null;
        }

        _lastAt = time.GetTimestamp();
        _underWay ??= Make();
        _isTold = _underWay is not null;
        return _underWay;
    }

    /// <summary>The control plane counted what it was told.</summary>
    public void Acknowledge(EdgeReportAck ack)
    {
        if (_underWay is not null && ack.Epoch == _epoch && ack.Sequence >= _underWay.Sequence)
        {
            _underWay = null;
            _isTold = false;
        }
    }

    /// <summary>The way to the control plane is gone: what was told may not have arrived.</summary>
    public void Lost() => _isTold = false;

    private EdgeReport? Make()
    {
        if (!_hasMore)
        {
            // Each label set once a round, however busy: or the first ones would take every place.
            _round++;
            _roundBegan = time.GetUtcNow();
        }

        var report = new EdgeReport { Node = node, Epoch = _epoch };
        AddExchanges(report);
        AddConnections(report);
        _hasMore = report.Edges.Count == MostEdges;
        if (report.Edges.Count == 0)
        {
            // What comes next came after this moment, or after its place in the round.
            _from = _roundBegan;
            return null;
        }

        report.Sequence = ++_sequence;
        report.FromUnixMs = _from.ToUnixTimeMilliseconds();
        var now = time.GetUtcNow();
        report.ToUnixMs = Math.Max(report.FromUnixMs, now.ToUnixTimeMilliseconds());
        _from = _hasMore ? _from : _roundBegan;
        return report;
    }

    private void AddExchanges(EdgeReport report)
    {
        foreach (var (key, durations) in EdgeTotals.Collect(metrics))
        {
            var told = ToldOf(_exchanges, key);
            if (told.Round == _round)
            {
                continue;
            }

            if (report.Edges.Count == MostEdges)
            {
                return;
            }

            told.Round = _round;
            var record = new EdgeRecord
            {
                Direction = Direction(key.Direction),
                Protocol = key.GrpcStatus >= 0 ? EdgeRecord.Types.Protocol.Grpc : EdgeRecord.Types.Protocol.Http,
                Route = EdgeLabels.RouteOf(key.Route),
                Method = key.IsOther ? LabelText.Other : MethodNames.Of(key.Method),
                Status = (uint)key.Status,
                GrpcStatusPlusOne = (uint)(key.GrpcStatus + 1),
            };
            Describe(record, key.Direction, key.Destination, key.Workload, key.Hop);
            if (told.Advance(record, durations.Count, durations))
            {
                report.Edges.Add(record);
            }
        }
    }

    private void AddConnections(EdgeReport report)
    {
        foreach (var (key, totals) in TcpTotals.Collect(metrics))
        {
            var told = ToldOf(_connections, key);
            if (told.Round == _round)
            {
                continue;
            }

            if (report.Edges.Count == MostEdges)
            {
                return;
            }

            told.Round = _round;
            var record = new EdgeRecord { Direction = Direction(key.Direction), Protocol = EdgeRecord.Types.Protocol.Tcp };
            Describe(record, key.Direction, key.Destination, key.Workload, key.Hop);
            if (told.Advance(record, totals.Opened, totals.Durations, totals.ToDestination, totals.ToSource))
            {
                report.Edges.Add(record);
            }
        }
    }

    private static EdgeRecord.Types.Direction Direction(EdgeDirection direction) =>
        direction == EdgeDirection.Client ? EdgeRecord.Types.Direction.Client : EdgeRecord.Types.Direction.Server;

    private void Describe(EdgeRecord record, EdgeDirection direction, int destination, int workload, HopPeer hop)
    {
        record.Mtls = hop.IsSecured;
        (record.SourceIdentity, record.DestinationIdentity) = LabelText.Identities(direction, identity?.Invoke() ?? "", hop);
        (record.Service, record.Namespace, var port) = EdgeLabels.DestinationOf(destination);
        (record.Workload, record.Version) = EdgeLabels.WorkloadOf(workload);
        record.Port = (uint)port;
    }

    private static Told ToldOf<TKey>(Dictionary<TKey, Told> all, TKey key)
        where TKey : notnull
    {
        if (!all.TryGetValue(key, out var told))
        {
            all.Add(key, told = new Told());
        }

        return told;
    }
}
