using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>Describes a running mesh.</summary>
internal static class ReportBuilder
{
    public static MeshReport Build(
        StatePaths state, string api, string xds, SupervisedProcess control, IReadOnlyList<ReplicaGroup> groups)
    {
        List<ProcessReport> processes = [Describe(control, "control", null)];
        foreach (var replica in groups.SelectMany(group => group.Replicas))
        {
            if (replica.HasSidecar)
            {
                processes.Add(Describe(replica.Sidecar, "sidecar", $"http://{replica.Ports.Outbound}"));
            }

            processes.Add(Describe(replica.App, "application", null));
        }

        return new MeshReport
        {
            State = state.Folder,
            Pid = Environment.ProcessId,
            Ready = processes.TrueForAll(process => process.State == "ready")
                && groups.All(group => group.Replicas.Count == group.Plan.Run.Replicas),
            Api = $"http://{api}",
            Xds = xds,
            Socket = state.ControlSocket,
            Services = Services(groups),
            Processes = processes,
        };
    }

    private static List<ServiceReport> Services(IReadOnlyList<ReplicaGroup> groups)
    {
        var endpoints =
            from replica in groups.SelectMany(entry => entry.Replicas)
            let instance = replica.Describe()
            from port in instance.Ports
            let workload = replica.Plan.Workloads.First(workload => workload.Spec.Service == port.Service)
            select (port, scheme: Scheme(replica.Plan, workload, port), endpoint: new EndpointReport(
                instance.NodeId,
                workload.Spec.Version,
                instance.State.ToString().ToLowerInvariant(),
                port.Inbound,
                port.App));
        return
        [
            .. endpoints
                .GroupBy(entry => (entry.port.Service, entry.port.ServiceNamespace, entry.port.Port))
                .OrderBy(group => group.Key.ServiceNamespace, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Service, StringComparer.Ordinal)
                .ThenBy(group => group.Key.Port)
                .Select(group => new ServiceReport(
                    group.Key.Service,
                    group.Key.ServiceNamespace,
                    group.Key.Port,
                    Url(group.First().scheme, $"{group.Key.Service}.{group.Key.ServiceNamespace}", group.Key.Port),
                    [.. group.Select(entry => entry.endpoint)])),
        ];
    }

    private static string Scheme(ProcessPlan plan, Workload workload, InstancePort port)
    {
        var own = workload.Spec.Ports.First(candidate => candidate.Port == port.Port);
        var scheme = PortUrl.Scheme(own);

        // A guest's port is one of its host, which may say more.
        return scheme.Length > 0 ? scheme : PortUrl.Scheme(plan.OwnerPort(own));
    }

    private static string Url(string scheme, string name, int port) =>
        scheme == "http://" ? $"{scheme}{name}{(port == 80 ? "" : $":{port}")}/" : $"{scheme}{name}:{port}";

    private static ProcessReport Describe(SupervisedProcess process, string role, string? outbound) => new(
        process.Name,
        role,
        process.State.ToString().ToLowerInvariant(),
        process.Pid,
        process.Restarts,
        process.State == ProcessState.Ready ? null : process.Trouble,
        outbound);
}
