namespace Banyan.Model;

/// <summary>
/// Which mode of mutual TLS holds at a port: that of the MutualTls that selects the workload, else of the one for its
/// whole namespace, else the Mesh's. Of two alike the oldest. Immutable.
/// </summary>
public sealed class MutualTlsModes
{
    private readonly MutualTlsMode _mesh;
    private readonly ILookup<string, MutualTls> _byNamespace;

    private MutualTlsModes(MutualTlsMode mesh, IEnumerable<MutualTls> objects)
    {
        _mesh = mesh;
        _byNamespace = objects
            .OrderBy(each => each.Spec.Selector.IsEmpty)
            .ThenBy(each => each.Metadata, Comparer<ObjectMeta>.Create(Age.Compare))
            .ToLookup(each => each.Metadata.Namespace, StringComparer.Ordinal);
    }

    /// <summary>What these objects say.</summary>
    public static MutualTlsModes Of(IEnumerable<MeshObject> objects)
    {
        var all = objects.ToList();
        return new MutualTlsModes(
            (all.OfType<Mesh>().FirstOrDefault()?.Spec ?? new MeshSpec()).MutualTls.Mode, all.OfType<MutualTls>());
    }

    /// <summary>The mode of a port.</summary>
    /// <param name="scope">Namespace of the workload behind it.</param>
    /// <param name="service">The service that is called.</param>
    /// <param name="workload">
    /// The workload behind it; null where nobody knows it: then what selects by version or labels holds if it is strict.
    /// </param>
    /// <param name="port">The port of the service.</param>
    public MutualTlsMode At(string scope, string service, Workload? workload, int port)
    {
        foreach (var each in _byNamespace[scope])
        {
            var mode = each.Spec.Ports.FirstOrDefault(exception => exception.Port == port)?.Mode ?? each.Spec.Mode;
            if (Selects(each.Spec.Selector, service, workload, mode))
            {
                return mode;
            }
        }

        return _mesh;
    }

    /// <summary>Conditions of all objects: what they select, and who was first.</summary>
    internal void Judge(IReadOnlyCollection<Workload> workloads, StatusBook book)
    {
        foreach (var group in _byNamespace)
        {
            Dictionary<(bool IsWide, Workload Workload), MutualTls> first = [];
            foreach (var each in group)
            {
                book.Add(each, "Accepted", isTrue: true, "Accepted", "");
                var selected = workloads.Where(workload => workload.Metadata.Namespace == group.Key
                    && Selects(each.Spec.Selector, workload.Spec.Service, workload, each.Spec.Mode)).ToList();
                if (selected.Count == 0)
                {
                    const string Message = "it selects no workload of its namespace, and has no effect";
                    book.Add(each, "Selects", isTrue: false, "NoWorkload", Message);
                    book.Warn(each, "spec.selector", Message);
                }

                var older = selected.Select(workload => (Workload: workload, Had: first.GetValueOrDefault(
                    (each.Spec.Selector.IsEmpty, workload)))).FirstOrDefault(pair => pair.Had is not null);
                if (older is { Had: { } had })
                {
                    var message = $"{had.Key} is older and selects {older.Workload.Metadata.Name} too: it holds there";
                    book.Add(each, "Conflicted", isTrue: true, "Conflicted", message);
                    book.Warn(each, "spec.selector", message);
                }

                foreach (var workload in selected)
                {
                    first.TryAdd((each.Spec.Selector.IsEmpty, workload), each);
                }
            }
        }
    }

    private static bool Selects(MutualTlsSelector selector, string service, Workload? workload, MutualTlsMode mode)
    {
        if (selector.Service.Length > 0 && selector.Service != service)
        {
            return false;
        }

        if (workload is null)
        {
            return (selector.Version.Length == 0 && selector.Labels.Count == 0) || mode == MutualTlsMode.Strict;
        }

        return (selector.Version.Length == 0 || selector.Version == workload.Spec.Version)
            && selector.Labels.All(
                label => workload.Metadata.Labels.TryGetValue(label.Key, out var value) && value == label.Value);
    }
}
