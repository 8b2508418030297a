using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>A Cluster, checked.</summary>
internal sealed record ClusterResource
{
    private const int DefaultLimit = 1024;

    // The longest time Envoy's own validation takes for connect_timeout is unbounded; an hour says "a unit was mistaken".
    private static readonly TimeSpan LongestConnect = TimeSpan.FromHours(1);

    public required string Name { get; init; }

    public required ClusterKind Kind { get; init; }

    /// <summary>Name of the endpoints; null unless <see cref="Kind"/> is <see cref="ClusterKind.Eds"/>.</summary>
    public string? EndpointsName { get; init; }

    public required TimeSpan ConnectTimeout { get; init; }

    /// <summary>What the endpoints speak.</summary>
    public UpstreamProtocol Protocol { get; init; }

    public HealthCheckConfig? Health { get; init; }

    /// <summary>SPIFFE IDs of the endpoints that terminate mTLS; empty when none does.</summary>
    public string[] Identities { get; init; } = [];

    public EndpointsResource StaticEndpoints { get; init; } = EndpointsResource.None;

    public int MaxConnections { get; init; } = DefaultLimit;

    public int MaxPending { get; init; } = DefaultLimit;

    public static ClusterResource? Read(string name, ByteString bytes, Problems problems)
    {
        var cluster = Cluster.Parser.ParseFrom(bytes);
        problems.AddIf(cluster.Name != name, "name", $"\"{cluster.Name}\" is not the resource's name");
        problems.AddIf(
            cluster.LbPolicy is not (Cluster.Types.LbPolicy.RoundRobin or Cluster.Types.LbPolicy.LeastRequest
                or Cluster.Types.LbPolicy.Random or Cluster.Types.LbPolicy.ClusterProvided),
            "lb_policy",
            $"{cluster.LbPolicy} is not supported");
        var kind = ReadKind(cluster, problems);
        var limits = cluster.CircuitBreakers?.Thresholds.FirstOrDefault(static t => t.Priority == 0);
        return new ClusterResource
        {
            Name = name,
            Kind = kind,
            EndpointsName = kind == ClusterKind.Eds ? EndpointsNameOf(cluster) : null,
            ConnectTimeout = Durations.Read(
                cluster.ConnectTimeout, TimeSpan.FromSeconds(1), TimeSpan.FromMilliseconds(1), LongestConnect, "connect_timeout", problems),
            Protocol = UpstreamProtocols.Read(cluster, problems),
            Health = HealthChecksReader.Read(cluster, problems),
            Identities = TransportSockets.ReadUpstream(cluster, problems),
            StaticEndpoints = kind == ClusterKind.Static
                ? EndpointsResource.Read(cluster.LoadAssignment ?? new ClusterLoadAssignment(), "load_assignment.", problems)
                : EndpointsResource.None,
            MaxConnections = Limit(limits?.MaxConnections),
            MaxPending = Limit(limits?.MaxPendingRequests),
        };
    }

    private static ClusterKind ReadKind(Cluster cluster, Problems problems)
    {
        switch (cluster.Type)
        {
            case Cluster.Types.DiscoveryType.Eds:
                problems.AddIf(
                    cluster.EdsClusterConfig?.EdsConfig is not { } source || !ConfigSources.IsThisStream(source),
                    "eds_cluster_config.eds_config",
                    "only ads is supported");
                return ClusterKind.Eds;
            case Cluster.Types.DiscoveryType.Static:
                return new BanyanMetadata(cluster.Metadata).Flag("blackhole") ? ClusterKind.Blackhole : ClusterKind.Static;
            case Cluster.Types.DiscoveryType.OriginalDst:
                return ClusterKind.External;
            default:
                problems.Add("type", $"{cluster.Type} is not supported, only EDS, STATIC and ORIGINAL_DST are");
                return ClusterKind.Blackhole;
        }
    }

    private static string EndpointsNameOf(Cluster cluster) =>
        cluster.EdsClusterConfig?.ServiceName is { Length: > 0 } service ? service : cluster.Name;

    private static int Limit(uint? value) => value is { } limit ? (int)Math.Min(limit, int.MaxValue) : DefaultLimit;
}
