using Banyan.Rules;

namespace Banyan.Proxy.Record;

/// <summary>Count, sum and distribution of durations in one reactor.</summary>
/// <remarks>One writer (its reactor). Others read without a lock: every number is a whole word and only grows, so a reading is at worst
/// one exchange old in one number and not yet in another.</remarks>
public class DurationCounts
{
    // A chunk per power of two, made when its first value comes: most label sets live in three or four.
    private readonly long[]?[] _octaves = new long[]?[LogLinear.Octaves];
    private long _count;
    private long _sumMicros;

    internal long Count => Volatile.Read(ref _count);

    internal long SumMicros => Volatile.Read(ref _sumMicros);

    /// <summary>Counts one that took that many microseconds.</summary>
    public void Record(long micros)
    {
        var index = LogLinear.Index(micros);
        var octave = _octaves[index / LogLinear.SubBuckets] ?? AddOctave(index / LogLinear.SubBuckets);
        octave[index % LogLinear.SubBuckets]++;
        _sumMicros += Math.Max(0, micros);
        Volatile.Write(ref _count, _count + 1);
    }

    /// <summary>Adds what was recorded to a histogram.</summary>
    internal void AddTo(Histogram histogram)
    {
        histogram.SumMicros += SumMicros;
        for (var octave = 0; octave < _octaves.Length; octave++)
        {
            if (Volatile.Read(ref _octaves[octave]) is { } counts)
            {
                histogram.Add(octave, counts);
            }
        }
    }

    private long[] AddOctave(int octave)
    {
        var counts = new long[LogLinear.SubBuckets];
        Volatile.Write(ref _octaves[octave], counts);
        return counts;
    }
}
