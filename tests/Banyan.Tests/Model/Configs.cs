using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>Shorthand for tests on texts.</summary>
internal static class Configs
{
    public static EquatableList<MeshObject> Objects(string text, string path = "mesh.yaml")
    {
        var result = ConfigReader.Read(path, text);
        Assert.Empty(result.Problems.Concat(Validator.Check(result.Objects)).Select(p => p.ToString()));
        return result.Objects;
    }

    public static string[] Problems(string text, string path = "f.yaml")
    {
        var result = ConfigReader.Read(path, text);
        return [.. result.Problems.Concat(Validator.Check(result.Objects)).Select(p => p.ToString())];
    }

    public static CompiledMesh Compile(string text, params WorkloadInstance[] instances) => MeshCompiler.Compile(Objects(text), instances);

    public static WorkloadInstance Instance(string workload, int replica, int firstPort, params string[] services) => new()
    {
        Workload = workload,
        Replica = replica,
        State = InstanceState.Ready,
        Outbound = $"127.0.0.1:{firstPort}",
        Ports =
        [
            .. services.Select((s, i) => new InstancePort
            {
                Service = s,
                Name = "http",
                Port = 80,
                App = $"127.0.0.1:{firstPort + 1}",
                Inbound = $"127.0.0.1:{firstPort + 2 + i}",
            }),
        ],
    };
}
