using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Architecture;

/// <summary>The arrows between the projects: Wire ◄ Rules ► Xds; Proxy → these three; Rules ◄ Model ◄ Control ◄ Cli.</summary>
public sealed partial class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["Banyan.Wire"] = [],
        ["Banyan.Xds"] = [],
        ["Banyan.Rules"] = ["Banyan.Wire", "Banyan.Xds"],
        ["Banyan.Model"] = ["Banyan.Rules", "Banyan.Wire", "Banyan.Xds"],
        ["Banyan.Proxy"] = ["Banyan.Wire", "Banyan.Xds", "Banyan.Rules"],
        ["Banyan.Control"] = ["Banyan.Model", "Banyan.Rules", "Banyan.Wire", "Banyan.Xds"],
        ["Banyan.Cli"] = ["Banyan.Control", "Banyan.Model", "Banyan.Rules", "Banyan.Wire", "Banyan.Xds"],
    };

    /// <summary>What a project may use beside the base class library and its own arrows.</summary>
    private static readonly Dictionary<string, string[]> Libraries = new(StringComparer.Ordinal)
    {
        ["Banyan.Wire"] = [],
        ["Banyan.Xds"] = ["Google.Protobuf"],
        ["Banyan.Rules"] = ["Google.Protobuf"],
        ["Banyan.Model"] = ["Google.Protobuf", "YamlDotNet"],
        ["Banyan.Proxy"] = ["Google.Protobuf"],
    };

    public static TheoryData<string> Projects => [.. Allowed.Keys];

    [Fact]
    public void EveryProjectIsNamedHere() => Assert.Equal(
        Allowed.Keys.Order(StringComparer.Ordinal),
        Directory.GetFiles(Repository.File("src"), "*.csproj", SearchOption.AllDirectories)
            .Select(Path.GetFileNameWithoutExtension)
            .Order(StringComparer.Ordinal)!);

    [Theory]
    [MemberData(nameof(Projects))]
    public void AProjectFileHasOnlyItsArrows(string project)
    {
        var file = XDocument.Load(Repository.File("src", project, project + ".csproj"));
        var arrows = file.Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
        Assert.Empty(arrows.Except(Allowed[project], StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void AnAssemblyHasOnlyItsArrows(string project)
    {
        var arrows = ReferencesOf(project).Where(name => name.StartsWith("Banyan.", StringComparison.Ordinal));
        Assert.Empty(arrows.Except(Allowed[project], StringComparer.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void TheDataPlaneAndTheModelKeepLibrariesOut(string project)
    {
        if (!Libraries.TryGetValue(project, out var allowed))
        {
            return; // Control plane and command line are ordinary ASP.NET Core.
        }

        var others = ReferencesOf(project).Where(name =>
            !name.StartsWith("Banyan.", StringComparison.Ordinal) && !BaseClassLibrary().IsMatch(name));
        Assert.Empty(others.Except(allowed, StringComparer.Ordinal));
    }

    [GeneratedRegex(@"^(System($|\.)|Microsoft\.Win32\.|netstandard$|mscorlib$)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex BaseClassLibrary();

    private static List<string> ReferencesOf(string project)
    {
        var name = project switch { "Banyan.Proxy" => "banyan-proxy", "Banyan.Cli" => "banyan", _ => project };
        using var stream = File.OpenRead(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        using var image = new PEReader(stream);
        var metadata = image.GetMetadataReader();
        return
        [
            .. metadata.AssemblyReferences.Select(handle => metadata.GetString(metadata.GetAssemblyReference(handle).Name)),
        ];
    }
}
