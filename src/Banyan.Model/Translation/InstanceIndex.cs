namespace Banyan.Model;

/// <summary>Running replicas by the Workload that owns them, in order.</summary>
internal sealed class InstanceIndex
{
    private readonly SortedDictionary<(string Namespace, string Workload), List<WorkloadInstance>> _instances = [];

    public InstanceIndex(IEnumerable<WorkloadInstance> instances)
    {
        foreach (var instance in instances)
        {
            if (!_instances.TryGetValue((instance.Namespace, instance.Workload), out var list))
            {
                _instances.Add((instance.Namespace, instance.Workload), list = []);
            }

            list.Add(instance);
        }

        foreach (var list in _instances.Values)
        {
            list.Sort(static (a, b) => a.Replica.CompareTo(b.Replica));
        }
    }

    public IEnumerable<WorkloadInstance> All => _instances.Values.SelectMany(i => i);

    public IReadOnlyList<WorkloadInstance> Of(string scope, string workload) =>
        _instances.TryGetValue((scope, workload), out var list) ? list : [];
}
