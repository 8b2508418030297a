namespace Banyan.Model;

/// <summary>What the objects and instances come to. Immutable.</summary>
public sealed class CompiledMesh
{
    /// <summary>Resources that any node may ask for by name.</summary>
    public required IReadOnlyDictionary<ResourceKey, XdsResource> Resources { get; init; }

    /// <summary>
    /// Socket listeners of each node (node id → listeners, ordered by name): its answer to LDS <c>*</c>.
    /// </summary>
    public required IReadOnlyDictionary<string, EquatableList<XdsResource>> NodeListeners { get; init; }

    /// <summary>Conditions of every object.</summary>
    public required IReadOnlyDictionary<ObjectKey, ObjectStatus> Statuses { get; init; }

    /// <summary>What does not refuse the set but will not do what was meant.</summary>
    public required EquatableList<Problem> Warnings { get; init; }
}
