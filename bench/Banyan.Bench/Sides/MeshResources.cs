using System.Net;
using System.Security.Cryptography;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using static Banyan.Xds.HttpConnectionManager.Types;

namespace Banyan.Bench.Sides;

/// <summary>The resources a proxy under test is given, as a control plane would have sent them.</summary>
internal static class MeshResources
{
    private const string Target = "shop.default:80";
    private const string Node = "default/bench/0";
    private const string TypePrefix = "type.googleapis.com/";
    private const int ExactRoutes = 40, PrefixRoutes = 80;

    private static readonly string[] Areas =
        ["catalog", "orders", "payments", "stock", "users", "search", "reviews", "prices", "images", "mail"];

    /// <summary>What the peer does: every request to one endpoint.</summary>
    public static SavedResources Bare(IPEndPoint listen, int backend) =>
        Snapshot(listen, [Route("default", new RouteMatch { Prefix = "/" }, retry: false)], [backend]);

    /// <summary>What a mesh does: many routes, several endpoints, retries. The request of the test matches late.</summary>
    public static SavedResources Mesh(IPEndPoint listen, IEnumerable<int> backends) => Snapshot(listen, [.. MeshRoutes()], [.. backends]);

    /// <summary>A caller's sidecar whose endpoint is another sidecar.</summary>
    public static SavedResources Caller(IPEndPoint listen, int inbound) => Snapshot(listen, [.. MeshRoutes()], [inbound], meshed: true);

    /// <summary>The sidecar in front of an application.</summary>
    public static SavedResources Callee(IPEndPoint listen, int application) => Snapshot(
        listen, [Route("inbound", new RouteMatch { Prefix = "/" }, retry: false)], [application], meshed: false, TrafficDirection.Inbound);

    /// <summary>A caller's sidecar whose endpoint is another sidecar behind mutual TLS.</summary>
    /// <param name="listen">Where it listens.</param>
    /// <param name="inbound">The other's port.</param>
    /// <param name="peer">Who the other has to be.</param>
    public static SavedResources SecuredCaller(IPEndPoint listen, int inbound, string peer) =>
        Snapshot(listen, [.. MeshRoutes()], [inbound], meshed: true, peer: peer);

    /// <summary>The sidecar in front of an application that takes nothing but mutual TLS.</summary>
    public static SavedResources SecuredCallee(IPEndPoint listen, int application) => Snapshot(
        listen,
        [Route("inbound", new RouteMatch { Prefix = "/" }, retry: false)],
        [application],
        meshed: false,
        TrafficDirection.Inbound,
        isSecured: true);

    /// <summary>Connections to one destination, relayed unread.</summary>
    public static SavedResources Tcp(IPEndPoint listen, IEnumerable<int> backends)
    {
        var saved = new SavedResources { NodeId = Node };
        var proxy = new TcpProxy { StatPrefix = Target, Cluster = Target };
        Add(saved, $"upstream/{Target}", Listener(listen, new Filter { Name = "envoy.filters.network.tcp_proxy", TypedConfig = Pack(proxy) }));
        AddCluster(saved, [.. backends]);
        return saved;
    }

    /// <summary>In words, as the result states it.</summary>
    public static string Describe(SavedResources saved)
    {
        var routes = saved.Resources.Where(r => r.Resource_.Is(RouteConfiguration.Descriptor))
            .Sum(r => r.Resource_.Unpack<RouteConfiguration>().VirtualHosts.Sum(h => h.Routes.Count));
        var endpoints = saved.Resources.Where(r => r.Resource_.Is(ClusterLoadAssignment.Descriptor))
            .Sum(r => r.Resource_.Unpack<ClusterLoadAssignment>().Endpoints.Sum(e => e.LbEndpoints.Count));
        return $"{(routes > 0 ? $"{routes} routes" : "TCP")}, {endpoints} endpoint{(endpoints == 1 ? "" : "s")}, metrics on";
    }

    // In the order of precedence of the Gateway API: exact paths, then the longer prefix, then more conditions.
    private static IEnumerable<Route> MeshRoutes()
    {
        for (var i = 0; i < ExactRoutes; i++)
        {
            yield return Route($"default/pages/{i}", new RouteMatch { Path = $"/{Areas[i % Areas.Length]}/pages/{i}" });
        }

        for (var i = 0; i < PrefixRoutes; i++)
        {
            var match = new RouteMatch { PathSeparatedPrefix = $"/{Areas[i / 2 % Areas.Length]}/v{i / 2 / Areas.Length}/items" };
            if (i % 2 == 0)
            {
                match.Headers.Add(new HeaderMatcher { Name = "x-shop-canary", StringMatch = new StringMatcher { Exact = "yes" } });
            }

            yield return Route($"default/items/{i}", match);
        }

        yield return Route("default", new RouteMatch { Prefix = "/" });
    }

    private static Route Route(string name, RouteMatch match, bool retry = true)
    {
        var action = new RouteAction { Cluster = Target, Timeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(15)) };
        if (retry)
        {
            action.RetryPolicy = new RetryPolicy
            {
                RetryOn = "connect-failure,reset,retriable-status-codes",
                RetriableStatusCodes = { 502, 503, 504 },
                NumRetries = 2,
            };
        }

        return new Route { Name = name, Match = match, Route_ = action };
    }

    private static SavedResources Snapshot(
        IPEndPoint listen,
        IReadOnlyList<Route> routes,
        IReadOnlyList<int> backends,
        bool meshed = false,
        TrafficDirection direction = TrafficDirection.Outbound,
        string? peer = null,
        bool isSecured = false)
    {
        var saved = new SavedResources { NodeId = Node };
        var configuration = new RouteConfiguration
        {
            Name = Target,
            VirtualHosts = { new VirtualHost { Name = Target, Domains = { "*" }, Routes = { routes } } },
        };
        if (direction == TrafficDirection.Inbound)
        {
            var listener = Listener(listen, HttpFilter(configuration));
            listener.Name = $"inbound/{Target}";
            listener.TrafficDirection = direction;
            if (isSecured)
            {
                listener.FilterChains[0].TransportSocket = Tls(
                    new DownstreamTlsContext { CommonTlsContext = Common(), RequireClientCertificate = true });
            }

            Add(saved, listener.Name, listener);
        }
        else
        {
            Add(saved, $"upstream/{Target}", Listener(listen, HttpFilter()));
            Add(saved, Target, configuration);
        }

        AddCluster(saved, backends, meshed, peer);
        return saved;
    }

    private static void AddCluster(SavedResources saved, IReadOnlyList<int> backends, bool meshed = false, string? peer = null)
    {
        var assignment = new ClusterLoadAssignment { ClusterName = Target, Endpoints = { new LocalityLbEndpoints() } };
        for (var i = 0; i < backends.Count; i++)
        {
            assignment.Endpoints[0].LbEndpoints.Add(new LbEndpoint
            {
                Endpoint = new Endpoint { Address = Address(new IPEndPoint(IPAddress.Loopback, backends[i])) },
                HealthStatus = HealthStatus.Healthy,
                Metadata = Banyan(("workload", Value.ForString($"shop-v{i + 1}")), ("version", Value.ForString($"v{i + 1}")), ("meshed", Value.ForBool(meshed))),
            });
        }

        var cluster = new Cluster
        {
            Name = Target,
            Type = Cluster.Types.DiscoveryType.Eds,
            EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = Ads(), ServiceName = Target },
            ConnectTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)),
            Metadata = Banyan(("service", Value.ForString("shop")), ("namespace", Value.ForString("default"))),
        };
        if (peer is not null)
        {
            Secure(cluster, assignment, peer);
        }

        Add(saved, Target, cluster);
        Add(saved, Target, assignment);
    }

    private static void Secure(Cluster cluster, ClusterLoadAssignment assignment, string peer)
    {
        var mark = new Struct { Fields = { ["mtls"] = Value.ForBool(true) } };
        cluster.TransportSocketMatches.Add(new Cluster.Types.TransportSocketMatch
        {
            Name = "mtls", Match = mark, TransportSocket = Tls(new UpstreamTlsContext { CommonTlsContext = Common(peer) }),
        });
        foreach (var endpoint in assignment.Endpoints[0].LbEndpoints)
        {
            endpoint.Metadata.FilterMetadata.Add("envoy.transport_socket_match", mark);
        }
    }

    private static TransportSocket Tls(IMessage context) => new() { Name = "envoy.transport_sockets.tls", TypedConfig = Pack(context) };

    private static CommonTlsContext Common(params string[] peers) => new()
    {
        AlpnProtocols = { "banyan-h2", "banyan-http/1.1", "banyan-tcp" },
        CombinedValidationContext = new CommonTlsContext.Types.CombinedCertificateValidationContext
        {
            DefaultValidationContext = new CertificateValidationContext
            {
                MatchTypedSubjectAltNames =
                {
                    peers.Select(peer => new SubjectAltNameMatcher
                    {
                        SanType = SubjectAltNameMatcher.Types.SanType.Uri, Matcher = new StringMatcher { Exact = peer },
                    }),
                },
            },
            ValidationContextSdsSecretConfig = new SdsSecretConfig { Name = $"spiffe://{BenchIdentities.TrustDomain}", SdsConfig = Ads() },
        },
    };

    private static Filter HttpFilter(RouteConfiguration? inline = null)
    {
        var manager = new HttpConnectionManager
        {
            StatPrefix = Target,
            NormalizePath = true,
            MergeSlashes = true,
            PathWithEscapedSlashesAction = PathWithEscapedSlashesAction.RejectRequest,
            HttpFilters = { new HttpFilter { Name = "envoy.filters.http.router", TypedConfig = Pack(new Router()) } },
        };
        if (inline is null)
        {
            manager.Rds = new Rds { ConfigSource = Ads(), RouteConfigName = Target };
        }
        else
        {
            manager.RouteConfig = inline;
        }

        return new Filter { Name = "envoy.filters.network.http_connection_manager", TypedConfig = Pack(manager) };
    }

    private static Listener Listener(IPEndPoint listen, Filter filter) => new()
    {
        Name = $"upstream/{Target}",
        Address = Address(listen),
        TrafficDirection = TrafficDirection.Outbound,
        FilterChains = { new FilterChain { Filters = { filter } } },
        Metadata = Banyan(("service", Value.ForString("shop")), ("namespace", Value.ForString("default")), ("port", Value.ForNumber(80))),
    };

    private static ConfigSource Ads() => new() { Ads = new AggregatedConfigSource(), ResourceApiVersion = ApiVersion.V3 };

    private static Address Address(IPEndPoint at) =>
        new() { SocketAddress = new Xds.SocketAddress { Address = at.Address.ToString(), PortValue = (uint)at.Port } };

    private static Metadata Banyan(params (string Name, Value Value)[] fields)
    {
        var values = new Struct();
        foreach (var (name, value) in fields)
        {
            values.Fields[name] = value;
        }

        return new Metadata { FilterMetadata = { ["banyan.dev"] = values } };
    }

    private static void Add(SavedResources saved, string name, IMessage message)
    {
        var packed = Pack(message);
        var version = Convert.ToHexStringLower(SHA256.HashData(packed.Value.Span))[..16];
        saved.Resources.Add(new Resource { Name = name, Version = version, Resource_ = packed });
    }

    private static Any Pack(IMessage message) => Any.Pack(message, TypePrefix);
}
