namespace Banyan.Model;

/// <summary>Running replicas by the Workload that owns them, and by the address of their application.</summary>
internal sealed class InstanceIndex
{
    private readonly Dictionary<(string Namespace, string Workload), List<WorkloadInstance>> _byOwner = [];
    private readonly Dictionary<string, List<WorkloadInstance>> _byApplication = new(StringComparer.Ordinal);

    public int Count { get; private set; }

    public IEnumerable<WorkloadInstance> All => _byOwner.Values.SelectMany(each => each);

    /// <summary>The addresses of all applications.</summary>
    public IEnumerable<string> Applications => _byApplication.Keys;

    /// <summary>The replicas of a Workload, by number.</summary>
    public IReadOnlyList<WorkloadInstance> Of(string scope, string workload) =>
        _byOwner.TryGetValue((scope, workload), out var list) ? list : [];

    /// <summary>The replica whose application has that address: of several the last by namespace, name, number.</summary>
    public WorkloadInstance? AtApplication(string address) =>
        _byApplication.TryGetValue(address, out var list) ? list[^1] : null;

    /// <summary>Adds a replica; false when one of that number is there.</summary>
    public bool Add(WorkloadInstance instance)
    {
        if (!Insert(_byOwner, (instance.Namespace, instance.Workload), instance))
        {
            return false;
        }

        Count++;
        foreach (var address in ApplicationsOf(instance))
        {
            Insert(_byApplication, address, instance);
        }

        return true;
    }

    /// <summary>Removes a replica that was added.</summary>
    public void Remove(WorkloadInstance instance)
    {
        if (!Remove(_byOwner, (instance.Namespace, instance.Workload), instance))
        {
            return;
        }

        Count--;
        foreach (var address in ApplicationsOf(instance))
        {
            Remove(_byApplication, address, instance);
        }
    }

    /// <summary>The addresses of its application, each once.</summary>
    public static IEnumerable<string> ApplicationsOf(WorkloadInstance instance) =>
        instance.Ports.Select(port => port.App).Distinct(StringComparer.Ordinal);

    private static bool Insert<TKey>(
        Dictionary<TKey, List<WorkloadInstance>> index, TKey key, WorkloadInstance instance)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out var list))
        {
            index.Add(key, list = new List<WorkloadInstance>(1));
        }

        var at = list.BinarySearch(instance, Order.Instance);
        if (at >= 0)
        {
            return false;
        }

        list.Insert(~at, instance);
        return true;
    }

    private static bool Remove<TKey>(
        Dictionary<TKey, List<WorkloadInstance>> index, TKey key, WorkloadInstance instance)
        where TKey : notnull
    {
        if (!index.TryGetValue(key, out var list)
            || list.BinarySearch(instance, Order.Instance) is var at && at < 0
            || !ReferenceEquals(list[at], instance))
        {
            return false;
        }

        list.RemoveAt(at);
        if (list.Count == 0)
        {
            index.Remove(key);
        }

        return true;
    }

    private sealed class Order : IComparer<WorkloadInstance>
    {
        public static readonly Order Instance = new();

        public int Compare(WorkloadInstance? x, WorkloadInstance? y)
        {
            var order = string.CompareOrdinal(x!.Namespace, y!.Namespace);
            order = order != 0 ? order : string.CompareOrdinal(x.Workload, y.Workload);
            return order != 0 ? order : x.Replica.CompareTo(y.Replica);
        }
    }
}
