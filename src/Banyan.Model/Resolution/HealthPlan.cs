namespace Banyan.Model;

/// <summary>How a workload's process is probed.</summary>
/// <param name="Health">What the workload says.</param>
/// <param name="Port">The port of the workload that is probed; null = each port by itself.</param>
/// <param name="Http2">HTTP is asked with HTTP/2.</param>
internal sealed record HealthPlan(WorkloadHealth Health, WorkloadPort? Port, bool Http2)
{
    /// <summary>The plan of the process's owner; null when it has no health check, or no port to ask at.</summary>
    public static HealthPlan? Of(Workload? owner, PortIndex ports)
    {
        // "tcp: false" asks for nothing.
        if (owner?.Spec.Health is not { } health || owner.Spec.Ports.Count == 0
            || (health.Http.Length == 0 && !health.Tcp && health.Grpc is null))
        {
            return null;
        }

        if (health is { Tcp: true, Grpc: null })
        {
            return new HealthPlan(health, Port: null, Http2: false);
        }

        // The first port that says it speaks what is asked; where none does, the first.
        var wanted = health.Grpc is null
            ? (PortProtocol[])[PortProtocol.Http, PortProtocol.Http2, PortProtocol.Grpc]
            : [PortProtocol.Grpc, PortProtocol.Http2];
        var port = owner.Spec.Ports.FirstOrDefault(each => wanted.Contains(Behind(each))) ?? owner.Spec.Ports[0];
        return new HealthPlan(health, port, Behind(port) is PortProtocol.Http2 or PortProtocol.Grpc);

        PortProtocol Behind(WorkloadPort each) => ports.Behind(owner, each.Port);
    }
}
