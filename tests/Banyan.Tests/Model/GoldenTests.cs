using System.Text;
using System.Text.Json;
using Banyan.Model;
using Banyan.Rules;
using Banyan.Testing;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>Whole inputs and all they become. <c>BANYAN_GOLDEN=1</c> writes the outputs anew, to be read by a human.</summary>
public sealed class GoldenTests
{
    private static readonly JsonFormatter Formatter = new(JsonFormatter.Settings.Default.WithTypeRegistry(TypeRegistry.FromFiles(
        HttpConnectionManagerReflection.Descriptor,
        HttpProtocolOptionsReflection.Descriptor,
        RouterReflection.Descriptor,
        TlsInspectorReflection.Descriptor,
        TcpProxyReflection.Descriptor,
        Banyan.Xds.Forward.FilterConfigReflection.Descriptor)));

    public static TheoryData<string> Inputs =>
        [.. Directory.GetFiles(Folder, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    private static string Folder => Repository.File("tests", "Banyan.Tests", "Model", "Golden");

    [Theory]
    [MemberData(nameof(Inputs))]
    public void OutputIsAsRecorded(string name)
    {
        Check(name + ".golden.txt", Show(Compile(name)));
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public void ForeignFlavoursAreAsRecorded(string name)
    {
        var mesh = Compile(name);
        foreach (var flavour in (Flavour[])[Flavour.Grpc, Flavour.Envoy])
        {
            Check($"{name}.{flavour.Word()}.txt", Show(mesh, flavour));
        }
    }

    [Theory]
    [MemberData(nameof(Inputs))]
    public void EveryRouteConfigurationCompilesInTheProxy(string name)
    {
        var mesh = MeshCompiler.Compile(Configs.Objects(File.ReadAllText(Path.Combine(Folder, name + ".yaml"))), []);
        foreach (var resource in mesh.Resources.Values.Where(r => r.TypeUrl == XdsTypes.RouteConfiguration))
        {
            Assert.True(
                RouteTable.TryCompile(RouteConfiguration.Parser.ParseFrom(resource.Any.Value), out _, out var error),
                $"{resource.Name}: {error}");
        }
    }

    private static CompiledMesh Compile(string name)
    {
        var objects = Configs.Objects(File.ReadAllText(Path.Combine(Folder, name + ".yaml")), name + ".yaml");
        var instancesFile = Path.Combine(Folder, name + ".instances.json");
        return MeshCompiler.Compile(objects, File.Exists(instancesFile)
            ? JsonDocument.Parse(File.ReadAllText(instancesFile)).RootElement.EnumerateArray().Select(Instance).ToArray()
            : []);
    }

    private static void Check(string file, string actual)
    {
        var expectedFile = Path.Combine(Folder, file);
        if (Environment.GetEnvironmentVariable("BANYAN_GOLDEN") == "1")
        {
            File.WriteAllText(expectedFile, actual);
        }

        Assert.Equal(File.ReadAllText(expectedFile), actual, ignoreLineEndingDifferences: true);
    }

    /// <summary>What exists in another flavour, in the same form.</summary>
    private static string Show(CompiledMesh mesh, Flavour flavour)
    {
        var text = new StringBuilder();
        foreach (var resource in mesh.Resources.Values
            .OrderBy(r => r.TypeUrl, StringComparer.Ordinal).ThenBy(r => r.Name, StringComparer.Ordinal)
            .Concat(mesh.NodeListeners.OrderBy(n => n.Key, StringComparer.Ordinal).SelectMany(n => n.Value))
            .Select(resource => Foreign.Render(resource, flavour)).OfType<XdsResource>())
        {
            text.Append(resource.TypeUrl.Split('.')[^1]).Append(' ').Append(resource.Name).Append('\n')
                .Append("  ").Append(Show(resource)).Append('\n');
        }

        return text.ToString();
    }

    private static WorkloadInstance Instance(JsonElement element)
    {
        Assert.True(WorkloadInstance.TryParse(element.GetRawText(), out var instance, out var error), error);
        return instance;
    }

    /// <summary>One line a resource: what changes shows as a changed line.</summary>
    private static string Show(CompiledMesh mesh)
    {
        var text = new StringBuilder();
        foreach (var (key, resource) in mesh.Resources.OrderBy(r => r.Key.TypeUrl, StringComparer.Ordinal).ThenBy(r => r.Key.Name, StringComparer.Ordinal))
        {
            text.Append(key.TypeUrl.Split('.')[^1]).Append(' ').Append(key.Name).Append('\n').Append("  ").Append(Show(resource)).Append('\n');
        }

        foreach (var (node, listeners) in mesh.NodeListeners.OrderBy(n => n.Key, StringComparer.Ordinal))
        {
            text.Append("node ").Append(node).Append('\n');
            foreach (var listener in listeners)
            {
                text.Append("  ").Append(Show(listener)).Append('\n');
            }
        }

        foreach (var (key, status) in mesh.Statuses.OrderBy(s => s.Key))
        {
            text.Append("status ").Append(key).Append('\n');
            foreach (var line in status.Conditions.Select(c => Show(c, ""))
                .Concat(status.Parents.SelectMany(p => p.Conditions.Select(c => Show(c, $"{p.ParentRef.Kind} {p.ParentRef.Name}: ")))))
            {
                text.Append("  ").Append(line).Append('\n');
            }
        }

        foreach (var warning in mesh.Warnings)
        {
            text.Append("warning ").Append(warning).Append('\n');
        }

        return text.ToString();
    }

    private static string Show(Condition condition, string parent) =>
        $"{parent}{condition.Type}={(condition.IsTrue ? "True" : "False")} {condition.Reason}{(condition.Message.Length > 0 ? ": " + condition.Message : "")}";

    private static string Show(XdsResource resource)
    {
        IMessage message = resource.TypeUrl switch
        {
            XdsTypes.Listener => Listener.Parser.ParseFrom(resource.Any.Value),
            XdsTypes.RouteConfiguration => RouteConfiguration.Parser.ParseFrom(resource.Any.Value),
            XdsTypes.Cluster => Cluster.Parser.ParseFrom(resource.Any.Value),
            _ => ClusterLoadAssignment.Parser.ParseFrom(resource.Any.Value),
        };
        return Formatter.Format(message);
    }
}
