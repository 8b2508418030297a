namespace Banyan.Model;

/// <summary>Objects and running instances in, xDS and conditions out. Pure and deterministic.</summary>
public static class MeshCompiler
{
    public static CompiledMesh Compile(IEnumerable<MeshObject> objects, IEnumerable<WorkloadInstance> instances) =>
        throw new NotSupportedException();
}
