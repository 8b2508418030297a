using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Banyan.Bench.Report;

/// <summary>Rows as one JSON object, or as aligned text.</summary>
internal static class RowFormat
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Json(IReadOnlyList<Row> rows) => JsonSerializer.Serialize(new { rows }, Format) + "\n";

    public static string Table(IReadOnlyList<Row> rows)
    {
        var text = new StringBuilder();
        var paired = rows.Where(r => r.Metric is null).ToList();
        var single = rows.Where(r => r.Metric is not null && r.Peer is null).ToList();
        var beside = rows.Where(r => r.Metric is not null && r.Peer is not null).ToList();
        if (paired.Count > 0)
        {
            Aligned(
                text,
                ["row", "peer", "version", "conns", "body", "per", "rounds", "cpu us", "peer us", "ratio", "90 %", "bound", "", "a second", "peer"],
                paired.Select(r => new[]
                {
                    r.Name ?? "", r.Peer ?? "", r.PeerVersion ?? "", Shape(r), Show(r.BodyBytes), r.Per ?? "request", Show(r.Rounds), Show(r.CpuUs, "0.00"),
                    Show(r.PeerCpuUs, "0.00"), Show(r.Ratio, "0.000"), $"{Show(r.RatioLow, "0.000")}-{Show(r.RatioHigh, "0.000")}",
                    Show(r.Bound, "0.00"), Verdict(r), Show(r.Rate, "0"), Show(r.PeerRate, "0"),
                }));
        }

        if (beside.Count > 0)
        {
            Gap(text);
            Aligned(
                text,
                ["row", "peer", "metric", "value", "peer", "unit", "ratio", "90 %", "rounds", "req/s"],
                beside.Select(r => new[]
                {
                    r.Name ?? "", r.Peer ?? "", r.Metric ?? "", Show(r.Value, "0.#"), Show(r.PeerValue, "0.#"), r.Unit ?? "", Show(r.Ratio, "0.00"),
                    $"{Show(r.RatioLow, "0.00")}-{Show(r.RatioHigh, "0.00")}", Show(r.Rounds), Show(r.Rate, "0"),
                }));
        }

        if (single.Count > 0)
        {
            Gap(text);
            Aligned(
                text,
                ["row", "metric", "value", "unit", "bound", "", ""],
                single.Select(r => new[] { r.Name ?? "", r.Metric ?? "", Show(r.Value, "0.##"), r.Unit ?? "", Show(r.Bound, "0.##"), Verdict(r), r.Detail ?? "" }));
        }

        var resources = rows.Where(r => r.Resources is not null).Select(r => $"{r.Name}: {r.Resources}");
        var peers = paired.Where(r => r.Detail is not null).Select(r => $"{r.Peer}: {r.Detail}");
        foreach (var note in resources.Concat(peers).Distinct(StringComparer.Ordinal))
        {
            text.Append('\n').Append(note).Append('\n');
        }

        return text.ToString();
    }

    private static void Gap(StringBuilder text) => text.Append(text.Length > 0 ? "\n" : "");

    private static void Aligned(StringBuilder text, string[] head, IEnumerable<string[]> lines)
    {
        string[][] all = [head, .. lines];
        var widths = head.Select((_, column) => all.Max(line => line[column].Length)).ToArray();
        foreach (var line in all)
        {
            text.Append(string.Join("  ", line.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()).Append('\n');
        }
    }

    private static string Shape(Row row) => row.Streams is null ? Show(row.Connections) : $"{row.Connections} x {row.Streams}";

    private static string Verdict(Row row) => row.Noisy == true ? "noisy" : row.Ok switch { true => "ok", false => "MISSED", _ => "" };

    private static string Show(IFormattable? value, string? format = null) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
