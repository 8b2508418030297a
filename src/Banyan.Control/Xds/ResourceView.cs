namespace Banyan.Control.Xds;

/// <summary>
/// Everything that is served, at one moment: shared resources by type and name, and the listeners of each node.
/// Immutable; the writer swaps it by one reference write.
/// </summary>
internal sealed class ResourceView
{
    private static readonly Dictionary<string, EncodedResource> None = new(StringComparer.Ordinal);

    private readonly Dictionary<string, EncodedResource>[] _shared;
    private readonly Dictionary<string, Dictionary<string, EncodedResource>> _nodes;

    /// <summary>Takes over the dictionaries; nobody may change them afterwards.</summary>
    public ResourceView(
        string version,
        Dictionary<string, EncodedResource>[] shared,
        Dictionary<string, Dictionary<string, EncodedResource>> nodes)
    {
        Version = version;
        _shared = shared;
        _nodes = nodes;
    }

    /// <summary>The view of a control plane that has not loaded anything.</summary>
    public static ResourceView Empty { get; } =
        new(
            "0",
            [None, None, None, None],
            new Dictionary<string, Dictionary<string, EncodedResource>>(StringComparer.Ordinal));

    /// <summary>The version of the whole, for people (system_version_info).</summary>
    public string Version { get; }

    /// <summary>The nodes that have listeners.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, EncodedResource>> Nodes => _nodes;

    /// <summary>The shared resources of a type.</summary>
    public IReadOnlyDictionary<string, EncodedResource> Shared(XdsType type) => _shared[(int)type];

    /// <summary>Finds a shared resource.</summary>
    public EncodedResource? Find(XdsType type, string name) => _shared[(int)type].GetValueOrDefault(name);

    /// <summary>The listeners of a node; none when nothing runs under that id.</summary>
    public Dictionary<string, EncodedResource> OfNode(string node) => _nodes.GetValueOrDefault(node) ?? None;

    /// <summary>
    /// What differs from <paramref name="old"/>; entries of equal version are taken over from it, so that they stay
    /// encoded. Call once, before the view is published.
    /// </summary>
    public ResourceChanges AdoptFrom(ResourceView old)
    {
        var changes = new ResourceChanges();
        for (var i = 0; i < XdsTypeNames.Count; i++)
        {
            var type = (XdsType)i;
            Adopt(old._shared[i], _shared[i], name => changes.Shared.Add(new TypedName(type, name)));
        }

        foreach (var (node, listeners) in _nodes)
        {
            Adopt(old.OfNode(node), listeners, name => changes.OfNode(node).Add(name));
        }

        foreach (var (node, listeners) in old._nodes)
        {
            if (!_nodes.ContainsKey(node))
            {
                changes.OfNode(node).AddRange(listeners.Keys);
            }
        }

        return changes;
    }

    private static void Adopt(
        Dictionary<string, EncodedResource> old, Dictionary<string, EncodedResource> now, Action<string> changed)
    {
        List<EncodedResource>? same = null;
        foreach (var (name, resource) in now)
        {
            if (!old.TryGetValue(name, out var before) || before.Version != resource.Version)
            {
                changed(name);
            }
            else if (!ReferenceEquals(before, resource))
            {
                (same ??= []).Add(before);
            }
        }

        foreach (var resource in same ?? [])
        {
            now[resource.Name] = resource;
        }

        foreach (var name in old.Keys)
        {
            if (!now.ContainsKey(name))
            {
                changed(name);
            }
        }
    }
}

/// <summary>A shared resource's identity.</summary>
internal readonly record struct TypedName(XdsType Type, string Name);

/// <summary>The names that are new, different or gone in a view.</summary>
internal sealed class ResourceChanges
{
    private readonly Dictionary<string, List<string>> _nodes = new(StringComparer.Ordinal);

    /// <summary>Shared resources.</summary>
    public List<TypedName> Shared { get; } = [];

    /// <summary>Listeners, by node.</summary>
    public IReadOnlyDictionary<string, List<string>> Nodes => _nodes;

    /// <summary>Whether nothing differs.</summary>
    public bool IsEmpty => Shared.Count == 0 && _nodes.Count == 0;

    /// <summary>The list of a node, made when missing.</summary>
    public List<string> OfNode(string node)
    {
        if (!_nodes.TryGetValue(node, out var names))
        {
            _nodes[node] = names = [];
        }

        return names;
    }
}
