using System.Net;
using Banyan.Proxy.Snapshot.Resources;
using Banyan.Proxy.Xds;
using Banyan.Rules;

namespace Banyan.Proxy.Snapshot;

/// <summary>Makes snapshots of what the resource tables let traffic see. What did not change stays the same object.</summary>
/// <remarks>Used by the housekeeping thread alone.</remarks>
internal sealed class SnapshotBuilder(TimeProvider time)
{
    private readonly SlotTable<string> _clusterSlots = new(time);
    private readonly SlotTable<(string Cluster, IPEndPoint Address)> _endpointSlots = new(time);
    private readonly Dictionary<string, BuiltCluster> _clusters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TargetConfig> _targets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ListenerConfig> _listeners = new(StringComparer.Ordinal);
    private long _revision;

    /// <summary>Builds the snapshot of now.</summary>
    public MeshSnapshot Build(ResourceTables tables, IEnumerable<string> missing, bool connected)
    {
        var listeners = new List<ListenerConfig>();
        var targets = new List<KeyValuePair<string, TargetConfig>>();
        var used = new HashSet<string>(StringComparer.Ordinal);
        var awaitsListeners = false;
        foreach (var held in tables.Listeners.All.Values)
        {
            if (held.Serving?.Value is not { } resource)
            {
                awaitsListeners |= held.Latest is { Value: { IsTarget: false } latest } && !IsInVain(latest, tables);
                continue;
            }

            var routes = resource.Manager.Inline ?? tables.Routes.Serving(resource.Manager.RouteName!);
            if (routes is null)
            {
                continue;
            }

            used.UnionWith(routes.Clusters);
            used.UnionWith(resource.ByServerName?.Clusters ?? []);
            var target = BuildTarget(resource, routes, tables);
            if (resource.IsTarget)
            {
                targets.Add(new(resource.Name, target));
            }
            else
            {
                listeners.Add(BuildListener(resource, target));
            }
        }

        ForgetUnused(tables, used);
        listeners.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return new MeshSnapshot
        {
            Listeners = [.. listeners],
            AwaitsListeners = awaitsListeners,
            Targets = MeshSnapshot.Index(targets),
            Missing = MeshSnapshot.Names(missing),
            Connected = connected,
            Revision = ++_revision,
            EndpointSlots = _endpointSlots.Capacity,
            ClusterSlots = _clusterSlots.Capacity,
        };
    }

    private static string NameOf(ListenerResource resource) => resource switch
    {
        { Role: null or ListenerRole.Inbound or ListenerRole.Outbound } => resource.Name,
        { Manager.RouteName: { } routes } => routes,
        { Namespace.Length: > 0, Port: > 0 } => $"{resource.Service}.{resource.Namespace}:{resource.Port}",
        _ => resource.Name,
    };

    // Routes that do not exist, for a service that is not there yet perhaps: nothing is under way.
    private static bool IsInVain(ListenerResource resource, ResourceTables tables) =>
        resource.Manager.RouteName is { } routes && tables.Routes.TryGet(routes, out var held) && held.Absent;

    // Whatever lies outside the mesh declares nothing.
    private static PortProtocol TargetProtocol(ListenerResource resource) =>
        resource.Role == ListenerRole.Outbound ? PortProtocol.Detect : resource.Protocol;

    private static bool SameEndpoint(EndpointConfig old, in EndpointInfo now, string[] identities) =>
        old.Meshed == now.Meshed
        && old.Mtls == now.Mtls
        && old.Identities.AsSpan().SequenceEqual(identities)
        && old.Weight == now.Weight
        && old.Draining == now.Draining
        && old.IsChecked == now.IsChecked
        && old.HealthPort == now.HealthPort
        && old.Workload == now.Workload
        && old.Version == now.Version;

    private ListenerConfig BuildListener(ListenerResource resource, TargetConfig target)
    {
        var isOutbound = resource.Role == ListenerRole.Outbound;
        if (_listeners.TryGetValue(resource.Name, out var old)
            && ReferenceEquals(isOutbound ? old.Fallback : old.Target, target)
            && old.Role == resource.Role
            && old.Protocol == resource.Protocol
            && old.Security == resource.Security
            && ReferenceEquals(old.Authorization, resource.Manager.Authorization)
            && ReferenceEquals(old.Tokens, resource.Manager.Tokens)
            && old.Address.Equals(resource.Address)
            && old.Http == resource.Manager.Http
            && old.Service == resource.Service
            && old.Namespace == resource.Namespace
            && old.Port == resource.Port
            && old.Version == resource.Version
            && old.Workload == resource.Workload)
        {
            return old;
        }

        return _listeners[resource.Name] = new ListenerConfig
        {
            Name = resource.Name,
            Role = resource.Role!.Value,
            Address = resource.Address!,
            Target = isOutbound ? null : target,
            Fallback = isOutbound ? target : null,
            Protocol = resource.Protocol,
            Security = resource.Security,
            Authorization = resource.Manager.Authorization,
            Tokens = resource.Manager.Tokens,
            Http = resource.Manager.Http,
            Service = isOutbound ? "" : resource.Service,
            Namespace = isOutbound ? "" : resource.Namespace,
            Port = isOutbound ? 0 : resource.Port,
            Version = resource.Version,
            Workload = resource.Workload,
        };
    }

    private TargetConfig BuildTarget(ListenerResource resource, RouteTable routes, ResourceTables tables)
    {
        var clusters = Array.ConvertAll(routes.Clusters, name => BuildCluster(name, tables));
        var isFallback = resource.Role == ListenerRole.Outbound;
        var old = _targets.GetValueOrDefault(resource.Name);
        var names = resource.ByServerName is { } table ? BuildNames(resource, table, tables, old?.ByServerName) : null;
        if (old is not null
            && ReferenceEquals(old.Routes, routes)
            && ReferenceEquals(old.ByServerName, names)
            && old.Http == resource.Manager.Http
            && old.Name == NameOf(resource)
            && old.Protocol == TargetProtocol(resource)
            && (isFallback || (old.Service == resource.Service && old.Namespace == resource.Namespace && old.Port == resource.Port))
            && old.Clusters.AsSpan().SequenceEqual(clusters))
        {
            return old;
        }

        return _targets[resource.Name] = new TargetConfig
        {
            Name = NameOf(resource),
            Service = isFallback ? "external" : resource.Service,
            Namespace = isFallback ? "" : resource.Namespace,
            Port = isFallback ? 0 : resource.Port,
            Protocol = TargetProtocol(resource),
            Routes = routes,
            Clusters = clusters,
            ByServerName = names,
            Http = resource.Manager.Http,
        };
    }

    private TargetConfig BuildNames(ListenerResource resource, RouteTable names, ResourceTables tables, TargetConfig? old)
    {
        var clusters = Array.ConvertAll(names.Clusters, name => BuildCluster(name, tables));
        if (old is not null
            && ReferenceEquals(old.Routes, names)
            && old.Http == resource.Manager.Http
            && old.Service == resource.Service && old.Namespace == resource.Namespace && old.Port == resource.Port
            && old.Clusters.AsSpan().SequenceEqual(clusters))
        {
            return old;
        }

        return new TargetConfig
        {
            Name = NameOf(resource),
            Service = resource.Service,
            Namespace = resource.Namespace,
            Port = resource.Port,
            Protocol = PortProtocol.Tcp,
            Routes = names,
            Clusters = clusters,
            Http = resource.Manager.Http,
        };
    }

    private ClusterConfig BuildCluster(string name, ResourceTables tables)
    {
        var resource = tables.Clusters.Serving(name);
        var endpoints = resource?.EndpointsName is { } endpointsName
            ? tables.Endpoints.Serving(endpointsName) ?? EndpointsResource.None
            : resource?.StaticEndpoints ?? EndpointsResource.None;
        if (_clusters.TryGetValue(name, out var old)
            && ReferenceEquals(old.Resource, resource)
            && ReferenceEquals(old.Endpoints, endpoints))
        {
            return old.Config;
        }

        // A cluster the control plane says does not exist is an invalid reference.
        var config = new ClusterConfig
        {
            Name = name,
            Kind = resource?.Kind ?? ClusterKind.Blackhole,
            ConnectTimeout = resource?.ConnectTimeout ?? TimeSpan.FromSeconds(1),
            Endpoints = BuildEndpoints(name, endpoints, resource?.Identities ?? [], old.Config),
            Slot = _clusterSlots.Acquire(name),
            Protocol = resource?.Protocol ?? UpstreamProtocol.SameAsClient,
            Health = resource?.Health,
            MaxConnections = resource?.MaxConnections ?? 0,
            MaxPending = resource?.MaxPending ?? 0,
        };
        _clusters[name] = new BuiltCluster(config, resource, endpoints);
        return config;
    }

    private EndpointConfig[] BuildEndpoints(string cluster, EndpointsResource resource, string[] identities, ClusterConfig? old)
    {
        var before = new Dictionary<IPEndPoint, EndpointConfig>();
        foreach (var endpoint in old?.Endpoints ?? [])
        {
            before.Add(endpoint.Address, endpoint);
        }

        var endpoints = new EndpointConfig[resource.Endpoints.Length];
        for (var i = 0; i < endpoints.Length; i++)
        {
            ref readonly var info = ref resource.Endpoints[i];
            var expected = info.Mtls ? identities : [];
            endpoints[i] = before.Remove(info.Address, out var known) && SameEndpoint(known, info, expected)
                ? known
                : new EndpointConfig
                {
                    Slot = _endpointSlots.Acquire((cluster, info.Address)),
                    Address = info.Address,
                    Meshed = info.Meshed,
                    Mtls = info.Mtls,
                    Identities = expected,
                    Workload = info.Workload,
                    Version = info.Version,
                    Weight = info.Weight,
                    Draining = info.Draining,
                    IsChecked = info.IsChecked,
                    HealthPort = info.HealthPort,
                };
        }

        foreach (var address in before.Keys)
        {
            _endpointSlots.Release((cluster, address));
        }

        return endpoints;
    }

    private void ForgetUnused(ResourceTables tables, HashSet<string> used)
    {
        foreach (var (name, cluster) in _clusters)
        {
            if (!used.Contains(name))
            {
                _clusters.Remove(name);
                _clusterSlots.Release(name);
                foreach (var endpoint in cluster.Config.Endpoints)
                {
                    _endpointSlots.Release((name, endpoint.Address));
                }
            }
        }

        foreach (var name in _targets.Keys)
        {
            if (tables.Listeners.Serving(name) is null)
            {
                _targets.Remove(name);
                _listeners.Remove(name);
            }
        }
    }

    private readonly record struct BuiltCluster(ClusterConfig Config, ClusterResource? Resource, EndpointsResource Endpoints);
}
