using System.Globalization;

namespace Banyan.Proxy.Record.Render;

/// <summary>The lines of one histogram.</summary>
internal static class HistogramLines
{
    private const long MicrosPerSecond = 1_000_000;

    /// <summary>Bounds in seconds as microseconds.</summary>
    public static long[] Micros(string[] bounds) =>
        Array.ConvertAll(bounds, static text => (long)(double.Parse(text, CultureInfo.InvariantCulture) * MicrosPerSecond));

    /// <summary>Buckets, sum in seconds and count.</summary>
    public static void Write(
        ExpositionWriter writer, string name, string labels, Histogram histogram, string[] boundTexts, ReadOnlySpan<long> bounds)
    {
        Span<long> cumulative = stackalloc long[bounds.Length];
        histogram.Fold(bounds, cumulative);
        for (var i = 0; i < bounds.Length; i++)
        {
            writer.Bucket(name, labels, boundTexts[i], cumulative[i]);
        }

        writer.Bucket(name, labels, "+Inf", histogram.Count);
        writer.Sample(name + "_sum", labels, histogram.SumMicros / (double)MicrosPerSecond);
        writer.Sample(name + "_count", labels, histogram.Count);
    }
}
