using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>Service ports to API listeners; replicas to the socket listeners of their sidecars.</summary>
internal sealed class ListenerTranslator(MeshSpec mesh, IReadOnlyList<Workload> workloads)
{
    private const string ManagerName = "envoy.filters.network.http_connection_manager";

    private static readonly Duration NoTimeout = new();

    private readonly HttpFilter _router = new() { Name = "envoy.filters.http.router", TypedConfig = Encode.Any(new Router()) };

    private readonly ILookup<(string Namespace, string Owner, string Service), Workload> _byProcess =
        workloads.ToLookup(w => (w.Metadata.Namespace, w.ProcessOwner, w.Spec.Service));

    public Listener Api(string name, ResolvedService service, ResolvedPort port)
    {
        var manager = Manager(name);
        manager.Rds = new Rds { ConfigSource = Encode.Ads(), RouteConfigName = name };
        return new Listener
        {
            Name = name,
            Metadata = ServiceMetadata(service.Name, service.Namespace, port.Port),
            ApiListener = new ApiListener { ApiListener_ = Encode.Any(manager) },
        };
    }

    /// <summary>All that <see cref="OfNode"/> depends on beside the instance and the Mesh.</summary>
    public IEnumerable<object?> Inputs(WorkloadInstance instance) =>
        instance.Ports.Select(port => Behind(instance, port));

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
        var metadata = ServiceMetadata(port.Service, port.ServiceNamespace, port.Port);
        var fields = metadata.FilterMetadata[Encode.MetadataKey].Fields;
        fields.Add("version", Value.ForString(workload?.Spec.Version ?? ""));
        fields.Add("workload", Value.ForString(workload?.Metadata.Name ?? instance.Workload));
        return Socket(name, address, TrafficDirection.Inbound, metadata, Inline(name, new Route
        {
            Name = "inbound",
            Match = new RouteMatch { Prefix = "/" },
            Route_ = new RouteAction { Cluster = ApplicationCluster(port.App), Timeout = NoTimeout },
        }));
    }

    private Workload? Behind(WorkloadInstance instance, InstancePort port) =>
        _byProcess[(port.ServiceNamespace, instance.Workload, port.Service)]
            .FirstOrDefault(w => w.Spec.Ports.Any(p => p.Port == port.Port));

    private Listener Outbound(Address address)
    {
        var route = new Route { Name = "external", Match = new RouteMatch { Prefix = "/" } };
        if (mesh.Outbound == OutboundMode.Allow)
        {
            route.Route_ = new RouteAction { Cluster = ClusterTranslator.External, Timeout = NoTimeout };
        }
        else
        {
            route.DirectResponse = new DirectResponseAction { Status = 403 };
        }

        return Socket("outbound", address, TrafficDirection.Outbound, metadata: null, Inline("outbound", route));
    }

    private Listener Upstream(WorkloadInstance instance, InstanceUpstream upstream, Address address)
    {
        var (service, scope) = ServiceNames.Split(upstream.Service, instance.Namespace);
        var target = ServiceNames.Resource(service, scope, upstream.Port);
        var manager = Manager("upstream/" + target);
        manager.Rds = new Rds { ConfigSource = Encode.Ads(), RouteConfigName = target };
        return Socket(
            "upstream/" + target,
            address,
            TrafficDirection.Outbound,
            ServiceMetadata(service, scope, upstream.Port),
            manager);
    }

    /// <summary>Name of the cluster of an application, by its address.</summary>
    public static string ApplicationCluster(string app) => "app:" + app;

    private static Listener Socket(string name, Address address, TrafficDirection direction, Metadata? metadata, HttpConnectionManager manager) => new()
    {
        Name = name,
        Address = address,
        TrafficDirection = direction,
        Metadata = metadata,
        FilterChains = { new FilterChain { Filters = { new Filter { Name = ManagerName, TypedConfig = Encode.Any(manager) } } } },
    };

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
        var canonical = mesh.PathNormalization == PathNormalization.Canonical;
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

    private static Metadata ServiceMetadata(string service, string scope, int port) => Encode.Metadata(
        ("service", Value.ForString(service)), ("namespace", Value.ForString(scope)), ("port", Value.ForNumber(port)));
}
