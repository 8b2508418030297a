namespace Banyan.Model;

/// <summary>What differs between a mesh and the one that the same memory made before it.</summary>
/// <param name="From">The <see cref="CompiledMesh.Identity"/> of the one before.</param>
/// <param name="Resources">Resources that are new, different or gone.</param>
/// <param name="Nodes">Nodes whose listeners are new, different or gone.</param>
public sealed record MeshChanges(
    object From, IReadOnlyCollection<ResourceKey> Resources, IReadOnlyCollection<string> Nodes);
