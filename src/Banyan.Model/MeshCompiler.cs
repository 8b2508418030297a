using Google.Protobuf;

namespace Banyan.Model;

/// <summary>Objects and running instances in, xDS and conditions out. Pure and deterministic.</summary>
/// <remarks>
/// The objects should have passed <see cref="Validator.Check"/>; of two with the same key the first counts. Binding
/// and conditions are worked out anew each time; translating, encoding and hashing, which take most of the time, only
/// for what differs from what the memory holds. So everything that a translator looks at stands among its inputs here.
/// </remarks>
public static class MeshCompiler
{
    /// <summary>
    /// Compiles all; <paramref name="memory"/> makes the next time quicker and never changes the result.
    /// </summary>
    public static CompiledMesh Compile(
        IEnumerable<MeshObject> objects, IEnumerable<WorkloadInstance> instances, CompileMemory? memory = null)
    {
        memory ??= new CompileMemory();
        memory.BeginRound();
        var all = objects.DistinctBy(o => o.Key).OrderBy(o => o.Key).ToList();
        var workloads = all.OfType<Workload>().ToList();
        var mesh = all.OfType<Mesh>().FirstOrDefault() ?? new Mesh();
        var running = new InstanceIndex(instances);
        var book = new StatusBook();

        MeshResolver.Resolve(all.OfType<Mesh>(), book);
        var services = ServiceResolver.Resolve(workloads, [.. all.OfType<Service>()], book);
        var routes = new RouteResolver(services, book);
        foreach (var route in RouteForm.Of(all))
        {
            routes.Resolve(route);
        }

        var ports = new PortIndex(services);
        UndeclaredPorts.Judge(workloads, services.Values, ports, book);
        var round = new Round(mesh.Spec, workloads, running, ports, routes, memory);
        foreach (var service in services.Values)
        {
            round.Add(service);
        }

        foreach (var instance in running.All)
        {
            round.Add(instance);
        }

        round.Add(XdsTypes.Cluster, ClusterTranslator.Blackhole, [], ClusterTranslator.OfBlackhole);
        round.Add(XdsTypes.Cluster, ClusterTranslator.External, [], ClusterTranslator.OfExternal);
        return new CompiledMesh
        {
            Resources = round.Resources,
            NodeListeners = round.Nodes,
            Statuses = book.Statuses(all),
            Warnings = book.Warnings(),
        };
    }

    /// <summary>What one compilation puts together.</summary>
    private sealed class Round(
        MeshSpec mesh,
        List<Workload> workloads,
        InstanceIndex running,
        PortIndex ports,
        RouteResolver routes,
        CompileMemory memory)
    {
        private readonly ListenerTranslator _listeners = new(mesh, workloads, ports, routes);
        private readonly RouteTranslator _configurations = new(mesh);
        private readonly EndpointTranslator _endpoints = new(workloads, running);

        public Dictionary<ResourceKey, XdsResource> Resources { get; } = [];

        public Dictionary<string, EquatableList<XdsResource>> Nodes { get; } = new(StringComparer.Ordinal);

        public void Add(ResolvedService service)
        {
            foreach (var port in service.Ports)
            {
                var name = ServiceNames.Resource(service.Name, service.Namespace, port.Port);
                var attached = routes.Attached.GetValueOrDefault(port);
                Add(XdsTypes.Listener, name, [mesh, port.Protocol], () => _listeners.Api(name, service, port));
                Add(
                    XdsTypes.RouteConfiguration,
                    name,
                    [mesh, port.Protocol, .. attached?.SelectMany(route => route.Inputs) ?? []],
                    () => _configurations.Translate(name, port, attached));
                Add(XdsTypes.Cluster, name, [port.Protocol], () => ClusterTranslator.OfService(name, service, port));
                Add(
                    XdsTypes.ClusterLoadAssignment,
                    name,
                    [.. _endpoints.Inputs(port)],
                    () => _endpoints.Translate(name, port));
            }
        }

        public void Add(WorkloadInstance instance)
        {
            Nodes[instance.NodeId] = memory.Nodes.Get(
                instance.NodeId,
                [mesh, instance, .. _listeners.Inputs(instance)],
                () => _listeners.OfNode(instance)
                    .Select(listener => Encode.Resource(XdsTypes.Listener, listener.Name, listener))
                    .ToEquatableList());
            foreach (var application in instance.Ports.GroupBy(port => port.App, StringComparer.Ordinal))
            {
                if (Encode.Address(application.Key) is { } address)
                {
                    // A process behind several services: what one of them declares holds for all. Auto is the last.
                    var protocol = application.Min(port => _listeners.Protocol(instance, port));
                    var name = ListenerTranslator.ApplicationCluster(application.Key);
                    Add(
                        XdsTypes.Cluster,
                        name,
                        [protocol],
                        () => ClusterTranslator.OfApplication(name, address, protocol));
                }
            }
        }

        /// <summary>Adds a resource that follows from its name and the inputs alone.</summary>
        public void Add(string typeUrl, string name, ReadOnlySpan<object?> inputs, Func<IMessage> translate)
        {
            var key = new ResourceKey(typeUrl, name);
            Resources[key] = memory.Resources.Get(key, inputs, () => Encode.Resource(typeUrl, name, translate()));
        }
    }
}
