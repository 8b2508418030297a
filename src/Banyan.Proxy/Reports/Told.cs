using Banyan.Proxy.Record;
using Banyan.Xds;

namespace Banyan.Proxy.Reports;

/// <summary>What was told so far of one label set: numbers only grow, so what is new is the difference.</summary>
internal sealed class Told
{
    private (int Index, long Count)[] _buckets = [];
    private long _count;
    private long _sumMicros;
    private long _toDestination;
    private long _toSource;

    /// <summary>The last round of reports that had its turn.</summary>
    public int Round { get; set; }

    /// <summary>Takes over a reading; what is new in it goes into <paramref name="record"/>. False when nothing is.</summary>
    public bool Advance(EdgeRecord record, long count, Histogram durations, long toDestination = 0, long toSource = 0)
    {
        record.Count = Difference(count, ref _count);
        record.BytesToDestination = Difference(toDestination, ref _toDestination);
        record.BytesToSource = Difference(toSource, ref _toSource);
        record.SumMicros = Difference(durations.SumMicros, ref _sumMicros);
        AddBuckets(record, durations);
        return record.Count > 0 || record.BucketIndices.Count > 0 || record.BytesToDestination > 0 || record.BytesToSource > 0;
    }

    private static ulong Difference(long now, ref long told)
    {
        var more = Math.Max(0, now - told);
        told += more;
        return (ulong)more;
    }

    private void AddBuckets(EdgeRecord record, Histogram durations)
    {
        var now = durations.Buckets().ToArray();
        var at = 0;
        foreach (var (index, count) in now)
        {
            // Both are in rising order, and a bucket that had something still has it.
            var before = 0L;
            if (at < _buckets.Length && _buckets[at].Index == index)
            {
                before = _buckets[at++].Count;
            }

            if (count > before)
            {
                record.BucketIndices.Add((uint)index);
                record.BucketCounts.Add((ulong)(count - before));
            }
        }

        _buckets = now;
    }
}
