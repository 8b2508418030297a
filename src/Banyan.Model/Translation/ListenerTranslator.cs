using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>Service ports to API listeners; replicas to the socket listeners of their sidecars.</summary>
internal sealed class ListenerTranslator(ResolvedMesh resolved)
{
    private const string ManagerName = "envoy.filters.network.http_connection_manager";

    private const string TcpProxyName = "envoy.filters.network.tcp_proxy";

    private const string InspectorName = "envoy.filters.listener.tls_inspector";

    private static readonly Duration NoTimeout = new();

    // Connections of databases pause longer than streams of requests do.
    private static readonly Duration TcpIdle = new() { Seconds = 3600 };

    private readonly HttpFilter _router = new() { Name = "envoy.filters.http.router", TypedConfig = Encode.Any(new Router()) };

    private readonly MeshSpec _mesh = resolved.Spec;
    private readonly PortIndex _ports = resolved.Ports;
    private readonly RouteResolver _routes = resolved.Routes;

    private readonly ILookup<(string Namespace, string Owner, string Service), Workload> _byProcess =
        resolved.Workloads.ToLookup(w => (w.Metadata.Namespace, w.ProcessOwner, w.Spec.Service));

    public Listener Api(string name, ResolvedService service, ResolvedPort port)
    {
        var manager = Manager(name);
        manager.Rds = new Rds { ConfigSource = Encode.Ads(), RouteConfigName = name };
        manager.StreamIdleTimeout = port.IsHttp ? null : TcpIdle;
        var listener = new Listener
        {
            Name = name,
            Metadata = ServiceMetadata(service.Name, service.Namespace, port.Port, port.Protocol),
            ApiListener = new ApiListener { ApiListener_ = Encode.Any(manager) },
        };
        AddServerNames(listener, name, _routes.Attached.GetValueOrDefault(port));
        return listener;
    }

    /// <summary>All that <see cref="Api"/> depends on beside the names of the service and the Mesh.</summary>
    public IEnumerable<object?> Inputs(ResolvedPort port) => TakesServerNames(port) ? Attached(port) : [port.Protocol];

    /// <summary>All that <see cref="OfNode"/> depends on beside the instance and the Mesh.</summary>
    public IEnumerable<object?> Inputs(WorkloadInstance instance) =>
        instance.Ports.SelectMany(port => (object?[])
            [
                Behind(instance, port), Protocol(instance, port), Mode(instance, port), Authorization(instance, port),
            ])
            .Concat(instance.Upstreams.SelectMany(upstream => UpstreamInputs(Target(instance, upstream).Port)));

    /// <summary>What the application behind an inbound listener speaks.</summary>
    public PortProtocol Protocol(WorkloadInstance instance, InstancePort port) =>
        _ports.Behind(Behind(instance, port), port.Port);

    /// <summary>All socket listeners of one replica's sidecar, ordered by name.</summary>
    public IEnumerable<Listener> OfNode(WorkloadInstance instance)
    {
        var listeners = new SortedDictionary<string, Listener>(StringComparer.Ordinal);
        foreach (var port in instance.Ports)
        {
            if (Encode.Address(port.Inbound) is { } address && port.App.Length > 0)
            {
                var listener = Inbound(instance, port, address);
                listeners[listener.Name] = listener;
            }
        }

        if (Encode.Address(instance.Outbound) is { } outbound)
        {
            listeners["outbound"] = Outbound(outbound);
        }

        foreach (var upstream in instance.Upstreams)
        {
            if (Encode.Address(upstream.Local) is { } local)
            {
                var listener = Upstream(instance, upstream, local);
                listeners[listener.Name] = listener;
            }
        }

        return listeners.Values;
    }

    private Listener Inbound(WorkloadInstance instance, InstancePort port, Address address)
    {
        var name = "inbound/" + ServiceNames.Resource(port.Service, port.ServiceNamespace, port.Port);
        var workload = Behind(instance, port);
        var protocol = Protocol(instance, port);
        var metadata = ServiceMetadata(port.Service, port.ServiceNamespace, port.Port, protocol);
        var fields = metadata.FilterMetadata[Encode.MetadataKey].Fields;
        fields.Add("version", Value.ForString(workload?.Spec.Version ?? ""));
        fields.Add("workload", Value.ForString(workload?.Metadata.Name ?? instance.Workload));
        var cluster = ApplicationCluster(port.App);
        var plan = Authorization(instance, port);
        Filter filter;
        if (Protocols.IsHttp(protocol))
        {
            var manager = Inline(name, new Route
            {
                Name = "inbound",
                Match = new RouteMatch { Prefix = "/" },
                Route_ = new RouteAction { Cluster = cluster, Timeout = NoTimeout },
            });
            AuthorizationTranslator.Guard(manager, plan);
            filter = Filter(manager);
        }
        else
        {
            filter = Filter(new TcpProxy { StatPrefix = name, Cluster = cluster });
        }

        var listener = Socket(name, address, TrafficDirection.Inbound, metadata, filter);
        if (!Protocols.IsHttp(protocol))
        {
            AuthorizationTranslator.Guard(listener.FilterChains[0], name, plan);
        }

        if (Mode(instance, port) is var mode && (instance.Secured || mode == MutualTlsMode.Strict))
        {
            TransportTranslator.Secure(listener, _mesh.TrustDomain, mode);
        }

        return listener;
    }

    private MutualTlsMode Mode(WorkloadInstance instance, InstancePort port) =>
        resolved.Modes.At(port.ServiceNamespace, port.Service, Behind(instance, port), port.Port);

    /// <summary>Who may call what of a workload at a port of its service.</summary>
    public static AuthorizationPlan Authorization(ResolvedMesh resolved, Workload workload, int port)
    {
        var policies = resolved.Policies.Of(workload.Metadata.Namespace, workload.Spec.Service, workload);
        var protocol = resolved.Ports.Behind(workload, port);
        var probe = workload.Spec.Process.Length == 0
            && HealthPlan.Of(workload, resolved.Ports) is { Port: { } probed } plan && probed.Port == port ? plan : null;
        return AuthorizationPlan.Of(policies, resolved.Spec.TrustDomain, port, protocol, probe, resolved.Keys);
    }

    /// <summary>Who may call what at an inbound listener.</summary>
    private AuthorizationPlan Authorization(WorkloadInstance instance, InstancePort port) =>
        Behind(instance, port) is { } workload
            ? Authorization(resolved, workload, port.Port)
            : AuthorizationPlan.Of(
                resolved.Policies.Of(port.ServiceNamespace, port.Service, workload: null),
                _mesh.TrustDomain,
                port.Port,
                Protocol(instance, port),
                probe: null,
                resolved.Keys);

    private Workload? Behind(WorkloadInstance instance, InstancePort port) =>
        _byProcess[(port.ServiceNamespace, instance.Workload, port.Service)]
            .FirstOrDefault(w => w.Spec.Ports.Any(p => p.Port == port.Port));

    private Listener Outbound(Address address)
    {
        var route = new Route { Name = "external", Match = new RouteMatch { Prefix = "/" } };
        if (_mesh.Outbound == OutboundMode.Allow)
        {
            route.Route_ = new RouteAction { Cluster = ClusterTranslator.External, Timeout = NoTimeout };
        }
        else
        {
            route.DirectResponse = new DirectResponseAction { Status = 403 };
        }

        var filter = Filter(Inline("outbound", route));
        return Socket("outbound", address, TrafficDirection.Outbound, metadata: null, filter);
    }

    private Listener Upstream(WorkloadInstance instance, InstanceUpstream upstream, Address address)
    {
        var (service, scope, port) = Target(instance, upstream);
        var target = ServiceNames.Resource(service, scope, upstream.Port);
        var name = "upstream/" + target;
        var metadata = ServiceMetadata(service, scope, upstream.Port, port?.Protocol ?? PortProtocol.Http);
        if (port is { IsHttp: false } && TakesServerNames(port))
        {
            var listener = Socket(name, address, TrafficDirection.Outbound, metadata);
            AddServerNames(listener, target, _routes.Attached[port]);
            return listener;
        }

        if (port is { IsHttp: false })
        {
            var proxy = new TcpProxy { StatPrefix = name };
            Direct(proxy, target, _routes.Attached.GetValueOrDefault(port));
            return Socket(name, address, TrafficDirection.Outbound, metadata, Filter(proxy));
        }

        var manager = Manager(name);
        manager.Rds = new Rds { ConfigSource = Encode.Ads(), RouteConfigName = target };
        var http = Socket(name, address, TrafficDirection.Outbound, metadata, Filter(manager));
        if (port is not null && TakesServerNames(port))
        {
            http.FilterChains[0].FilterChainMatch = new FilterChainMatch { TransportProtocol = "raw_buffer" };
            AddServerNames(http, target, _routes.Attached[port]);
        }

        return http;
    }

    private bool TakesServerNames(ResolvedPort port) =>
        _routes.Attached.TryGetValue(port, out var attached) && attached[0].Form.Type == RouteType.Tls;

    /// <summary>One filter chain for each TLSRoute: connections by the name in their ClientHello.</summary>
    private static void AddServerNames(Listener listener, string target, List<ResolvedRoute>? attached)
    {
        if (attached is null || attached[0].Form.Type != RouteType.Tls)
        {
            return;
        }

        listener.ListenerFilters.Add(
            new ListenerFilter { Name = InspectorName, TypedConfig = Encode.Any(new TlsInspector()) });
        foreach (var (route, names) in ServerNames.Owned(attached))
        {
            var proxy = new TcpProxy { StatPrefix = target };
            Direct(proxy, target, [route]);
            listener.FilterChains.Add(new FilterChain
            {
                Name = route.Rules[0].Name,
                FilterChainMatch = ServerNames.Match(names),
                Filters = { Filter(proxy) },
            });
        }
    }

    private static void Direct(TcpProxy proxy, string target, List<ResolvedRoute>? attached)
    {
        var action = attached is null ? null : RouteTranslator.Connections(attached, target);
        if (action?.WeightedClusters is not { } weighted)
        {
            proxy.Cluster = action?.Cluster ?? target;
            return;
        }

        proxy.WeightedClusters = new TcpProxy.Types.WeightedCluster();
        foreach (var cluster in weighted.Clusters.Where(each => each.Weight > 0))
        {
            // A weight of 0 is not for this filter.
            proxy.WeightedClusters.Clusters.Add(new TcpProxy.Types.WeightedCluster.Types.ClusterWeight
            {
                Name = cluster.Name,
                Weight = cluster.Weight.GetValueOrDefault(),
            });
        }
    }

    // HTTP ports learn of their routes by themselves.
    private IEnumerable<object?> UpstreamInputs(ResolvedPort? port) =>
        port is { IsHttp: false } || (port is not null && TakesServerNames(port)) ? Attached(port) : [port?.Protocol];

    private IEnumerable<object?> Attached(ResolvedPort port) =>
        (_routes.Attached.GetValueOrDefault(port)?.SelectMany(route => route.Inputs) ?? []).Prepend(port.Protocol);

    private (string Service, string Namespace, ResolvedPort? Port) Target(
        WorkloadInstance instance, InstanceUpstream upstream)
    {
        var (service, scope) = ServiceNames.Split(upstream.Service, instance.Namespace);
        return (service, scope, _ports.Find(scope, service, upstream.Port));
    }

    /// <summary>Name of the cluster of an application, by its address.</summary>
    public static string ApplicationCluster(string app) => "app:" + app;

    private static Filter Filter(HttpConnectionManager manager) =>
        new() { Name = ManagerName, TypedConfig = Encode.Any(manager) };

    private static Filter Filter(TcpProxy proxy) => new() { Name = TcpProxyName, TypedConfig = Encode.Any(proxy) };

    private static Listener Socket(
        string name, Address address, TrafficDirection direction, Metadata? metadata, params ReadOnlySpan<Filter> filters)
    {
        var listener = new Listener { Name = name, Address = address, TrafficDirection = direction, Metadata = metadata };
        foreach (var filter in filters)
        {
            listener.FilterChains.Add(new FilterChain { Filters = { filter } });
        }

        return listener;
    }

    private HttpConnectionManager Inline(string name, Route route)
    {
        var manager = Manager(name);
        manager.RouteConfig = new RouteConfiguration
        {
            Name = name,
            VirtualHosts = { new VirtualHost { Name = "*", Domains = { "*" }, Routes = { route } } },
        };
        return manager;
    }

    private HttpConnectionManager Manager(string name)
    {
        var canonical = _mesh.PathNormalization == PathNormalization.Canonical;
        return new HttpConnectionManager
        {
            StatPrefix = name,
            NormalizePath = canonical,
            MergeSlashes = canonical,
            PathWithEscapedSlashesAction = canonical
                ? HttpConnectionManager.Types.PathWithEscapedSlashesAction.RejectRequest
                : HttpConnectionManager.Types.PathWithEscapedSlashesAction.KeepUnchanged,
            HttpFilters = { _router },
        };
    }

    /// <summary>What the proxy cannot see in the filters is said in words: undeclared, or bytes.</summary>
    private static Metadata ServiceMetadata(string service, string scope, int port, PortProtocol protocol)
    {
        var metadata = Encode.Metadata(
            ("service", Value.ForString(service)),
            ("namespace", Value.ForString(scope)),
            ("port", Value.ForNumber(port)));
        var word = protocol == PortProtocol.Auto ? "detect" : Protocols.IsHttp(protocol) ? "" : "tcp";
        if (word.Length > 0)
        {
            metadata.FilterMetadata[Encode.MetadataKey].Fields.Add("protocol", Value.ForString(word));
        }

        return metadata;
    }
}
