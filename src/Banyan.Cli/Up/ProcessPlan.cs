using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>A process to run: the Workload that owns it, and those that share it. Equal to another when nothing must be restarted.</summary>
internal sealed record ProcessPlan(Workload Owner, EquatableList<Workload> Guests)
{
    /// <summary>Namespace and name of the owner, as <see cref="Replica"/>s are named by.</summary>
    public string Id => $"{Owner.Metadata.Namespace}/{Owner.Metadata.Name}";

    public WorkloadRun Run => Owner.Spec.Run!;

    /// <summary>Every Workload of the process, the owner first.</summary>
    public IEnumerable<Workload> Workloads => [Owner, .. Guests];

    /// <summary>Whether <paramref name="other"/> differs in nothing but the number of replicas.</summary>
    public bool IsSameProcess(ProcessPlan other) =>
        Guests.Equals(other.Guests)
        && Owner.Metadata.Labels.Equals(other.Owner.Metadata.Labels)
        && (Owner.Spec with { Run = Run with { Replicas = 0 } }).Equals(other.Owner.Spec with { Run = other.Run with { Replicas = 0 } });

    /// <summary>Whether two replicas cannot run at the same time, because a port is the same for all.</summary>
    public bool HasFixedPort =>
        Owner.Spec.Ports.Any(port => port.TargetPort > 0) || Owner.Spec.Upstreams.Any(upstream => upstream.LocalPort > 0);

    /// <summary>The owner's port that a port of one of its Workloads means.</summary>
    public WorkloadPort OwnerPort(WorkloadPort port) =>
        Owner.Spec.Ports.FirstOrDefault(candidate => candidate.Name == port.Name && port.Name.Length > 0)
        ?? Owner.Spec.Ports.FirstOrDefault(candidate => candidate.Port == port.Port)
        ?? Owner.Spec.Ports.FirstOrDefault()
        ?? port;

    /// <summary>Folder that the command runs in: relative to the file that holds the Workload.</summary>
    public string Directory =>
        Path.GetFullPath(Run.Dir.Length == 0 ? "." : Run.Dir, Path.GetDirectoryName(Path.GetFullPath(Owner.File)) ?? "/");

    /// <summary>Whether the process plans are equal for those who compare records.</summary>
    public bool Equals(ProcessPlan? other) =>
        other is not null && IsSameProcess(other) && Run.Replicas == other.Run.Replicas && Id == other.Id;

    /// <inheritdoc/>
    public override int GetHashCode() => Id.GetHashCode(StringComparison.Ordinal);
}
