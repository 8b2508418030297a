namespace Banyan.Model;

/// <summary>
/// What the objects alone come to: references bound, conditions, warnings. Who runs where has no part in it.
/// </summary>
internal sealed class ResolvedMesh
{
    private readonly Dictionary<(string Namespace, string Owner), List<(ResolvedService Service, ResolvedPort Port)>>
        _ports = [];

    private ResolvedMesh(
        MeshSpec spec,
        IReadOnlyList<Workload> workloads,
        Dictionary<(string Namespace, string Name), ResolvedService> services,
        PortIndex ports,
        RouteResolver routes,
        PolicyIndex policies)
    {
        Spec = spec;
        Workloads = workloads;
        Services = services.Values;
        Ports = ports;
        Routes = routes;
        Policies = policies;
        foreach (var service in services.Values)
        {
            foreach (var port in service.Ports)
            {
                Note(service, port);
            }
        }
    }

    public MeshSpec Spec { get; }

    public IReadOnlyList<Workload> Workloads { get; }

    public IReadOnlyCollection<ResolvedService> Services { get; }

    public PortIndex Ports { get; }

    public RouteResolver Routes { get; }

    /// <summary>Where plaintext is taken.</summary>
    public required MutualTlsModes Modes { get; init; }

    public PolicyIndex Policies { get; }

    /// <summary>What the issuers of tokens sign with.</summary>
    public required TokenKeys Keys { get; init; }

    /// <summary>Conditions of every object.</summary>
    public required IReadOnlyDictionary<ObjectKey, ObjectStatus> Statuses { get; init; }

    public required EquatableList<Problem> Warnings { get; init; }

    /// <summary>Binds the references of all objects; of two with the same key the first counts.</summary>
    public static ResolvedMesh Of(IEnumerable<MeshObject> objects, TokenKeys? keys = null)
    {
        keys ??= TokenKeys.None;
        var all = objects.DistinctBy(o => o.Key).OrderBy(o => o.Key).ToList();
        var workloads = all.OfType<Workload>().ToList();
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
        var mesh = all.OfType<Mesh>().FirstOrDefault() ?? new Mesh();
        var modes = MutualTlsModes.Of(all);
        modes.Judge(workloads, book);
        var policies = new PolicyIndex(all.OfType<AuthorizationPolicy>());
        policies.Judge(workloads, ports, keys, book);
        return new ResolvedMesh(mesh.Spec, workloads, services, ports, routes, policies)
        {
            Statuses = book.Statuses(all),
            Warnings = book.Warnings(),
            Modes = modes,
            Keys = keys,
        };
    }

    /// <summary>The service ports that have replicas of this Workload's process among their endpoints.</summary>
    public IReadOnlyList<(ResolvedService Service, ResolvedPort Port)> PortsOf(string scope, string owner) =>
        _ports.TryGetValue((scope, owner), out var ports) ? ports : [];

    private void Note(ResolvedService service, ResolvedPort port)
    {
        foreach (var (workload, _) in port.Backings)
        {
            var owner = (workload.Metadata.Namespace, workload.ProcessOwner);
            if (!_ports.TryGetValue(owner, out var list))
            {
                _ports.Add(owner, list = []);
            }

            // Several workloads of one process may stand behind it.
            if (list.Count == 0 || list[^1].Port != port)
            {
                list.Add((service, port));
            }
        }
    }
}
