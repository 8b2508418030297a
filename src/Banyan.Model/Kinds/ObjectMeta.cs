namespace Banyan.Model;

/// <summary>The parts of Kubernetes ObjectMeta that mean something here; the others are read and left aside.</summary>
public sealed record ObjectMeta
{
    /// <summary>Namespace of objects that name none.</summary>
    public const string DefaultNamespace = "default";

    public string Name { get; init; } = "";

    public string Namespace { get; init; } = DefaultNamespace;

    public EquatableMap Labels { get; init; } = EquatableMap.Empty;

    public EquatableMap Annotations { get; init; } = EquatableMap.Empty;

    public string Uid { get; init; } = "";

    public string ResourceVersion { get; init; } = "";

    /// <summary>Counts changes of the spec; conditions carry it as observedGeneration.</summary>
    public long Generation { get; init; }

    /// <summary>When the object first existed; older routes win ties.</summary>
    public DateTimeOffset? CreationTimestamp { get; init; }
}
