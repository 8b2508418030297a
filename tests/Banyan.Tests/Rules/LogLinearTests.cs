using Banyan.Rules;
using Xunit;

namespace Banyan.Tests.Rules;

public sealed class LogLinearTests
{
    [Theory]
    [InlineData(-5, 0)]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(63, 63)]
    [InlineData(64, 64)]
    [InlineData(127, 127)]
    [InlineData(128, 128)]
    [InlineData(129, 128)]
    [InlineData(130, 129)]
    [InlineData(255, 191)]
    [InlineData(256, 192)]
    [InlineData(1_000, 317)] // exp 9: 4 * 64 + (1000 >> 3 & 63) = 256 + 61
    [InlineData(long.MaxValue, (LogLinear.Octaves * LogLinear.SubBuckets) - 1)]
    [InlineData(LogLinear.MaxValue, (LogLinear.Octaves * LogLinear.SubBuckets) - 1)]
    public void Indexes(long micros, int index) => Assert.Equal(index, LogLinear.Index(micros));

    [Fact]
    public void IndexesGrowWithoutGaps()
    {
        var previous = -1;
        for (var index = 0; index < LogLinear.Octaves * LogLinear.SubBuckets; index++)
        {
            var low = LogLinear.LowerBound(index);
            Assert.Equal(index, LogLinear.Index(low));
            Assert.Equal(previous, low == 0 ? -1 : LogLinear.Index(low - 1));
            Assert.Equal(index, LogLinear.Index(low + LogLinear.Width(index) - 1));
            previous = index;
        }
    }

    [Fact]
    public void TheRelativeErrorIsBelowOnePercent()
    {
        // 10 us to 100 s in steps of about 0.01 %, so that every bucket is met at its edges and inside.
        for (var micros = 10L; micros <= 100_000_000; micros += Math.Max(1, micros / 10_000))
        {
            var error = Math.Abs(LogLinear.Midpoint(LogLinear.Index(micros)) - micros) / micros;
            Assert.True(error < 0.01, $"{micros} us: {error:P2}");
        }
    }

    [Fact]
    public void QuantilesOfSparseBuckets()
    {
        SortedDictionary<int, long> buckets = new() { [LogLinear.Index(90_000)] = 1, [LogLinear.Index(50)] = 90, [LogLinear.Index(1_000)] = 9 };
        Assert.Equal(50, LogLinear.Quantile(buckets, 0));
        Assert.Equal(50, LogLinear.Quantile(buckets, 0.5));
        Assert.Equal(50, LogLinear.Quantile(buckets, 0.9));
        Assert.InRange(LogLinear.Quantile(buckets, 0.95), 990, 1_010);
        Assert.InRange(LogLinear.Quantile(buckets, 0.99), 990, 1_010);
        Assert.InRange(LogLinear.Quantile(buckets, 0.999), 89_100, 90_900);
        Assert.InRange(LogLinear.Quantile(buckets, 1), 89_100, 90_900);
        Assert.Equal(0, LogLinear.Quantile(Array.Empty<KeyValuePair<int, long>>(), 0.5));
        Assert.Equal(0, LogLinear.Quantile(new SortedDictionary<int, long> { [5] = 0 }, 0.5));
    }

    [Fact]
    public void QuantilesAgreeWithSortedValues()
    {
        var random = new Random(5);
        var values = Enumerable.Range(0, 10_000).Select(_ => (long)Math.Exp(random.NextDouble() * 16) + 10).Order().ToArray();
        var buckets = new SortedDictionary<int, long>(values.GroupBy(LogLinear.Index).ToDictionary(group => group.Key, group => group.LongCount()));
        foreach (var quantile in (double[])[0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 0.999])
        {
            var exact = values[(int)Math.Ceiling(quantile * values.Length) - 1];
            Assert.InRange(LogLinear.Quantile(buckets, quantile) / exact, 0.99, 1.01);
        }
    }
}
