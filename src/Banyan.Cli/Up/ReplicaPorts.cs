using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>The ports of one replica, and what its application and the control plane are told of them.</summary>
internal sealed class ReplicaPorts
{
    private readonly ProcessPlan _plan;
    private readonly ReplicaPorts? _predecessor;
    private readonly Dictionary<WorkloadPort, int> _app = [];
    private readonly List<int> _owned = [];

    /// <summary>Takes all ports a replica needs.</summary>
    /// <param name="predecessor">What the replica has now and will have left before these are used: fixed ports may be its.</param>
    /// <exception cref="UserException">A fixed port is taken.</exception>
    public ReplicaPorts(ProcessPlan plan, PortAllocator allocator, ReplicaPorts? predecessor = null)
    {
        (_plan, _predecessor) = (plan, predecessor);
        foreach (var port in plan.Owner.Spec.Ports)
        {
            _app[port] = port.TargetPort == 0 ? Take(allocator) : TakeFixed(allocator, port.TargetPort, "targetPort");
        }

        OutboundPort = Take(allocator);
        Inbound =
        [
            .. plan.Workloads.Where(workload => workload.Spec.Service.Length > 0).SelectMany(
                workload => workload.Spec.Ports,
                (workload, port) => new InstancePort
                {
                    Service = workload.Spec.Service,
                    ServiceNamespace = workload.Metadata.Namespace,
                    Name = port.Name,
                    Port = port.Port,
                    App = Loopback(_app.GetValueOrDefault(plan.OwnerPort(port))),
                    Inbound = Loopback(Take(allocator)),
                }),
        ];
        Upstreams =
        [
            .. plan.Owner.Spec.Upstreams.Select(upstream => new InstanceUpstream
            {
                Service = upstream.Service.Contains('.') ? upstream.Service : $"{upstream.Service}.{plan.Owner.Metadata.Namespace}",
                Port = upstream.Port,
                Local = Loopback(
                    upstream.LocalPort == 0 ? Take(allocator) : TakeFixed(allocator, upstream.LocalPort, "localPort")),
            }),
        ];
        _predecessor = null;
    }

    public EquatableList<InstancePort> Inbound { get; private set; }

    public EquatableList<InstanceUpstream> Upstreams { get; }

    public int OutboundPort { get; }

    public string Outbound => Loopback(OutboundPort);

    /// <summary>The application's ports by name, the first one first; its PORT.</summary>
    public IReadOnlyList<(string Name, int Port)> App => [.. _plan.Owner.Spec.Ports.Select(port => (port.Name, _app[port]))];

    /// <summary>
    /// Chooses anew what a stranger has taken while the application was down. Fixed ports stay: the application says itself
    /// that it cannot have them.
    /// </summary>
    /// <returns>Whether anything changed.</returns>
    public bool ReplaceTaken(PortAllocator allocator)
    {
        var changed = false;
        foreach (var (port, number) in _app.ToArray())
        {
            if (port.TargetPort == 0 && !PortAllocator.IsFree(number))
            {
                var replacement = Take(allocator);
                Inbound = [.. Inbound.Select(entry => entry.App == Loopback(number) ? entry with { App = Loopback(replacement) } : entry)];
                _app[port] = replacement;
                changed = true;
            }
        }

        return changed;
    }

    /// <summary>Gives everything back that <paramref name="heir"/> does not have too.</summary>
    public void Release(PortAllocator allocator, ReplicaPorts? heir = null)
    {
        foreach (var port in _owned.Except(heir?._owned ?? []))
        {
            allocator.Release(port);
        }
    }

    private static string Loopback(int port) => $"127.0.0.1:{port}";

    private int Take(PortAllocator allocator)
    {
        var port = allocator.Take();
        _owned.Add(port);
        return port;
    }

    private int TakeFixed(PortAllocator allocator, int port, string field)
    {
        var isInherited = _predecessor?._owned.Contains(port) == true && !_owned.Contains(port);
        if (!isInherited && !allocator.TryTake(port))
        {
            Release(allocator, _predecessor);
            var hint = _plan.Run.Replicas > 1 ? "; with several replicas leave it 0" : "";
            throw new UserException(
                $"{_plan.Owner.File}:{_plan.Owner.Line}: Workload {_plan.Owner.Metadata.Name}: {field} {port} is in use{hint}");
        }

        _owned.Add(port);
        return port;
    }
}
