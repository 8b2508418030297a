namespace Banyan.Model;

/// <summary>Finds what is spoken where: at a service's port, and at the port of a workload behind it.</summary>
internal sealed class PortIndex
{
    private readonly Dictionary<(string Namespace, string Name), ResolvedService> _services;
    private readonly Dictionary<WorkloadPlace, PortProtocol> _workloads = [];

    public PortIndex(Dictionary<(string Namespace, string Name), ResolvedService> services)
    {
        _services = services;

        // Of several services before one port the workload's own decides, then the first by name that declares one.
        foreach (var service in services.Values.OrderBy(each => each.Name, StringComparer.Ordinal))
        {
            foreach (var port in service.Ports.Where(each => each.Protocol != PortProtocol.Auto))
            {
                foreach (var backing in port.Backings)
                {
                    var place = new WorkloadPlace(service.Namespace, backing.Workload.Metadata.Name, backing.Port.Port);
                    if (backing.Workload.Spec.Service == service.Name)
                    {
                        _workloads[place] = port.Protocol;
                    }
                    else
                    {
                        _workloads.TryAdd(place, port.Protocol);
                    }
                }
            }
        }
    }

    /// <summary>The service's port; null when there is none.</summary>
    public ResolvedPort? Find(string scope, string service, int port) =>
        _services.TryGetValue((scope, service), out var found)
            ? Array.Find(found.Ports, each => each.Port == port)
            : null;

    /// <summary>What the workload's application speaks on the port that its service names.</summary>
    public PortProtocol Behind(Workload? workload, int port)
    {
        if (workload?.Spec.Ports.FirstOrDefault(each => each.Port == port) is not { } own)
        {
            return PortProtocol.Auto;
        }

        var place = new WorkloadPlace(workload.Metadata.Namespace, workload.Metadata.Name, port);
        return _workloads.TryGetValue(place, out var protocol)
            ? protocol
            : Protocols.Resolve(Protocols.Declared(own), [], port);
    }

    private readonly record struct WorkloadPlace(string Namespace, string Workload, int Port);
}
