namespace Banyan.Model;

/// <summary>What a text held.</summary>
/// <param name="Objects">The objects that could be read; incomplete when there are problems.</param>
/// <param name="Problems">Every mistake; one is enough to refuse the whole change set.</param>
/// <param name="SkippedKinds">Kubernetes kinds that this product does not read.</param>
public sealed record ReadResult(
    EquatableList<MeshObject> Objects,
    EquatableList<Problem> Problems,
    EquatableList<SkippedKind> SkippedKinds);

/// <summary>A kind that was skipped, and how often.</summary>
public sealed record SkippedKind(string ApiVersion, string Kind, int Count);
