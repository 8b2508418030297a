namespace Banyan.Model;

/// <summary>What the objects and instances come to. Immutable.</summary>
public sealed class CompiledMesh
{
    /// <summary>Names this mesh, for <see cref="MeshChanges.From"/>.</summary>
    public object Identity { get; } = new();

    /// <summary>
    /// What differs from the mesh that was compiled before with the same memory, so that nobody has to look for it;
    /// null when none was.
    /// </summary>
    public MeshChanges? Changes { get; init; }

    /// <summary>
    /// Resources that any node may ask for by name. Of one that has a scope too, its clients get that one.
    /// </summary>
    public required IReadOnlyDictionary<ResourceKey, XdsResource> Resources { get; init; }

    /// <summary>The resources that clients of a namespace may ask for by name: one for each type and name.</summary>
    public IEnumerable<XdsResource> ResourcesFor(string scope) => Resources.Values.Where(resource =>
        resource.Scope.Length == 0
            ? scope.Length == 0 || !Resources.ContainsKey(resource.Key with { Scope = scope })
            : resource.Scope == scope);

    /// <summary>
    /// Socket listeners of each node (node id → listeners, ordered by name): its answer to LDS <c>*</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, EquatableList<XdsResource>> NodeListeners { get; init; }

    /// <summary>Conditions of every object.</summary>
    public required IReadOnlyDictionary<ObjectKey, ObjectStatus> Statuses { get; init; }

    /// <summary>What does not refuse the set but will not do what was meant.</summary>
    public required EquatableList<Problem> Warnings { get; init; }
}
