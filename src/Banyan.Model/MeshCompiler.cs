using Google.Protobuf;

namespace Banyan.Model;

/// <summary>Objects and running instances in, xDS and conditions out. Pure and deterministic.</summary>
/// <remarks>The objects should have passed <see cref="Validator.Check"/>; of two with the same key the first counts.</remarks>
public static class MeshCompiler
{
    public static CompiledMesh Compile(IEnumerable<MeshObject> objects, IEnumerable<WorkloadInstance> instances)
    {
        var all = objects.DistinctBy(o => o.Key).OrderBy(o => o.Key).ToList();
        var workloads = all.OfType<Workload>().ToList();
        var mesh = all.OfType<Mesh>().FirstOrDefault() ?? new Mesh();
        var running = new InstanceIndex(instances);
        var book = new StatusBook();

        MeshResolver.Resolve(all.OfType<Mesh>(), book);
        var services = ServiceResolver.Resolve(workloads, [.. all.OfType<Service>()], book);
        var routes = new RouteResolver(services, book);
        foreach (var route in all.OfType<HttpRoute>())
        {
            routes.Resolve(route);
        }

        var listeners = new ListenerTranslator(mesh.Spec, workloads);
        var resources = new Dictionary<ResourceKey, XdsResource>();
        AddServices(resources, services.Values, routes, listeners, new RouteTranslator(mesh.Spec), new EndpointTranslator(workloads, running));
        var nodes = AddNodes(resources, running, listeners);
        Add(resources, XdsTypes.Cluster, ClusterTranslator.Blackhole, ClusterTranslator.OfBlackhole());
        Add(resources, XdsTypes.Cluster, ClusterTranslator.External, ClusterTranslator.OfExternal());
        return new CompiledMesh
        {
            Resources = resources,
            NodeListeners = nodes,
            Statuses = book.Statuses(all),
            Warnings = book.Warnings(),
        };
    }

    private static void AddServices(
        Dictionary<ResourceKey, XdsResource> resources,
        IEnumerable<ResolvedService> services,
        RouteResolver routes,
        ListenerTranslator listeners,
        RouteTranslator configurations,
        EndpointTranslator endpoints)
    {
        foreach (var service in services)
        {
            foreach (var port in service.Ports)
            {
                if (!port.IsCarried)
                {
                    continue;
                }

                var name = ServiceNames.Resource(service.Name, service.Namespace, port.Port);
                Add(resources, XdsTypes.Listener, name, listeners.Api(name, service, port));
                Add(resources, XdsTypes.RouteConfiguration, name, configurations.Translate(name, routes.Attached.GetValueOrDefault(port)));
                Add(resources, XdsTypes.Cluster, name, ClusterTranslator.OfService(name, service));
                Add(resources, XdsTypes.ClusterLoadAssignment, name, endpoints.Translate(name, port));
            }
        }
    }

    private static Dictionary<string, EquatableList<XdsResource>> AddNodes(
        Dictionary<ResourceKey, XdsResource> resources, InstanceIndex running, ListenerTranslator listeners)
    {
        var nodes = new Dictionary<string, EquatableList<XdsResource>>(StringComparer.Ordinal);
        foreach (var instance in running.All)
        {
            nodes[instance.NodeId] = listeners.OfNode(instance)
                .Select(l => Encode.Resource(XdsTypes.Listener, l.Name, l))
                .ToEquatableList();
            foreach (var port in instance.Ports)
            {
                if (Encode.Address(port.App) is { } address)
                {
                    var name = ListenerTranslator.ApplicationCluster(port.App);
                    Add(resources, XdsTypes.Cluster, name, ClusterTranslator.OfApplication(name, address));
                }
            }
        }

        return nodes;
    }

    private static void Add(Dictionary<ResourceKey, XdsResource> resources, string typeUrl, string name, IMessage message) =>
        resources[new ResourceKey(typeUrl, name)] = Encode.Resource(typeUrl, name, message);
}
