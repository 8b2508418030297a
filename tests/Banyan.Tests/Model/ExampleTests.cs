using Banyan.Model;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Model;

public sealed class ExampleTests
{
    /// <summary>Every YAML file among the examples is free of problems and warnings.</summary>
    [Fact]
    public void TheExamplesAreGood()
    {
        var files = Directory.GetFiles(Repository.File("examples"), "*.yaml", SearchOption.AllDirectories);
        Assert.NotEmpty(files);
        foreach (var file in files)
        {
            var name = Path.GetRelativePath(Repository.Root, file);
            var mesh = MeshCompiler.Compile(Configs.Objects(File.ReadAllText(file), name), []);
            Assert.Empty(mesh.Warnings.Select(w => w.ToString()));
        }
    }
}
