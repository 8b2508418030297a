using System.Buffers;
using System.Globalization;
using System.Text;

namespace Banyan.Proxy.Record.Render;

/// <summary>Which of the two text formats.</summary>
internal enum ExpositionFormat
{
    /// <summary>Prometheus text 0.0.4.</summary>
    Text,

    /// <summary>OpenMetrics 1.0.0.</summary>
    OpenMetrics,
}

/// <summary>Writes lines of the Prometheus text formats.</summary>
internal sealed class ExpositionWriter(IBufferWriter<byte> output, ExpositionFormat format)
{
    private const int LongestNumber = 32;

    public ExpositionFormat Format => format;

    /// <summary>The lines before the samples of a family. A counter's name comes without <c>_total</c>.</summary>
    public void Family(string name, string type, string help)
    {
        // In 0.0.4 the type belongs to the sample's name, in OpenMetrics to the family's.
        var family = type == "counter" && format == ExpositionFormat.Text ? name + "_total" : name;
        Raw("# HELP ").Raw(family).Raw(" ").Raw(Escape(help, quotes: false)).Raw("\n# TYPE ").Raw(family).Raw(" ").Raw(type).Raw("\n");
    }

    /// <summary>A family with one sample.</summary>
    public void Single(string name, string type, string help, double value, string labels = "")
    {
        Family(name, type, help);
        Sample(type == "counter" ? name + "_total" : name, labels, value);
    }

    /// <summary>One sample; labels come ready made, without braces.</summary>
    public void Sample(string name, string labels, double value)
    {
        Raw(name);
        if (labels.Length > 0)
        {
            Raw("{").Raw(labels).Raw("}");
        }

        Raw(" ").Number(value).Raw("\n");
    }

    /// <summary>One bucket of a histogram.</summary>
    public void Bucket(string name, string labels, string upperBound, long count)
    {
        Raw(name).Raw("_bucket{").Raw(labels).Raw(labels.Length > 0 ? ",le=\"" : "le=\"").Raw(upperBound).Raw("\"} ");
        Number(count).Raw("\n");
    }

    /// <summary>The end of the exposition.</summary>
    public void End()
    {
        if (format == ExpositionFormat.OpenMetrics)
        {
            Raw("# EOF\n");
        }
    }

    /// <summary>Backslash, line feed and quote as the formats want them.</summary>
    public static string Escape(string value, bool quotes = true)
    {
        if (value.AsSpan().IndexOfAny('\\', '\n', '"') < 0)
        {
            return value;
        }

        var escaped = value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return quotes ? escaped.Replace("\"", "\\\"", StringComparison.Ordinal) : escaped;
    }

    private ExpositionWriter Raw(string text)
    {
        var span = output.GetSpan(Encoding.UTF8.GetMaxByteCount(text.Length));
        output.Advance(Encoding.UTF8.GetBytes(text, span));
        return this;
    }

    private ExpositionWriter Number(double value)
    {
        var span = output.GetSpan(LongestNumber);
        int written;
        _ = value == Math.Floor(value) && Math.Abs(value) < 1e15
            ? ((long)value).TryFormat(span, out written, default, CultureInfo.InvariantCulture)
            : value.TryFormat(span, out written, default, CultureInfo.InvariantCulture);
        output.Advance(written);
        return this;
    }
}
