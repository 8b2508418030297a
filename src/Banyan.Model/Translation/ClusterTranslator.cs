using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>Services to clusters, and the few clusters that do not come from services.</summary>
internal static class ClusterTranslator
{
    public const string Blackhole = "blackhole";

    public const string External = "external";

    private const string HttpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private static readonly Duration ConnectTimeout = new() { Seconds = 1 };

    /// <param name="name">Its name.</param>
    /// <param name="service">Whose it is.</param>
    /// <param name="port">The port.</param>
    /// <param name="health">How endpoints without a sidecar are probed by their callers; null when they are not.</param>
    /// <param name="peers">Who its endpoints are; null while none of them takes mutual TLS.</param>
    public static Cluster OfService(
        string name, ResolvedService service, ResolvedPort port, HealthPlan? health, PeerPlan? peers) =>
        Speaking(port.Protocol, new()
    {
        TransportSocketMatches = { peers is null ? [] : TransportTranslator.Upstream(peers) },
        HealthChecks = { Checks(health) },
        Name = name,
        Type = Cluster.Types.DiscoveryType.Eds,
        EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = Encode.Ads(), ServiceName = name },
        ConnectTimeout = ConnectTimeout,
        Metadata = Encode.Metadata(
            ("service", Value.ForString(service.Name)), ("namespace", Value.ForString(service.Namespace))),
    });

    /// <summary>The application behind an inbound listener.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="address">Where it listens.</param>
    /// <param name="protocol">What it speaks.</param>
    /// <param name="health">How its own sidecar probes it; null when it does not.</param>
    /// <param name="healthPort">Port that is probed; 0 = that of the address.</param>
    public static Cluster OfApplication(
        string name, Address address, PortProtocol protocol, HealthPlan? health, int healthPort) => Speaking(protocol, new()
    {
        HealthChecks = { Checks(health) },
        Name = name,
        Type = Cluster.Types.DiscoveryType.Static,
        ConnectTimeout = ConnectTimeout,
        LoadAssignment = new ClusterLoadAssignment
        {
            ClusterName = name,
            Endpoints =
            {
                new LocalityLbEndpoints
                {
                    Locality = new Locality(),
                    LoadBalancingWeight = 1,
                    LbEndpoints = { new LbEndpoint { Endpoint = Probed(address, healthPort) } },
                },
            },
        },
    });

    /// <summary>Where the share of invalid backends goes: answered with 500.</summary>
    public static Cluster OfBlackhole() => new()
    {
        Name = Blackhole,
        Type = Cluster.Types.DiscoveryType.Static,
        ConnectTimeout = ConnectTimeout,
        LoadAssignment = NoEndpoints(),
        Metadata = Encode.Metadata(("blackhole", Value.ForBool(true))),
    };

    /// <summary>The same nothing, for those who know only endpoints that are discovered.</summary>
    public static ClusterLoadAssignment NoEndpoints() => new() { ClusterName = Blackhole };

    /// <summary>Destinations outside the mesh.</summary>
    public static Cluster OfExternal() => new()
    {
        Name = External,
        Type = Cluster.Types.DiscoveryType.OriginalDst,
        LbPolicy = Cluster.Types.LbPolicy.ClusterProvided,
        ConnectTimeout = ConnectTimeout,
    };

    /// <summary>An endpoint that is probed at another port than its own, unless that is 0 or the same.</summary>
    public static Endpoint Probed(Address address, int port) => new()
    {
        Address = address,
        HealthCheckConfig = port == 0 || port == (int)address.SocketAddress.PortValue
            ? null
            : new Endpoint.Types.HealthCheckConfig { PortValue = (uint)port },
    };

    private static IEnumerable<HealthCheck> Checks(HealthPlan? health) =>
        health is null ? [] : [HealthTranslator.Translate(health)];

    /// <summary>Says which HTTP the endpoints speak; of ports that do not declare it, the client's.</summary>
    private static Cluster Speaking(PortProtocol protocol, Cluster cluster)
    {
        var options = protocol switch
        {
            PortProtocol.Http =>
                new HttpProtocolOptions.Types.ExplicitHttpConfig { HttpProtocolOptions = new Http1ProtocolOptions() },
            PortProtocol.Http2 or PortProtocol.Grpc =>
                new HttpProtocolOptions.Types.ExplicitHttpConfig { Http2ProtocolOptions = new Http2ProtocolOptions() },
            _ => null,
        };
        if (options is not null)
        {
            cluster.TypedExtensionProtocolOptions.Add(
                HttpOptions, Encode.Any(new HttpProtocolOptions { ExplicitHttpConfig = options }));
        }

        return cluster;
    }
}
