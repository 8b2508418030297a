using System.Net;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>One endpoint as the control plane described it.</summary>
internal readonly record struct EndpointInfo(
    IPEndPoint Address, bool Meshed, bool Mtls, string Workload, string Version, uint Weight, bool Draining, bool IsChecked, int HealthPort);

/// <summary>A ClusterLoadAssignment, checked.</summary>
internal sealed record EndpointsResource(EndpointInfo[] Endpoints)
{
    public static readonly EndpointsResource None = new([]);

    public static EndpointsResource? Read(string name, ByteString bytes, Problems problems)
    {
        var assignment = ClusterLoadAssignment.Parser.ParseFrom(bytes);
        problems.AddIf(assignment.ClusterName != name, "cluster_name", $"\"{assignment.ClusterName}\" is not the resource's name");
        return Read(assignment, "", problems);
    }

    /// <summary>Reads an assignment; <paramref name="at"/> is put before the names of fields.</summary>
    public static EndpointsResource Read(ClusterLoadAssignment assignment, string at, Problems problems)
    {
        var endpoints = new List<EndpointInfo>();
        var addresses = new HashSet<IPEndPoint>();
        for (var i = 0; i < assignment.Endpoints.Count; i++)
        {
            var group = assignment.Endpoints[i];
            problems.AddIf(group.Priority != 0, $"{at}endpoints[{i}].priority", "only 0 is supported");
            for (var j = 0; j < group.LbEndpoints.Count; j++)
            {
                ReadOne(group.LbEndpoints[j], $"{at}endpoints[{i}].lb_endpoints[{j}]", endpoints, addresses, problems);
            }
        }

        return endpoints.Count == 0 ? None : new EndpointsResource([.. endpoints]);
    }

    private static void ReadOne(
        LbEndpoint endpoint, string field, List<EndpointInfo> endpoints, HashSet<IPEndPoint> addresses, Problems problems)
    {
        if (endpoint.Endpoint is not { } host)
        {
            problems.Add($"{field}.endpoint", "missing");
            return;
        }

        if (AddressReader.Read(host.Address, $"{field}.endpoint.address", problems) is not { } address)
        {
            return;
        }

        if (!addresses.Add(address))
        {
            problems.Add($"{field}.endpoint.address", $"{address} is given twice");
            return;
        }

        var weight = endpoint.LoadBalancingWeight ?? 1;
        problems.AddIf(weight == 0, $"{field}.load_balancing_weight", "must be at least 1");

        // The same reading as Envoy's and gRPC's: unhealthy and timed-out endpoints get nothing.
        if (endpoint.HealthStatus is HealthStatus.Unhealthy or HealthStatus.Timeout)
        {
            return;
        }

        var health = host.HealthCheckConfig;
        problems.AddIf(
            health?.PortValue > 65535, $"{field}.endpoint.health_check_config.port_value", "must be from 0 to 65535");
        var metadata = new BanyanMetadata(endpoint.Metadata);
        endpoints.Add(new EndpointInfo(
            address,
            metadata.Flag("meshed"),
            new BanyanMetadata(endpoint.Metadata, BanyanMetadata.TransportSocketMatch).Flag("mtls"),
            metadata.Text("workload"),
            metadata.Text("version"),
            weight,
            endpoint.HealthStatus == HealthStatus.Draining,
            health is not { DisableActiveHealthCheck: true },
            (int)(health?.PortValue ?? 0)));
    }
}
