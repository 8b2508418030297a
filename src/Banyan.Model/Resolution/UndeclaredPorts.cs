namespace Banyan.Model;

/// <summary>
/// Tells which ports declare no protocol: their first bytes have to tell it, which costs and can be wrong.
/// </summary>
internal static class UndeclaredPorts
{
    public static void Judge(
        IEnumerable<Workload> workloads, IEnumerable<ResolvedService> services, PortIndex ports, StatusBook book)
    {
        foreach (var workload in workloads)
        {
            Tell(
                workload,
                workload.Spec.Ports
                    .Select(port => port.Port)
                    .Where(port => ports.Behind(workload, port) == PortProtocol.Auto));
        }

        foreach (var service in services)
        {
            if (service.Written is { } written)
            {
                Tell(
                    written,
                    service.Ports.Where(port => port.Protocol == PortProtocol.Auto).Select(port => port.Port));
            }
        }

        void Tell(MeshObject item, IEnumerable<int> undeclared)
        {
            var list = string.Join(", ", undeclared);
            if (list.Length > 0)
            {
                book.Add(
                    item,
                    "ProtocolsDeclared",
                    isTrue: false,
                    "Undeclared",
                    $"no protocol is declared for {list}: the first bytes of each connection tell it");
            }
        }
    }
}
