using System.Globalization;
using System.Text;
using Banyan.Proxy.Options;

namespace Banyan.Proxy.Record.Render;

/// <summary>Request durations as histograms with OpenTelemetry's names, labels and default buckets.</summary>
internal static class EdgeMetrics
{
    private const long MicrosPerSecond = 1_000_000;
    private const string Other = "other";

    private static readonly string[] BoundTexts =
        ["0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0", "7.5", "10.0"];

    private static readonly long[] Bounds = Array.ConvertAll(
        BoundTexts, static text => (long)(double.Parse(text, CultureInfo.InvariantCulture) * MicrosPerSecond));

    public static void Write(ExpositionWriter writer, Dictionary<EdgeKey, Histogram> totals, NodeName? node)
    {
        WriteFamily(writer, totals, node, EdgeDirection.Server, "http_server_request_duration_seconds", "Duration of requests served by the workload.");
        WriteFamily(writer, totals, node, EdgeDirection.Client, "http_client_request_duration_seconds", "Duration of requests made by the workload.");
    }

    private static void WriteFamily(
        ExpositionWriter writer,
        Dictionary<EdgeKey, Histogram> totals,
        NodeName? node,
        EdgeDirection direction,
        string name,
        string help)
    {
        writer.Family(name, "histogram", help);
        Span<long> cumulative = stackalloc long[Bounds.Length];
        foreach (var (key, histogram) in totals)
        {
            if (key.Direction != direction)
            {
                continue;
            }

            var labels = Labels(key, node);
            histogram.Fold(Bounds, cumulative);
            for (var i = 0; i < Bounds.Length; i++)
            {
                writer.Bucket(name, labels, BoundTexts[i], cumulative[i]);
            }

            writer.Bucket(name, labels, "+Inf", histogram.Count);
            writer.Sample(name + "_sum", labels, histogram.SumMicros / (double)MicrosPerSecond);
            writer.Sample(name + "_count", labels, histogram.Count);
        }
    }

    private static string Labels(EdgeKey key, NodeName? node)
    {
        var text = new StringBuilder();
        var isOther = key.IsOther;
        var (service, space, port) = EdgeLabels.DestinationOf(key.Destination);
        var (workload, version) = EdgeLabels.WorkloadOf(key.Workload);
        var isClient = key.Direction == EdgeDirection.Client;
        Add(text, "http_request_method", isOther ? Other : MethodNames.Of(key.Method));
        Add(text, "http_response_status_code", isOther ? Other : key.Status == 0 ? "" : key.Status.ToString(CultureInfo.InvariantCulture));
        Add(text, "http_route", EdgeLabels.RouteOf(key.Route));
        Add(text, "server_address", isOther ? Other : space.Length == 0 ? service : $"{service}.{space}");
        Add(text, "server_port", isOther ? Other : port == 0 ? "" : port.ToString(CultureInfo.InvariantCulture));

        // The callee learns who calls once callers have identities.
        Add(text, "source_workload", isOther ? Other : isClient && node is not null ? node.Workload : "unknown");
        Add(text, "source_namespace", isOther ? Other : isClient && node is not null ? node.Namespace : "unknown");
        Add(text, "destination_service", service);
        Add(text, "destination_namespace", space);
        Add(text, "destination_workload", workload);
        Add(text, "destination_version", version);
        Add(text, "mtls", isOther ? Other : "false");
        return text.ToString();
    }

    // An empty label is the same as none.
    private static void Add(StringBuilder text, string name, string value)
    {
        if (value.Length > 0)
        {
            text.Append(text.Length > 0 ? "," : "").Append(name).Append("=\"").Append(ExpositionWriter.Escape(value)).Append('"');
        }
    }
}
