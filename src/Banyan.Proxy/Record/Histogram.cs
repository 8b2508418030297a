using Banyan.Rules;

namespace Banyan.Proxy.Record;

/// <summary>A summed-up distribution, for rendering.</summary>
internal sealed class Histogram
{
    private readonly long[]?[] _octaves = new long[]?[LogLinear.Octaves];

    /// <summary>Sum of all values.</summary>
    public long SumMicros { get; set; }

    /// <summary>Number of values: the sum of the buckets, so that count and buckets never disagree in one rendering.</summary>
    public long Count { get; private set; }

    /// <summary>Adds the counts of one power of two.</summary>
    public void Add(int octave, ReadOnlySpan<long> counts)
    {
        var mine = _octaves[octave] ??= new long[LogLinear.SubBuckets];
        for (var i = 0; i < counts.Length; i++)
        {
            mine[i] += counts[i];
            Count += counts[i];
        }
    }

    /// <summary>Buckets that hold something, in rising order.</summary>
    public IEnumerable<(int Index, long Count)> Buckets()
    {
        for (var octave = 0; octave < _octaves.Length; octave++)
        {
            if (_octaves[octave] is not { } counts)
            {
                continue;
            }

            for (var sub = 0; sub < counts.Length; sub++)
            {
                if (counts[sub] != 0)
                {
                    yield return ((octave * LogLinear.SubBuckets) + sub, counts[sub]);
                }
            }
        }
    }

    /// <summary>Folds into cumulative counts by upper bounds in microseconds; what lies above the last is only in <see cref="Count"/>.</summary>
    /// <remarks>A bucket that a bound cuts is divided in proportion: never more than 1.6 % of a bound off.</remarks>
    public void Fold(ReadOnlySpan<long> upperBounds, Span<long> cumulative)
    {
        cumulative.Clear();
        foreach (var (index, count) in Buckets())
        {
            var lower = LogLinear.LowerBound(index);
            var width = LogLinear.Width(index);
            for (var i = 0; i < upperBounds.Length; i++)
            {
                var covered = Math.Clamp(upperBounds[i] - lower + 1, 0, width);
                cumulative[i] += covered == width ? count : (long)(count * (covered / (double)width));
            }
        }
    }
}
