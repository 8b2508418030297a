namespace Banyan.Bench.Measure;

/// <summary>A median with its 90 % confidence interval.</summary>
/// <remarks>
/// The interval comes from order statistics: the median lies between the d-th smallest and the d-th largest value with
/// a probability that only the binomial distribution decides, whatever the noise looks like. Between the two d that
/// enclose 90 % it is interpolated as Hettmansperger and Sheather (1986) do. With fewer than five values the
/// range of all of them is less than 90 % and is given as it is.
/// </remarks>
internal sealed record Interval(double Median, double Low, double High)
{
    private const double Confidence = 0.90;

    public static double MedianOf(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    public static Interval Of(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var n = sorted.Length;
        var median = MedianOf(sorted);
        var d = 0;
        while (d + 1 <= n / 2 && Coverage(n, d + 1) >= Confidence)
        {
            d++;
        }

        if (d == 0)
        {
            return new Interval(median, sorted[0], sorted[^1]);
        }

        if (d + 1 > n / 2)
        {
            return new Interval(median, sorted[d - 1], sorted[n - d]);
        }

        var wide = Coverage(n, d);
        var narrow = Coverage(n, d + 1);
        var part = (wide - Confidence) / (wide - narrow);
        var inner = (n - d) * part / (d + ((n - (2 * d)) * part));
        return new Interval(
            median,
            ((1 - inner) * sorted[d - 1]) + (inner * sorted[d]),
            ((1 - inner) * sorted[n - d]) + (inner * sorted[n - d - 1]));
    }

    /// <summary>Probability that the median lies between the d-th smallest and the d-th largest of n values.</summary>
    private static double Coverage(int n, int d)
    {
        var tail = 0.0;
        var probability = Math.Pow(0.5, n);
        for (var k = 0; k < d; k++)
        {
            tail += probability;
            probability *= (double)(n - k) / (k + 1);
        }

        return 1 - (2 * tail);
    }
}
