using System.Collections.Immutable;

namespace Banyan.Model;

/// <summary>A mesh in the making: the one before, with what differs.</summary>
internal sealed class MeshDraft
{
    private readonly CompiledMesh? _before;
    private readonly ResourceSet.Builder _resources;
    private readonly ImmutableDictionary<string, EquatableList<XdsResource>>.Builder _nodes;
    private readonly HashSet<ResourceKey> _changed = [];
    private readonly HashSet<string> _changedNodes = new(StringComparer.Ordinal);
    private HashSet<ResourceKey>? _seen;
    private HashSet<string>? _seenNodes;

    public MeshDraft(CompiledMesh? before)
    {
        _before = before;
        _resources = (before?.Resources as ResourceSet ?? ResourceSet.Empty).ToBuilder();
        _nodes = before?.NodeListeners is ImmutableDictionary<string, EquatableList<XdsResource>> nodes
            ? nodes.ToBuilder()
            : ImmutableDictionary.CreateBuilder<string, EquatableList<XdsResource>>(StringComparer.Ordinal);
    }

    /// <summary>From now on all is put that is to stay.</summary>
    public void BeginAll()
    {
        // Of nothing nothing is left over.
        if (_before is not null)
        {
            _seen = new HashSet<ResourceKey>(_before.Resources.Count);
            _seenNodes = new HashSet<string>(_nodes.Count, StringComparer.Ordinal);
        }
    }

    /// <summary>Removes what was not put since.</summary>
    public void EndAll()
    {
        if (_seen is null || _seenNodes is null)
        {
            return;
        }

        foreach (var key in _resources.Keys.Where(key => !_seen.Contains(key)).ToList())
        {
            Remove(key);
        }

        foreach (var node in _nodes.Keys.Where(node => !_seenNodes.Contains(node)).ToList())
        {
            Remove(node);
        }
    }

    public void Put(XdsResource resource)
    {
        var key = resource.Key;
        _seen?.Add(key);
        if (_resources.Put(resource) && _before is not null)
        {
            _changed.Add(key);
        }
    }

    public void Put(string node, EquatableList<XdsResource> listeners)
    {
        _seenNodes?.Add(node);
        if (!_nodes.TryGetValue(node, out var before) || !IsSame(before, listeners))
        {
            _nodes[node] = listeners;
            _changedNodes.Add(node);
        }
    }

    public void Remove(ResourceKey key)
    {
        if (_resources.Remove(key))
        {
            _changed.Add(key);
        }
    }

    public void Remove(string node)
    {
        if (_nodes.Remove(node))
        {
            _changedNodes.Add(node);
        }
    }

    /// <summary>The mesh, with what the objects come to.</summary>
    public CompiledMesh Finish(ResolvedMesh resolved) => new()
    {
        Resources = _resources.Build(),
        NodeListeners = _nodes.ToImmutable(),
        Statuses = resolved.Statuses,
        Warnings = resolved.Warnings,
        Changes = _before is null ? null : new MeshChanges(_before.Identity, _changed, _changedNodes),
    };

    // Versions are hashes of the content.
    private static bool IsSame(EquatableList<XdsResource> one, EquatableList<XdsResource> other)
    {
        if (ReferenceEquals(one, other))
        {
            return true;
        }

        var same = one.Count == other.Count;
        for (var i = 0; same && i < one.Count; i++)
        {
            same = one[i].Name == other[i].Name && one[i].Version == other[i].Version;
        }

        return same;
    }
}
