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

    public static Cluster OfService(
        string name, ResolvedService service, ResolvedPort port) => Speaking(port.Protocol, new()
    {
        Name = name,
        Type = Cluster.Types.DiscoveryType.Eds,
        EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = Encode.Ads(), ServiceName = name },
        ConnectTimeout = ConnectTimeout,
        Metadata = Encode.Metadata(
            ("service", Value.ForString(service.Name)), ("namespace", Value.ForString(service.Namespace))),
    });

    /// <summary>The application behind an inbound listener.</summary>
    public static Cluster OfApplication(string name, Address address, PortProtocol protocol) => Speaking(protocol, new()
    {
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
                    LbEndpoints = { new LbEndpoint { Endpoint = new Endpoint { Address = address } } },
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
        LoadAssignment = new ClusterLoadAssignment { ClusterName = Blackhole },
        Metadata = Encode.Metadata(("blackhole", Value.ForBool(true))),
    };

    /// <summary>Destinations outside the mesh.</summary>
    public static Cluster OfExternal() => new()
    {
        Name = External,
        Type = Cluster.Types.DiscoveryType.OriginalDst,
        LbPolicy = Cluster.Types.LbPolicy.ClusterProvided,
        ConnectTimeout = ConnectTimeout,
    };

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
