using System.Text.Json;

namespace Banyan.Proxy.Record.Render;

/// <summary>GET /edges: the label sets with their whole distributions.</summary>
internal static class EdgesJson
{
    public static void Write(Utf8JsonWriter json, Dictionary<EdgeKey, Histogram> totals, string node, string identity)
    {
        json.WriteStartObject();
        json.WriteString("node"u8, node);
        json.WriteString("identity"u8, identity);
        json.WriteStartArray("edges"u8);
        foreach (var (key, histogram) in totals)
        {
            WriteEdge(json, key, histogram);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteEdge(Utf8JsonWriter json, EdgeKey key, Histogram histogram)
    {
        var (service, space, port) = EdgeLabels.DestinationOf(key.Destination);
        var (workload, version) = EdgeLabels.WorkloadOf(key.Workload);
        json.WriteStartObject();
        json.WriteString("direction"u8, key.Direction == EdgeDirection.Client ? "client" : "server");
        json.WriteString("service"u8, service);
        json.WriteString("namespace"u8, space);
        json.WriteNumber("port"u8, port);
        json.WriteString("version"u8, version);
        json.WriteString("workload"u8, workload);
        json.WriteString("route"u8, EdgeLabels.RouteOf(key.Route));
        json.WriteString("method"u8, key.IsOther ? "other" : MethodNames.Of(key.Method));
        json.WriteNumber("status"u8, key.Status);
        if (key.GrpcStatus >= 0)
        {
            json.WriteNumber("grpcStatus"u8, key.GrpcStatus);
        }

        json.WriteBoolean("mtls"u8, key.Hop.IsSecured);
        json.WriteString("peerIdentity"u8, key.Hop.Identity);
        json.WriteNumber("count"u8, histogram.Count);
        json.WriteNumber("sumMicros"u8, histogram.SumMicros);
        json.WriteStartArray("buckets"u8);
        foreach (var (index, count) in histogram.Buckets())
        {
            json.WriteStartArray();
            json.WriteNumberValue(index);
            json.WriteNumberValue(count);
            json.WriteEndArray();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
