using System.Collections.Immutable;
using Banyan.Model;

namespace Banyan.Control.Xds;

/// <summary>
/// Everything that is served, at one moment: shared resources by type and name, and the listeners of each node.
/// Immutable; the writer swaps it by one reference write. What did not change is shared with the view before.
/// </summary>
internal sealed class ResourceView
{
    private const string ApplicationPrefix = "app:";

    private static readonly ImmutableDictionary<string, EncodedResource> NoResources =
        ImmutableDictionary.Create<string, EncodedResource>(StringComparer.Ordinal);

    private static readonly Dictionary<string, EncodedResource> None = new(StringComparer.Ordinal);

    private readonly ImmutableDictionary<string, EncodedResource>[] _shared;

    /// <summary>Takes over the array and the dictionaries; nobody may change them afterwards.</summary>
    public ResourceView(
        string version,
        object? source,
        ImmutableDictionary<string, EncodedResource>[] shared,
        ImmutableDictionary<ResourceKey, EncodedResource> scoped,
        ImmutableDictionary<string, Dictionary<string, EncodedResource>> nodes)
    {
        Scoped = scoped;
        Version = version;
        Source = source;
        _shared = shared;
        Nodes = nodes;
    }

    /// <summary>The view of a control plane that has not loaded anything.</summary>
    public static ResourceView Empty { get; } = new(
        "0",
        null,
        [.. Enumerable.Repeat(NoResources, XdsTypeNames.Count)],
        ImmutableDictionary<ResourceKey, EncodedResource>.Empty,
        ImmutableDictionary.Create<string, Dictionary<string, EncodedResource>>(StringComparer.Ordinal));

    /// <summary>The version of the whole, for people (system_version_info).</summary>
    public string Version { get; }

    /// <summary>The identity of the mesh it was made of.</summary>
    public object? Source { get; }

    /// <summary>What clients of one namespace get in place of what is shared under the same name.</summary>
    public ImmutableDictionary<ResourceKey, EncodedResource> Scoped { get; }

    /// <summary>The nodes that have listeners, and those.</summary>
    public ImmutableDictionary<string, Dictionary<string, EncodedResource>> Nodes { get; }

    /// <summary>The shared resources of a type.</summary>
    public IReadOnlyDictionary<string, EncodedResource> Shared(XdsType type) => _shared[(int)type];

    /// <summary>The shared resources by type, in an array of the caller's own.</summary>
    public ImmutableDictionary<string, EncodedResource>[] Shared() => [.. _shared];

    /// <summary>The names of all resources of a mesh that are not of one node; it has no secrets.</summary>
    public IEnumerable<ResourceKey> Keys() =>
        _shared.Index().Where(each => each.Index != (int)XdsType.Secret).SelectMany(each => each.Item.Keys.Select(
            name => new ResourceKey(((XdsType)each.Index).Url(), name))).Concat(Scoped.Keys);

    /// <summary>Finds a shared resource in a flavour.</summary>
    /// <param name="type">Its type.</param>
    /// <param name="name">Its name.</param>
    /// <param name="flavour">For which data plane.</param>
    /// <param name="scope">The client's namespace.</param>
    public EncodedResource? Find(
        XdsType type, string name, Flavour flavour = Flavour.Banyan, string scope = "") =>
        (Scoped.IsEmpty || scope.Length == 0 ? null : Scoped.GetValueOrDefault(new(type.Url(), name, scope)))
            ?.In(flavour)
        ?? _shared[(int)type].GetValueOrDefault(name)?.In(flavour);

    /// <summary>Finds a listener of a node in a flavour.</summary>
    public EncodedResource? FindOwn(string node, string name, Flavour flavour) =>
        OfNode(node).GetValueOrDefault(name)?.In(flavour);

    /// <summary>
    /// Whether a cluster is for a node that asks for all: those of services are, and of those in front of
    /// applications the ones that its listeners lead to.
    /// </summary>
    public bool IsForNode(string node, string cluster) =>
        !cluster.StartsWith(ApplicationPrefix, StringComparison.Ordinal)
        || OfNode(node).Values.Any(listener => listener.Clusters.Contains(cluster, StringComparer.Ordinal));

    /// <summary>The listeners of a node; none when nothing runs under that id.</summary>
    public Dictionary<string, EncodedResource> OfNode(string node) => Nodes.GetValueOrDefault(node) ?? None;
}

/// <summary>A shared resource's identity.</summary>
internal readonly record struct TypedName(XdsType Type, string Name);

/// <summary>The names that are new, different or gone in a view.</summary>
internal sealed class ResourceChanges
{
    private readonly Dictionary<string, List<string>> _nodes = new(StringComparer.Ordinal);

    /// <summary>Shared resources.</summary>
    public List<TypedName> Shared { get; private set; } = [];

    /// <summary>Listeners, by node.</summary>
    public IReadOnlyDictionary<string, List<string>> Nodes => _nodes;

    /// <summary>Whether nothing differs.</summary>
    public bool IsEmpty => Shared.Count == 0 && _nodes.Count == 0;

    /// <summary>Adds what differs since.</summary>
    public void Add(ResourceChanges later)
    {
        Shared = Shared.Count == 0 ? later.Shared : [.. Shared.Union(later.Shared)];
        foreach (var (node, names) in later.Nodes)
        {
            var own = OfNode(node);
            own.AddRange(names.Except(own, StringComparer.Ordinal).ToList());
        }
    }

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
