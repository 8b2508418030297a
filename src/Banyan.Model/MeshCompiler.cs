namespace Banyan.Model;

/// <summary>Objects and running instances in, xDS and conditions out. Pure and deterministic.</summary>
/// <remarks>
/// The objects should have passed <see cref="Validator.Check"/>; of two with the same key the first counts.
/// </remarks>
public static class MeshCompiler
{
    /// <summary>
    /// Compiles all; <paramref name="memory"/> makes the next time quicker and never changes the result.
    /// </summary>
    public static CompiledMesh Compile(
        IEnumerable<MeshObject> objects, IEnumerable<WorkloadInstance> instances, CompileMemory? memory = null) =>
        (memory ?? new CompileMemory()).Compile([.. objects], [.. instances]);
}
