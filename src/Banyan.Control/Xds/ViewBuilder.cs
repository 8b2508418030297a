using System.Collections.Immutable;
using Banyan.Model;

namespace Banyan.Control.Xds;

/// <summary>From what the model compiled to what is served.</summary>
internal static class ViewBuilder
{
    /// <summary>
    /// Makes the view that follows <paramref name="before"/>, and tells what differs. What is the same is taken over,
    /// and stays encoded; nothing new is encoded before somebody asks.
    /// </summary>
    /// <remarks>
    /// Looks at no more than what the compiler says has changed since the mesh of the view before; at everything only
    /// when that is not known.
    /// </remarks>
    public static (ResourceView View, ResourceChanges Changes) Build(
        CompiledMesh mesh, string version, ResourceView before)
    {
        var known = mesh.Changes is { } told && ReferenceEquals(told.From, before.Source) ? told : null;
        var changes = new ResourceChanges();
        var shared = before.Shared();
        var scoped = before.Scoped;
        foreach (var key in known?.Resources ?? [.. mesh.Resources.Keys, .. before.Keys()])
        {
            if (!XdsTypeNames.TryParse(key.TypeUrl, out var type))
            {
                throw new InvalidOperationException($"{key.Name} is of a type that is not served: {key.TypeUrl}");
            }

            var now = mesh.Resources.GetValueOrDefault(key);
            var differs = key.Scope.Length == 0
                ? Change(ref shared[(int)type], key.Name, now)
                : Change(ref scoped, key, now);
            var name = new TypedName(type, key.Name);

            // All who asked for the name look again: who has another scope finds what he has.
            if (differs && !(key.Scope.Length > 0 && changes.Shared.Contains(name)))
            {
                changes.Shared.Add(name);
            }
        }

        var nodes = before.Nodes;
        foreach (var node in known?.Nodes ?? [.. mesh.NodeListeners.Keys, .. before.Nodes.Keys])
        {
            nodes = Node(mesh, node, nodes, changes);
        }

        return (new ResourceView(version, mesh.Identity, shared, scoped, nodes), changes);
    }

    /// <summary>Makes the view in which these secrets are the only ones, and tells what differs.</summary>
    public static (ResourceView View, ResourceChanges Changes) Build(
        IReadOnlyList<XdsResource> secrets, ResourceView before)
    {
        const int Secrets = (int)XdsType.Secret;
        var changes = new ResourceChanges();
        var shared = before.Shared();
        var names = shared[Secrets].Keys.Concat(secrets.Select(each => each.Name));
        foreach (var name in names.Distinct(StringComparer.Ordinal).ToList())
        {
            if (Change(ref shared[Secrets], name, secrets.FirstOrDefault(each => each.Name == name)))
            {
                changes.Shared.Add(new TypedName(XdsType.Secret, name));
            }
        }

        return (new ResourceView(before.Version, before.Source, shared, before.Scoped, before.Nodes), changes);
    }

    private static bool Change<TKey>(
        ref ImmutableDictionary<TKey, EncodedResource> resources, TKey key, XdsResource? now)
        where TKey : notnull
    {
        var (resource, differs) = Next(resources.GetValueOrDefault(key), now);
        if (differs)
        {
            resources = resource is null ? resources.Remove(key) : resources.SetItem(key, resource);
        }

        return differs;
    }

    private static ImmutableDictionary<string, Dictionary<string, EncodedResource>> Node(
        CompiledMesh mesh,
        string node,
        ImmutableDictionary<string, Dictionary<string, EncodedResource>> nodes,
        ResourceChanges changes)
    {
        var old = nodes.GetValueOrDefault(node) ?? [];
        var own = new Dictionary<string, EncodedResource>(StringComparer.Ordinal);
        foreach (var listener in mesh.NodeListeners.GetValueOrDefault(node) ?? [])
        {
            var now = Next(old.GetValueOrDefault(listener.Name), listener);
            own[listener.Name] = now.Resource!;
            if (now.Differs)
            {
                changes.OfNode(node).Add(listener.Name);
            }
        }

        foreach (var gone in old.Keys.Where(name => !own.ContainsKey(name)))
        {
            changes.OfNode(node).Add(gone);
        }

        return mesh.NodeListeners.ContainsKey(node) ? nodes.SetItem(node, own) : nodes.Remove(node);
    }

    private static (EncodedResource? Resource, bool Differs) Next(EncodedResource? before, XdsResource? now) =>
        before?.Version == now?.Version
            ? (before, false)
            : (now is null ? null : new EncodedResource(now), true);
}
