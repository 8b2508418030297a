using System.Numerics;

namespace Banyan.Rules;

/// <summary>Buckets of the sparse log-linear histograms that proxies record and report: 64 linear sub-buckets per power
/// of two of microseconds, so that a bucket's midpoint is within 0.8 % of every value in it.</summary>
public static class LogLinear
{
    /// <summary>Linear sub-buckets per power of two.</summary>
    public const int SubBuckets = 64;

    /// <summary>Values above are counted as this one (over 71 minutes).</summary>
    public const long MaxValue = uint.MaxValue;

    /// <summary>Groups of <see cref="SubBuckets"/> buckets: the values below 64, then one for each power of two.</summary>
    public const int Octaves = 27;

    private const int SubBits = 6;

    /// <summary>Bucket of a value; negative values count as 0.</summary>
    public static int Index(long value)
    {
        if (value < SubBuckets)
        {
            return value < 0 ? 0 : (int)value;
        }

        var clamped = (ulong)Math.Min(value, MaxValue);
        var exponent = BitOperations.Log2(clamped);
        return ((exponent - SubBits + 1) * SubBuckets) + (int)((clamped >> (exponent - SubBits)) & (SubBuckets - 1));
    }

    /// <summary>Smallest value of a bucket.</summary>
    public static long LowerBound(int index)
    {
        var octave = index / SubBuckets;
        var sub = index % SubBuckets;
        return octave == 0 ? sub : (long)(SubBuckets + sub) << (octave - 1);
    }

    /// <summary>Number of whole values that fall into a bucket.</summary>
    public static long Width(int index)
    {
        var octave = index / SubBuckets;
        return octave == 0 ? 1 : 1L << (octave - 1);
    }

    /// <summary>The value a bucket stands for.</summary>
    public static double Midpoint(int index) => LowerBound(index) + ((Width(index) - 1) / 2.0);

    /// <summary>The value that the part <paramref name="quantile"/> (0 to 1) of all values does not exceed, within a bucket; 0 when there are none.</summary>
    /// <param name="buckets">Index and count, ascending by index.</param>
    /// <param name="quantile">For example 0.99.</param>
    public static double Quantile(IReadOnlyCollection<KeyValuePair<int, long>> buckets, double quantile)
    {
        var total = buckets.Sum(bucket => bucket.Value);
        var rank = Math.Max(1, (long)Math.Ceiling(quantile * total));
        foreach (var (index, count) in buckets)
        {
            rank -= count;
            if (rank <= 0)
            {
                return Midpoint(index);
            }
        }

        return 0;
    }
}
