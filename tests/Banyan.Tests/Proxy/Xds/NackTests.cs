using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Xunit;
using HttpRbac = Banyan.Xds.Authorization.Http.RBAC;
using NetworkRbac = Banyan.Xds.Authorization.Network.RBAC;
using RBAC = Banyan.Xds.Authorization.RBAC;
using static Banyan.Tests.Proxy.Resources;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>What a proxy cannot accept it refuses by resource and field, and keeps the old one.</summary>
public sealed class NackTests
{
    private const string Payments = "payments.default:80";

    private readonly DiscoveryDriver _driver = new();

    public static TheoryData<string, string> RefusedClusters => new()
    {
        { "type", "type: StrictDns is not supported" },
        { "lb", "lb_policy: RingHash is not supported" },
        { "tls", "transport_socket: not supported" },
        { "eds", "eds_cluster_config.eds_config: only ads is supported" },
        { "timeout", "connect_timeout: must be from" },
        { "address", "load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address.address: \"localhost\" is not an IP address" },
        { "subset", "lb_subset_config: not supported" },
    };

    public static TheoryData<string, string> RefusedListeners => new()
    {
        { "filter", "http_filters[0]: \"envoy.filters.http.cors\" is not supported" },
        { "rbac outbound", "RBAC and JWT are supported in inbound listeners only" },
        { "rbac matcher", "http_filters[0].typed_config.matcher: not supported" },
        { "rbac rule", "http_filters[0].typed_config.rules.policies[p].principals: at least one is required" },
        { "rbac chain", "before HttpConnectionManager RBAC belongs among its http_filters" },
        { "network", "filter_chains[0].filters[0]: \"envoy.x\" is not supported, only RBAC is before the last filter" },
        { "order", "http_filters[0]: the router must be the last filter" },
        { "codec", "codec_type: Http2 is not supported" },
        { "slashes", "merge_slashes: is supported only together with normalize_path" },
        { "unescape", "path_with_escaped_slashes_action: UnescapeAndForward is not supported" },
        { "limit", "max_request_headers_kb: only 64 is supported" },
        { "routes", "rds or route_config is needed" },
        { "source", "rds.config_source: only ads is supported" },
        { "manager", "filter_chains[0].filters[0].typed_config: type.googleapis.com/x is not supported" },
        { "chains", "filter_chains: exactly one is supported" },
        { "direction", "traffic_direction: must be INBOUND or OUTBOUND" },
        { "pipe", "address: pipes are not supported" },
        { "port", "address.socket_address.port_value: must be a number from 1 to 65535" },
        { "match", "filter_chains[0].filter_chain_match.source_type: not supported" },
        { "transport", "filter_chains[0].filter_chain_match.transport_protocol: \"quic\" is not tls or raw_buffer" },
        { "names", "filter_chains[0].filter_chain_match.server_names: needs transport_protocol tls" },
        { "protocols", "filter_chains[0].filter_chain_match.application_protocols: not supported where TLS is not terminated" },
        { "secured names", "filter_chains[0].filter_chain_match.server_names: not supported where TLS is terminated" },
        { "secured protocols", "filter_chains[0].filter_chain_match.application_protocols: must be banyan-h2" },
        { "secured plaintext", "filter_chains[0].filter_chain_match.transport_protocol: must be tls where TLS is terminated" },
        { "inspector", "listener_filters[0]: \"x\" is not supported, only TlsInspector is" },
        { "terminates", "filter_chains[1].filters: TLS is passed through: exactly one filter is supported, TcpProxy" },
        { "name", "filter_chains[1].filter_chain_match.server_names[0]: \"*a.test\" is not a name, nor *. and a name" },
        { "twice", "filter_chains: virtual_hosts[1].domains[0]: 'a.test' is used twice" },
        { "catch-all", "filter_chains: the one for HTTP needs transport_protocol raw_buffer" },
        { "undeclared", "metadata.filter_metadata[banyan.dev].protocol: filter chains for TLS need detect or tcp" },
        { "inline", "filter_chains[0].filters[0].typed_config.route_config:" },
    };

    [Theory]
    [MemberData(nameof(RefusedClusters))]
    public void AClusterItCannotServe(string what, string message)
    {
        _driver.Discovery.Open();
        _driver.Discovery.Want(Payments);
        _driver.Send(Api(Payments));
        _driver.Send(Routes(Payments, Forward("default", "c")));
        var cluster = what == "address" ? Static("c", "10.0.0.1:80") : Eds("c");
        switch (what)
        {
            case "type": cluster.Type = Cluster.Types.DiscoveryType.StrictDns; break;
            case "lb": cluster.LbPolicy = Cluster.Types.LbPolicy.RingHash; break;
            case "tls": cluster.TransportSocket = new TransportSocket { Name = "x" }; break;
            case "eds": cluster.EdsClusterConfig.EdsConfig = null; break;
            case "timeout": cluster.ConnectTimeout = new Duration { Seconds = -1 }; break;
            case "address": cluster.LoadAssignment.Endpoints[0].LbEndpoints[0].Endpoint.Address.SocketAddress.Address = "localhost"; break;
            default: cluster.LbSubsetConfig = ByteString.CopyFromUtf8("x"); break;
        }

        var answer = _driver.Send(cluster);

        Assert.Equal(3, answer.ErrorDetail.Code);
        Assert.StartsWith("Cluster c: ", answer.ErrorDetail.Message, StringComparison.Ordinal);
        Assert.Contains(message, answer.ErrorDetail.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(RefusedListeners))]
    public void AListenerItCannotServe(string what, string message)
    {
        var manager = Manager("r");
        switch (what)
        {
            case "filter": manager.HttpFilters.Insert(0, new HttpFilter { Name = "envoy.filters.http.cors" }); break;
            case "rbac outbound": Guard(new HttpRbac { Rules = new RBAC() }); break;
            case "rbac matcher": Guard(new HttpRbac { Matcher = ByteString.Empty }); break;
            case "rbac rule": Guard(new HttpRbac { Rules = new RBAC { Policies = { ["p"] = new Banyan.Xds.Authorization.Policy() } } }); break;
            case "order": manager.HttpFilters.Add(new HttpFilter { Name = "x", IsOptional = true }); break;
            case "codec": manager.CodecType = HttpConnectionManager.Types.CodecType.Http2; break;
            case "slashes": manager.MergeSlashes = false; break;
            case "unescape":
                manager.PathWithEscapedSlashesAction = HttpConnectionManager.Types.PathWithEscapedSlashesAction.UnescapeAndForward;
                break;
            case "limit": manager.MaxRequestHeadersKb = 8; break;
            case "routes": manager.ClearRouteSpecifier(); break;
            case "source": manager.Rds.ConfigSource = null; break;
            case "inline": manager = Manager(Routes("bad", new Route { Name = "none" })); break;
        }

        var listener = Socket("l", "127.0.0.1:20001", TrafficDirection.Outbound, manager);
        switch (what)
        {
            case "manager": listener.FilterChains[0].Filters[0].TypedConfig.TypeUrl = "type.googleapis.com/x"; break;
            case "chains": listener.FilterChains.Clear(); break;
            case "rbac chain":
                listener.FilterChains[0].Filters.Insert(0, new Filter { TypedConfig = Any.Pack(new NetworkRbac { Rules = new RBAC() }) });
                break;
            case "network": listener.FilterChains[0].Filters.Insert(0, new Filter { Name = "envoy.x" }); break;
            case "direction": listener.TrafficDirection = TrafficDirection.Unspecified; break;
            case "pipe": listener.Address = new Address { Pipe = new Pipe { Path = "/x" } }; break;
            case "port": listener.Address.SocketAddress.PortValue = 0; break;
            case "match": listener.FilterChains[0].FilterChainMatch = new FilterChainMatch { SourceType = 1 }; break;
            case "transport": listener.FilterChains[0].FilterChainMatch = new FilterChainMatch { TransportProtocol = "quic" }; break;
            case "names": listener.FilterChains[0].FilterChainMatch = new FilterChainMatch { ServerNames = { "a.test" } }; break;
            case "protocols":
                listener.FilterChains[0].TransportSocket = new TransportSocket { Name = "envoy.transport_sockets.raw_buffer" };
                listener.FilterChains[0].FilterChainMatch = new FilterChainMatch { ApplicationProtocols = { "h2" } };
                break;
            case "secured names": Secured(new FilterChainMatch { TransportProtocol = "tls", ServerNames = { "a.test" } }); break;
            case "secured protocols": Secured(new FilterChainMatch { TransportProtocol = "tls", ApplicationProtocols = { "h2" } }); break;
            case "secured plaintext": Secured(new FilterChainMatch { TransportProtocol = "raw_buffer" }); break;
            case "inspector": listener.ListenerFilters.Add(new ListenerFilter { Name = "x" }); break;
            case "terminates": listener.FilterChains.Add(Tls("a.test")); listener.FilterChains[1].Filters.Clear(); break;
            case "name": listener.FilterChains.Add(Tls("*a.test")); break;
            case "twice": listener.FilterChains.Add([Tls("a.test"), Tls("a.test")]); break;
            case "catch-all" or "undeclared": listener.FilterChains.Add(Tls("a.test")); break;
        }

        _driver.Discovery.Open();

        var answer = _driver.Send(listener);

        Assert.StartsWith("Listener l: ", answer.ErrorDetail?.Message, StringComparison.Ordinal);
        Assert.Contains(message, answer.ErrorDetail!.Message, StringComparison.Ordinal);
        Assert.Empty(_driver.Snapshot.Listeners);

        void Guard(HttpRbac rbac) =>
            manager.HttpFilters.Insert(0, new HttpFilter { Name = "envoy.filters.http.rbac", TypedConfig = Any.Pack(rbac) });

        void Secured(FilterChainMatch match)
        {
            listener.FilterChains[0].TransportSocket = new TransportSocket { TypedConfig = Any.Pack(new DownstreamTlsContext()) };
            listener.FilterChains[0].FilterChainMatch = match;
        }
    }

    private static FilterChain Tls(string name) => new()
    {
        FilterChainMatch = new FilterChainMatch { TransportProtocol = "tls", ServerNames = { name } },
        Filters = { new Filter { TypedConfig = Any.Pack(new TcpProxy { Cluster = "c" }) } },
    };

    [Fact]
    public void RoutesItCannotServeKeepTheOldOnes()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80");
        var before = _driver.Snapshot.Find(Payments);
        var bad = Forward("default", Payments);
        bad.Route_.Cors = ByteString.CopyFromUtf8("x");

        var answer = _driver.Send(Routes(Payments, bad));

        Assert.StartsWith("RouteConfiguration payments.default:80: ", answer.ErrorDetail.Message, StringComparison.Ordinal);
        Assert.Same(before, _driver.Snapshot.Find(Payments));
        var nack = Assert.Single(_driver.Discovery.Status("").Nacks);
        Assert.Equal((RouteUrl, Payments), (nack.Type, nack.Resource));

        // The mended one is taken, and versions told to the next stream are those of what is held.
        Assert.Null(_driver.Send(Routes(Payments, Forward("mended", Payments))).ErrorDetail);
        Assert.Equal("mended", _driver.Snapshot.Find(Payments)!.Routes.Routes[0].Name);
    }

    [Fact]
    public void OneBadResourceDoesNotHoldUpTheOthersOfItsResponse()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80");
        _driver.Serve("orders.default:80", "10.0.1.1:80");

        var twice = Endpoints(Payments, "10.0.0.1:80", "10.0.0.1:80");
        var answer = _driver.Send(twice, Endpoints("orders.default:80", "10.0.1.2:80"));

        Assert.Contains("endpoints[0].lb_endpoints[1].endpoint.address: 10.0.0.1:80 is given twice", answer.ErrorDetail.Message, StringComparison.Ordinal);
        Assert.Equal("10.0.1.2:80", _driver.Snapshot.Find("orders.default:80")!.Clusters[0].Endpoints[0].Address.ToString());
        Assert.Single(_driver.Snapshot.Find(Payments)!.Clusters[0].Endpoints);
    }

    [Fact]
    public void WhatIsNotTheResourceItSaysToBe()
    {
        _driver.Discovery.Open();
        _driver.Discovery.Want(Payments);

        var renamed = Wrap(Api("orders.default:80"));
        renamed.Name = Payments;
        Assert.Contains("name: \"orders.default:80\" is not the resource's name", Answer(renamed), StringComparison.Ordinal);

        var retyped = Wrap(Eds(Payments));
        Assert.Contains("is not Listener", Answer(retyped), StringComparison.Ordinal);

        var broken = new Resource { Name = Payments, Resource_ = new Any { TypeUrl = ListenerUrl, Value = ByteString.CopyFrom(0xff, 0xff) } };
        Assert.Contains("Listener payments.default:80: resource:", Answer(broken), StringComparison.Ordinal);

        string Answer(Resource resource) =>
            _driver.Send(new DeltaDiscoveryResponse { TypeUrl = ListenerUrl, Resources = { resource } }).ErrorDetail.Message;
    }

    [Fact]
    public void ATypeNobodyAskedFor()
    {
        _driver.Discovery.Open();

        var answer = _driver.Send(new DeltaDiscoveryResponse { TypeUrl = "type.googleapis.com/x" });

        Assert.Contains("was not asked for", answer.ErrorDetail.Message, StringComparison.Ordinal);
    }
}
