namespace Banyan.Model;

/// <summary>
/// What was compiled the last time and of what, so that a change costs what it touches. It never changes what comes
/// out.
/// </summary>
/// <remarks>
/// For one caller at a time. An input is taken for unchanged when it is the same object as the last time; equal ones
/// cost time and change nothing.
/// </remarks>
public sealed class CompileMemory
{
    private IncrementalCompiler _compiler = new();

    internal CompiledMesh Compile(MeshObject[] objects, WorkloadInstance[] instances, TokenKeys keys)
    {
        try
        {
            return _compiler.Compile(objects, instances, keys);
        }
        catch
        {
            // It stopped half way: the next time begins from nothing.
            _compiler = new IncrementalCompiler();
            throw;
        }
    }
}
