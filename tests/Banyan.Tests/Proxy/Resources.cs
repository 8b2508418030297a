using System.Net;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Tests.Proxy;

/// <summary>Short ways to write xDS resources.</summary>
internal static class Resources
{
    public const string ListenerUrl = "type.googleapis.com/envoy.config.listener.v3.Listener";
    public const string RouteUrl = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
    public const string ClusterUrl = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
    public const string EndpointsUrl = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";

    private const string ManagerUrl =
        "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

    public static ConfigSource Ads { get; } = new() { Ads = new AggregatedConfigSource() };

    public static HttpConnectionManager Manager(string routes) => new()
    {
        Rds = new Rds { ConfigSource = Ads, RouteConfigName = routes },
        NormalizePath = true,
        MergeSlashes = true,
        PathWithEscapedSlashesAction = HttpConnectionManager.Types.PathWithEscapedSlashesAction.RejectRequest,
        HttpFilters = { new HttpFilter { Name = "envoy.filters.http.router" } },
    };

    public static HttpConnectionManager Manager(RouteConfiguration inline)
    {
        var manager = Manager("");
        manager.RouteConfig = inline;
        return manager;
    }

    public static Any Pack(HttpConnectionManager manager) => new() { TypeUrl = ManagerUrl, Value = manager.ToByteString() };

    public static Listener Api(string name, HttpConnectionManager? manager = null) => new()
    {
        Name = name,
        ApiListener = new ApiListener { ApiListener_ = Pack(manager ?? Manager(name)) },
    };

    public static Listener Socket(string name, string address, TrafficDirection direction, HttpConnectionManager manager) => new()
    {
        Name = name,
        Address = At(address),
        TrafficDirection = direction,
        FilterChains =
        {
            new FilterChain
            {
                Filters = { new Filter { Name = "envoy.filters.network.http_connection_manager", TypedConfig = Pack(manager) } },
            },
        },
    };

    /// <summary>A socket whose bytes are relayed unread.</summary>
    public static Listener TcpSocket(string name, string address, TrafficDirection direction, TcpProxy proxy)
    {
        var listener = Socket(name, address, direction, Manager("r"));
        listener.FilterChains[0].Filters[0] = new Filter
        {
            Name = "envoy.filters.network.tcp_proxy",
            TypedConfig = new Any
            {
                TypeUrl = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",
                Value = proxy.ToByteString(),
            },
        };
        return listener;
    }

    /// <summary>A cluster whose endpoints speak this HTTP.</summary>
    public static Cluster Speaking(Cluster cluster, HttpProtocolOptions options)
    {
        const string Name = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";
        cluster.TypedExtensionProtocolOptions[Name] =
            new Any { TypeUrl = "type.googleapis.com/" + Name, Value = options.ToByteString() };
        return cluster;
    }

    public static Listener Inbound(string service, string address, string application) =>
        WithMetadata(
            Socket("inbound/" + service, address, TrafficDirection.Inbound, Manager(Routes("inbound", Forward("inbound", "app:" + application)))),
            ("service", Value.ForString("payments")),
            ("namespace", Value.ForString("default")),
            ("port", Value.ForNumber(80)),
            ("version", Value.ForString("v1")),
            ("workload", Value.ForString("payments-v1")));

    public static Listener Outbound(string address) =>
        Socket("outbound", address, TrafficDirection.Outbound, Manager(Routes("outbound", Forward("external", "external"))));

    public static Listener WithMetadata(Listener listener, params (string Name, Value Value)[] fields)
    {
        listener.Metadata = Metadata(fields);
        return listener;
    }

    public static Metadata Metadata(params (string Name, Value Value)[] fields)
    {
        var values = new Struct();
        foreach (var (name, value) in fields)
        {
            values.Fields.Add(name, value);
        }

        return new Metadata { FilterMetadata = { ["banyan.dev"] = values } };
    }

    public static RouteConfiguration Routes(string name, params Route[] routes) => new()
    {
        Name = name,
        VirtualHosts = { new VirtualHost { Name = "*", Domains = { "*" }, Routes = { routes } } },
    };

    public static Route Forward(string name, string cluster) =>
        new() { Name = name, Match = new RouteMatch { Prefix = "/" }, Route_ = new RouteAction { Cluster = cluster } };

    public static Route Split(string name, params (string Cluster, uint Weight)[] clusters)
    {
        var weighted = new WeightedCluster();
        foreach (var (cluster, weight) in clusters)
        {
            weighted.Clusters.Add(new WeightedCluster.Types.ClusterWeight { Name = cluster, Weight = weight });
        }

        return new Route { Name = name, Match = new RouteMatch { Prefix = "/" }, Route_ = new RouteAction { WeightedClusters = weighted } };
    }

    public static Cluster Eds(string name) => new()
    {
        Name = name,
        Type = Cluster.Types.DiscoveryType.Eds,
        EdsClusterConfig = new Cluster.Types.EdsClusterConfig { EdsConfig = Ads, ServiceName = name },
        ConnectTimeout = Duration.FromTimeSpan(TimeSpan.FromSeconds(1)),
    };

    public static Cluster Static(string name, params string[] addresses) => new()
    {
        Name = name,
        Type = Cluster.Types.DiscoveryType.Static,
        LoadAssignment = Endpoints(name, addresses),
    };

    public static ClusterLoadAssignment Endpoints(string name, params string[] addresses) => new()
    {
        ClusterName = name,
        Endpoints = { new LocalityLbEndpoints { LbEndpoints = { addresses.Select(address => Endpoint(address)) } } },
    };

    public static LbEndpoint Endpoint(string address, HealthStatus health = HealthStatus.Healthy, string version = "v1") => new()
    {
        Endpoint = new Endpoint { Address = At(address) },
        HealthStatus = health,
        Metadata = Metadata(
            ("workload", Value.ForString("payments-" + version)),
            ("version", Value.ForString(version)),
            ("meshed", Value.ForBool(true))),
    };

    public static Address At(string address)
    {
        var endpoint = IPEndPoint.Parse(address);
        return new Address
        {
            SocketAddress = new Banyan.Xds.SocketAddress { Address = endpoint.Address.ToString(), PortValue = (uint)endpoint.Port },
        };
    }

    public static Resource Wrap(IMessage message, string version = "1")
    {
        var (url, name) = message switch
        {
            Listener listener => (ListenerUrl, listener.Name),
            RouteConfiguration routes => (RouteUrl, routes.Name),
            Cluster cluster => (ClusterUrl, cluster.Name),
            ClusterLoadAssignment endpoints => (EndpointsUrl, endpoints.ClusterName),
            Secret secret => (Banyan.Proxy.Xds.ResourceTypes.Url(Banyan.Proxy.Xds.ResourceType.Secret), secret.Name),
            _ => throw new ArgumentException(message.Descriptor.FullName, nameof(message)),
        };
        return new Resource { Name = name, Version = version, Resource_ = new Any { TypeUrl = url, Value = message.ToByteString() } };
    }

    public static SavedResources Saved(string node, params IMessage[] messages) =>
        new() { NodeId = node, Resources = { messages.Select(message => Wrap(message)) } };
}
