using Google.Protobuf;

namespace Banyan.Model;

/// <summary>Makes resources of what is resolved and of who runs where, each by itself.</summary>
/// <remarks>
/// A resource whose inputs are those in the memory is taken from there. So everything that a translator looks at stands
/// among its inputs here.
/// </remarks>
internal sealed class MeshTranslation
{
    private readonly MeshSpec _mesh;
    private readonly ResolvedMesh _resolved;
    private readonly InstanceIndex _running;
    private readonly Memo<ResourceKey, XdsResource> _resources;
    private readonly Memo<string, EquatableList<XdsResource>> _nodes;
    private readonly ListenerTranslator _listeners;
    private readonly RouteTranslator _configurations;
    private readonly EndpointTranslator _endpoints;

    public MeshTranslation(
        ResolvedMesh resolved,
        InstanceIndex running,
        Memo<ResourceKey, XdsResource> resources,
        Memo<string, EquatableList<XdsResource>> nodes)
    {
        _mesh = resolved.Spec;
        _resolved = resolved;
        _running = running;
        _resources = resources;
        _nodes = nodes;
        _listeners = new ListenerTranslator(resolved);
        _configurations = new RouteTranslator(_mesh);
        _endpoints = new EndpointTranslator(resolved.Workloads, running, resolved.Ports);
    }

    /// <summary>What everybody may ask for and nobody configures.</summary>
    public IEnumerable<XdsResource> Fixed() =>
    [
        Make(XdsTypes.Cluster, ClusterTranslator.Blackhole, [], ClusterTranslator.OfBlackhole),
        Make(XdsTypes.ClusterLoadAssignment, ClusterTranslator.Blackhole, [], ClusterTranslator.NoEndpoints),
        Make(XdsTypes.Cluster, ClusterTranslator.External, [], ClusterTranslator.OfExternal),
    ];

    /// <summary>Listener, routes and cluster of a service port.</summary>
    public IEnumerable<XdsResource> Destination(ResolvedService service, ResolvedPort port)
    {
        var name = ServiceNames.Resource(service.Name, service.Namespace, port.Port);
        var attached = _resolved.Routes.Attached.GetValueOrDefault(port);
        yield return Make(
            XdsTypes.Listener, name, [_mesh, .. _listeners.Inputs(port)], () => _listeners.Api(name, service, port));
        yield return Make(
            XdsTypes.RouteConfiguration,
            name,
            [_mesh, port.Protocol, .. attached?.SelectMany(route => route.Inputs) ?? []],
            () => _configurations.Translate(name, port, attached));
        foreach (var (scope, routes) in _resolved.Routes.Consumers.GetValueOrDefault(port) ?? [])
        {
            yield return Make(
                XdsTypes.RouteConfiguration,
                name,
                [_mesh, port.Protocol, .. routes.SelectMany(route => route.Inputs)],
                () => _configurations.Translate(name, port, routes),
                scope);
        }

        yield return Cluster(service, port);
    }

    /// <summary>The cluster of a service port. How its endpoints are probed depends on whether any has no sidecar.</summary>
    public XdsResource Cluster(ResolvedService service, ResolvedPort port)
    {
        var name = ServiceNames.Resource(service.Name, service.Namespace, port.Port);
        var health = _endpoints.Health(port);
        var peers = _endpoints.Peers(port, _mesh.TrustDomain);
        return Make(
            XdsTypes.Cluster,
            name,
            [port.Protocol, health, peers],
            () => ClusterTranslator.OfService(name, service, port, health, peers));
    }

    /// <summary>The endpoints of a service port.</summary>
    public XdsResource Endpoints(ResolvedService service, ResolvedPort port)
    {
        var name = ServiceNames.Resource(service.Name, service.Namespace, port.Port);
        return Make(
            XdsTypes.ClusterLoadAssignment,
            name,
            [.. _endpoints.Inputs(port)],
            () => _endpoints.Translate(name, port));
    }

    /// <summary>The listeners of a replica's sidecar.</summary>
    public EquatableList<XdsResource> Listeners(WorkloadInstance instance) => _nodes.Get(
        instance.NodeId,
        [_mesh, instance, .. _listeners.Inputs(instance)],
        () => _listeners.OfNode(instance)
            .Select(listener => Encode.Resource(XdsTypes.Listener, listener.Name, listener))
            .ToEquatableList());

    /// <summary>The cluster of the application at an address; null when that is none, or nobody's.</summary>
    public XdsResource? Application(string application)
    {
        if (_running.AtApplication(application) is not { } instance || Encode.Address(application) is not { } address)
        {
            return null;
        }

        // A process behind several services: what one of them declares holds for all. Auto is the last.
        var protocol = instance.Ports.Where(port => port.App == application)
            .Min(port => _listeners.Protocol(instance, port));
        var name = ListenerTranslator.ApplicationCluster(application);
        var (health, port) = Health(instance);
        return Make(
            XdsTypes.Cluster,
            name,
            [protocol, health, port],
            () => ClusterTranslator.OfApplication(name, address, protocol, health, port));
    }

    /// <summary>How a replica is probed by its sidecar, and at which port; 0 = each at its own. One that starts is not:
    /// what it does not answer yet says nothing.</summary>
    private (HealthPlan? Health, int Port) Health(WorkloadInstance instance)
    {
        if (instance.State == InstanceState.Starting)
        {
            return (null, 0);
        }

        var owner = _endpoints.Find(instance.Namespace, instance.Workload);
        var plan = HealthPlan.Of(owner, _resolved.Ports);
        if (plan?.Port is not { } probed)
        {
            return (plan, 0);
        }

        var port = instance.Ports.FirstOrDefault(
            each => each.Service == owner!.Spec.Service && each.Port == probed.Port);
        return (plan, (int)(Encode.Address(port?.App ?? "")?.SocketAddress.PortValue ?? 0));
    }

    /// <summary>Makes a resource that follows from its name and the inputs alone.</summary>
    private XdsResource Make(
        string typeUrl, string name, ReadOnlySpan<object?> inputs, Func<IMessage> translate, string scope = "") =>
        _resources.Get(
            new ResourceKey(typeUrl, name, scope),
            inputs,
            () => Encode.Resource(typeUrl, name, translate(), scope));
}
