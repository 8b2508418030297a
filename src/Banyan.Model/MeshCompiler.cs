namespace Banyan.Model;

/// <summary>Objects and running instances in, xDS and conditions out. Pure and deterministic.</summary>
/// <remarks>
/// The objects should have passed <see cref="Validator.Check"/>; of two with the same key the first counts.
/// </remarks>
public static class MeshCompiler
{
    /// <summary>
    /// Compiles all; <paramref name="memory"/> makes the next time quicker and never changes the result. Without
    /// <paramref name="keys"/> no token is accepted.
    /// </summary>
    public static CompiledMesh Compile(
        IEnumerable<MeshObject> objects,
        IEnumerable<WorkloadInstance> instances,
        CompileMemory? memory = null,
        TokenKeys? keys = null) =>
        (memory ?? new CompileMemory()).Compile([.. objects], [.. instances], keys ?? TokenKeys.None);
}
