using System.Globalization;

namespace Banyan.Cli.Checks;

/// <summary>The metrics of one sidecar, from the Prometheus text 0.0.4.</summary>
internal sealed class MetricsText
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, List<(Dictionary<string, string> Labels, double Value)>> _series =
        new(StringComparer.Ordinal);

    private MetricsText()
    {
    }

    /// <summary>Reads a text. Lines that are not understood are left out.</summary>
    public static MetricsText Parse(string text)
    {
        var metrics = new MetricsText();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("# TYPE ", StringComparison.Ordinal))
            {
                metrics.AddFamily(line[7..]);
            }
            else if (!line.IsEmpty && line[0] != '#')
            {
                metrics.AddSample(line);
            }
        }

        return metrics;
    }

    /// <summary>The sum of a metric's series that have all of these labels.</summary>
    /// <remarks>
    /// What was never counted is 0. What does not exist, a metric or a label, is a mistake of the check: a misspelt
    /// counter would be 0 for ever, and "equals 0" true.
    /// </remarks>
    public Reading Sum(string metric, IEnumerable<KeyValuePair<string, string>> labels)
    {
        if (!_names.Contains(metric))
        {
            return Reading.Failed("no such metric");
        }

        var series = _series.GetValueOrDefault(metric) ?? [];
        var wanted = labels.ToList();
        var unknown = wanted.Find(label => series.TrueForAll(entry => !entry.Labels.ContainsKey(label.Key))).Key;
        var fitting = series.Where(entry => wanted.TrueForAll(label => Has(entry.Labels, label)));
        return series.Count > 0 && unknown is not null
            ? Reading.Failed($"no series has a label {unknown}")
            : Reading.Of(fitting.Sum(entry => entry.Value));
    }

    private static bool Has(Dictionary<string, string> labels, KeyValuePair<string, string> wanted) =>
        labels.TryGetValue(wanted.Key, out var value) && value == wanted.Value;

    private void AddFamily(ReadOnlySpan<char> line)
    {
        var space = line.IndexOf(' ');
        var name = line[..Math.Max(space, 0)].ToString();
        _names.Add(name);
        if (line[(space + 1)..] is "histogram" or "summary")
        {
            _names.UnionWith([$"{name}_count", $"{name}_sum", $"{name}_bucket"]);
        }
    }

    private void AddSample(ReadOnlySpan<char> line)
    {
        var end = line.LastIndexOf(' ');
        var brace = line.IndexOf('{');
        if (end <= 0
            || !double.TryParse(line[(end + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            return;
        }

        var hasLabels = brace >= 0 && brace < end;
        var name = line[..(hasLabels ? brace : end)].ToString();
        if (!_series.TryGetValue(name, out var series))
        {
            _series.Add(name, series = []);
        }

        _names.Add(name);
        series.Add((hasLabels ? ReadLabels(line[(brace + 1)..end]) : [], value));
    }

    /// <summary>Reads <c>name="value",...}</c>; values escape backslash, quote and line feed.</summary>
    private static Dictionary<string, string> ReadLabels(ReadOnlySpan<char> text)
    {
        var labels = new Dictionary<string, string>(StringComparer.Ordinal);
        while (text.IndexOf("=\"", StringComparison.Ordinal) is > 0 and var equals)
        {
            var name = text[..equals].TrimStart(',').ToString();
            text = text[(equals + 2)..];
            var value = new System.Text.StringBuilder();
            var i = 0;
            for (; i < text.Length && text[i] != '"'; i++)
            {
                if (text[i] == '\\' && i + 1 < text.Length)
                {
                    i++;
                    value.Append(text[i] == 'n' ? '\n' : text[i]);
                }
                else
                {
                    value.Append(text[i]);
                }
            }

            labels[name] = value.ToString();
            text = text[Math.Min(i + 1, text.Length)..];
        }

        return labels;
    }
}
