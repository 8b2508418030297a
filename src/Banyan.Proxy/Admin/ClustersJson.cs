using System.Text.Json;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Admin;

/// <summary>GET /clusters: every cluster in use, with its endpoints.</summary>
internal static class ClustersJson
{
    public static void Write(Utf8JsonWriter json, MeshSnapshot snapshot, Action<EndpointConfig, Utf8JsonWriter>? describe)
    {
        json.WriteStartObject();
        json.WriteStartArray("clusters"u8);
        foreach (var cluster in All(snapshot).OrderBy(static c => c.Name, StringComparer.Ordinal))
        {
            json.WriteStartObject();
            json.WriteString("name"u8, cluster.Name);
            json.WriteString("kind"u8, cluster.Kind switch
            {
                ClusterKind.Eds => "eds",
                ClusterKind.Static => "static",
                ClusterKind.External => "external",
                _ => "blackhole",
            });
            json.WriteNumber("connectTimeoutMs"u8, cluster.ConnectTimeout.TotalMilliseconds);
            json.WriteNumber("maxConnections"u8, cluster.MaxConnections);
            json.WriteNumber("maxPending"u8, cluster.MaxPending);
            json.WriteStartArray("endpoints"u8);
            foreach (var endpoint in cluster.Endpoints)
            {
                WriteEndpoint(json, endpoint, describe);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static HashSet<ClusterConfig> All(MeshSnapshot snapshot)
    {
        var clusters = new HashSet<ClusterConfig>();
        foreach (var target in snapshot.AllTargets)
        {
            clusters.UnionWith(target.Clusters);
        }

        return clusters;
    }

    private static void WriteEndpoint(
        Utf8JsonWriter json, EndpointConfig endpoint, Action<EndpointConfig, Utf8JsonWriter>? describe)
    {
        json.WriteStartObject();
        json.WriteString("address"u8, endpoint.Address.ToString());
        json.WriteBoolean("meshed"u8, endpoint.Meshed);
        json.WriteString("workload"u8, endpoint.Workload);
        json.WriteString("version"u8, endpoint.Version);
        json.WriteNumber("weight"u8, endpoint.Weight);
        json.WriteBoolean("draining"u8, endpoint.Draining);
        json.WriteNumber("slot"u8, endpoint.Slot);
        describe?.Invoke(endpoint, json);
        json.WriteEndObject();
    }
}
