using System.Globalization;
using Banyan.Proxy.Options;

namespace Banyan.Proxy.Record.Render;

/// <summary>Request durations as histograms with OpenTelemetry's names, labels and default buckets.</summary>
internal static class EdgeMetrics
{
    private static readonly string[] BoundTexts =
        ["0.005", "0.01", "0.025", "0.05", "0.075", "0.1", "0.25", "0.5", "0.75", "1.0", "2.5", "5.0", "7.5", "10.0"];

    private static readonly long[] Bounds = HistogramLines.Micros(BoundTexts);

    public static void Write(ExpositionWriter writer, Dictionary<EdgeKey, Histogram> totals, NodeName? node, string identity = "")
    {
        WriteFamily(writer, totals, node, identity, EdgeDirection.Server, "http_server_request_duration_seconds", "Duration of requests served by the workload.");
        WriteFamily(writer, totals, node, identity, EdgeDirection.Client, "http_client_request_duration_seconds", "Duration of requests made by the workload.");
    }

    private static void WriteFamily(
        ExpositionWriter writer,
        Dictionary<EdgeKey, Histogram> totals,
        NodeName? node,
        string identity,
        EdgeDirection direction,
        string name,
        string help)
    {
        writer.Family(name, "histogram", help);
        foreach (var (key, histogram) in totals)
        {
            if (key.Direction == direction)
            {
                HistogramLines.Write(writer, name, Labels(key, node, identity), histogram, BoundTexts, Bounds);
            }
        }
    }

    private static string Labels(EdgeKey key, NodeName? node, string identity)
    {
        var isOther = key.IsOther;
        var status = key.Status == 0 ? "" : key.Status.ToString(CultureInfo.InvariantCulture);
        var labels = new LabelText()
            .Add("http_request_method", isOther ? LabelText.Other : MethodNames.Of(key.Method))
            .Add("http_response_status_code", isOther ? LabelText.Other : status);
        if (key.GrpcStatus >= 0)
        {
            labels.Add("rpc_grpc_status_code", key.GrpcStatus.ToString(CultureInfo.InvariantCulture));
        }

        return labels
            .Add("http_route", EdgeLabels.RouteOf(key.Route))
            .AddServer(key.Destination, isOther)
            .AddPeers(key.Direction, node, identity, key.Destination, key.Workload, key.Hop, isOther)
            .ToString();
    }
}
