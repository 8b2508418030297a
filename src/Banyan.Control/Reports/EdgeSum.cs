using Banyan.Rules;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Control.Reports;

/// <summary>What was counted under one <see cref="EdgeIdentity"/>.</summary>
internal sealed class EdgeSum
{
    private readonly SortedDictionary<int, long> _buckets = [];

    public long Count { get; private set; }

    public long SumMicros { get; private set; }

    public long BytesToDestination { get; private set; }

    public long BytesToSource { get; private set; }

    /// <summary>Milliseconds since 1970, by the proxies' clocks, as exact as their reports' periods.</summary>
    public long FirstSeen { get; private set; } = long.MaxValue;

    /// <inheritdoc cref="FirstSeen"/>
    public long LastSeen { get; private set; }

    public void Add(EdgeRecord edge, long from, long to)
    {
        Add((long)edge.Count, (long)edge.SumMicros, (long)edge.BytesToDestination, (long)edge.BytesToSource, from, to);
        Add(edge.BucketIndices, edge.BucketCounts);
    }

    public void Add(EdgeRow row)
    {
        Add(row.Count, row.SumMicros, row.BytesToDestination, row.BytesToSource, row.FirstSeen, row.LastSeen);
        var stored = Distribution.Parser.ParseFrom(row.Buckets);
        Add(stored.Indices, stored.Counts);
    }

    /// <summary>The distribution as it is stored.</summary>
    public byte[] Buckets()
    {
        var stored = new Distribution();
        stored.Indices.AddRange(_buckets.Keys.Select(index => (uint)index));
        stored.Counts.AddRange(_buckets.Values.Select(count => (ulong)count));
        return stored.ToByteArray();
    }

    /// <summary>In milliseconds; 0 when nothing was timed.</summary>
    public double Percentile(double quantile) => Math.Round(LogLinear.Quantile(_buckets, quantile) / 1000, 3);

    private void Add(long count, long micros, long toDestination, long toSource, long from, long to)
    {
        Count += count;
        SumMicros += micros;
        BytesToDestination += toDestination;
        BytesToSource += toSource;
        FirstSeen = Math.Min(FirstSeen, from);
        LastSeen = Math.Max(LastSeen, to);
    }

    private void Add(IReadOnlyList<uint> indices, IReadOnlyList<ulong> counts)
    {
        for (var i = 0; i < indices.Count; i++)
        {
            var index = (int)indices[i];
            _buckets[index] = _buckets.GetValueOrDefault(index) + (long)counts[i];
        }
    }
}
