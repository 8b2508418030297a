namespace Banyan.Model;

/// <summary>Replicas that are not among those of before, and those that were.</summary>
/// <remarks>
/// Both lists may hold the same replica, registered anew. Told by reference: the records are immutable, and who keeps
/// them keeps the same ones.
/// </remarks>
internal sealed record InstanceChanges(IReadOnlyList<WorkloadInstance> Gone, IReadOnlyList<WorkloadInstance> New)
{
    public static InstanceChanges Between(WorkloadInstance[] before, WorkloadInstance[] now)
    {
        // As a rule one of many thousand differs: what stands at both ends is the same.
        var shorter = Math.Min(before.Length, now.Length);
        var start = 0;
        while (start < shorter && ReferenceEquals(before[start], now[start]))
        {
            start++;
        }

        var end = 0;
        while (end < shorter - start && ReferenceEquals(before[^(end + 1)], now[^(end + 1)]))
        {
            end++;
        }

        var old = new HashSet<WorkloadInstance>(before[start..^end], ReferenceEqualityComparer.Instance);
        List<WorkloadInstance> added = [.. now[start..^end].Where(each => !old.Remove(each))];
        return new InstanceChanges([.. old], added);
    }
}
