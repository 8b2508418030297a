using Banyan.Xds;

namespace Banyan.Model;

/// <summary>
/// What gRPC's own libraries take: API listeners, clusters with discovered endpoints, and of endpoints those that may
/// get requests (gRFC A27). All that they would not read is left out, so that a change of it is none for them.
/// </summary>
internal static class GrpcFlavour
{
    /// <summary>A listener that bears the target's name. Those of a sidecar are none of a library's.</summary>
    public static Listener? Of(Listener source)
    {
        if (source.ApiListener is not { } api)
        {
            return null;
        }

        var manager = api.ApiListener_.Unpack<HttpConnectionManager>();
        return new Listener
        {
            Name = source.Name,
            ApiListener = new ApiListener
            {
                ApiListener_ = Encode.Any(new HttpConnectionManager
                {
                    StatPrefix = manager.StatPrefix, Rds = manager.Rds, HttpFilters = { manager.HttpFilters },
                }),
            },
        };
    }

    /// <summary>
    /// A cluster of a service, or the one that takes what goes nowhere; no others are behind a target. Libraries know
    /// no static ones.
    /// </summary>
    public static Cluster? Of(Cluster source) =>
        source.Type == Cluster.Types.DiscoveryType.Eds || source.Name == ClusterTranslator.Blackhole
            ? new Cluster
            {
                Name = source.Name,
                Type = Cluster.Types.DiscoveryType.Eds,
                EdsClusterConfig = new Cluster.Types.EdsClusterConfig
                {
                    EdsConfig = Encode.Ads(), ServiceName = source.Name,
                },
                CircuitBreakers = source.CircuitBreakers,
            }
            : null;

    /// <summary>The endpoints that take new requests, each once: an address that comes twice is refused.</summary>
    public static ClusterLoadAssignment Of(ClusterLoadAssignment source)
    {
        var assignment = new ClusterLoadAssignment { ClusterName = source.ClusterName };
        var seen = new HashSet<Address>();
        foreach (var locality in source.Endpoints)
        {
            var kept = locality.LbEndpoints
                .Where(each => TakesRequests(each) && seen.Add(each.Endpoint.Address)).ToList();
            if (kept.Count == 0)
            {
                continue;
            }

            // A locality's weight stands for its endpoints: what is left has its part of it.
            var weight = (ulong)locality.LoadBalancingWeight.GetValueOrDefault() * (uint)kept.Count
                / (uint)locality.LbEndpoints.Count;
            assignment.Endpoints.Add(new LocalityLbEndpoints
            {
                Locality = locality.Locality,
                LoadBalancingWeight = Math.Max(1, (uint)weight),
                Priority = locality.Priority,
                LbEndpoints = { kept.Select(Bare) },
            });
        }

        return assignment;
    }

    private static bool TakesRequests(LbEndpoint endpoint) =>
        endpoint.HealthStatus is HealthStatus.Healthy or HealthStatus.Unknown;

    private static LbEndpoint Bare(LbEndpoint endpoint) => new()
    {
        Endpoint = new Endpoint { Address = endpoint.Endpoint.Address },
        HealthStatus = endpoint.HealthStatus,
        LoadBalancingWeight = endpoint.LoadBalancingWeight,
    };
}
