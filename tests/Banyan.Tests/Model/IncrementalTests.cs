using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>What is compiled step by step is what is compiled from nothing, whatever changes in whichever order.</summary>
public sealed class IncrementalTests
{
    private const int Steps = 120;

    // For each object, what it may say in turn.
    private static readonly EquatableList<MeshObject>[] Variants =
    [
        Of("kind: Mesh\napiVersion: banyan.dev/v1alpha1\nmetadata: {name: default}\nspec: {outbound: @}", "allow", "deny"),
        Of(
            "kind: Mesh\napiVersion: banyan.dev/v1alpha1\nmetadata: {name: default}\nspec: {pathNormalization: @}",
            "canonical",
            "off"),
        OfWorkload("a-v1", "service: a, version: v1, ports: [{name: http, port: 80}], @", "zone: r/z1", "zone: r/z2", "owner: x"),
        OfWorkload(
            "a-v2",
            "service: a, version: @, ports: [{name: http, port: 80}, {name: x, port: 81}]",
            "v2",
            "v3",
            "\"\""),
        OfWorkload("b-v1", "service: b, version: v1, @", "process: a-v1, ports: [{name: http, port: 80}]", "ports: [{name: grpc, port: 80}]"),
        OfWorkload(
            "c-v1",
            "service: c, version: v1, ports: [{name: @, port: 80}], addresses: [10.0.0.1], health: {http: /}",
            "http",
            "tcp",
            "tls"),
        OfWorkload("d", "service: d, ports: [{name: http, port: 80}], upstreams: [{service: @, port: 80, localPort: 7000}]", "a", "c", "none"),
        Of(
            "kind: Service\napiVersion: v1\nmetadata: {name: a}\nspec: {ports: [{name: @, port: 80}, {name: y, port: 82}]}",
            "http",
            "tcp",
            "tls"),
        Of(
            "kind: Service\napiVersion: v1\nmetadata: {name: s}\nspec: {selector: {app: @}, ports: [{name: http, port: 80}]}",
            "one",
            "two"),
        OfRoute("HTTPRoute", "r1", "a", "[{name: @, port: 80, weight: 9}, {name: b, port: 80}]", "a-v1", "a-v2", "gone"),
        OfRoute("HTTPRoute", "r2", "a", "[{name: @, port: 80}]", "b", "c"),
        OfRoute("TCPRoute", "r3", "c", "[{name: @, port: 80}]", "a", "b"),
        OfRoute("TLSRoute", "r4", "c", "[{name: @, port: 80}]", "c", "s"),
        OfRoute("GRPCRoute", "r5", "b", "[{name: @, port: 80}]", "a", "b"),
    ];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void TheMemoryNeverChangesTheResult(int seed)
    {
        var random = new Random(seed);
        var memory = new CompileMemory();
        var objects = new Dictionary<int, MeshObject>();
        var instances = new List<WorkloadInstance>();
        var before = MeshCompiler.Compile([], [], memory);
        for (var step = 0; step < Steps; step++)
        {
            for (var i = random.Next(3); i >= 0; i--)
            {
                if (random.Next(3) == 0)
                {
                    Change(random, objects);
                }
                else
                {
                    Change(random, instances);
                }
            }

            var now = MeshCompiler.Compile(objects.Values, instances, memory);
            var fresh = MeshCompiler.Compile(objects.Values, instances);
            Same(fresh, now);
            Assert.Same(before.Identity, now.Changes!.From);
            Assert.Equal(Differences(before, now), Told(now.Changes));
            before = now;
        }
    }

    [Fact]
    public void AnInstanceThatChangesTouchesNothingElse()
    {
        var memory = new CompileMemory();
        var objects = Variants.Where(each => each[0] is Workload).Select(each => each[0]).ToList();
        var instances = new List<WorkloadInstance> { Instance("a-v1", 0, 0), Instance("a-v2", 0, 1), Instance("d", 0, 2) };
        var before = MeshCompiler.Compile(objects, instances, memory);
        instances[1] = instances[1] with { State = InstanceState.Draining };
        var after = MeshCompiler.Compile(objects, instances, memory);
        Assert.Equal(
            ["a-v2.default:80", "a.default:80"],
            after.Changes!.Resources.Select(key => key.Name).Order(StringComparer.Ordinal));
        Assert.Empty(after.Changes.Nodes);

        // Resolving would have made new ones.
        Assert.Same(before.Statuses, after.Statuses);
    }

    [Fact]
    public void AfterAFailureTheMemoryBeginsAnew()
    {
        var memory = new CompileMemory();
        var objects = Variants[2];
        MeshCompiler.Compile(objects, [Instance("a-v1", 0, 0)], memory);
        Assert.ThrowsAny<Exception>(() => MeshCompiler.Compile(objects, [Instance("a-v1", 1, 1), null!], memory));
        Same(
            MeshCompiler.Compile(objects, [Instance("a-v1", 1, 1)]),
            MeshCompiler.Compile(objects, [Instance("a-v1", 1, 1)], memory));
    }

    private static void Change(Random random, Dictionary<int, MeshObject> objects)
    {
        var which = random.Next(Variants.Length);
        if (random.Next(4) == 0)
        {
            objects.Remove(which);
            return;
        }

        // Sometimes equal to what it was, and another object all the same.
        var one = Variants[which][random.Next(Variants[which].Count)];
        objects[which] = one with { Metadata = one.Metadata with { Generation = random.Next(2) } };
    }

    private static void Change(Random random, List<WorkloadInstance> instances)
    {
        var at = random.Next(instances.Count + 1);
        string[] workloads = ["a-v1", "a-v2", "b-v1", "d", "unknown"];
        switch (random.Next(4))
        {
            case 0 when at < instances.Count:
                instances.RemoveAt(at);
                break;
            case 1 when at < instances.Count:
                instances[at] = instances[at] with { State = (InstanceState)random.Next(3) };
                break;
            case 2 when at < instances.Count:
                instances[at] = Instance(instances[at].Workload, instances[at].Replica, random.Next(6));
                break;
            default:
                // Few replicas and few addresses: some meet, and a replica may be there twice.
                var workload = workloads[random.Next(workloads.Length)];
                instances.Insert(at, Instance(workload, random.Next(4), random.Next(6)));
                break;
        }
    }

    private static WorkloadInstance Instance(string workload, int replica, int address) => new()
    {
        Workload = workload,
        Replica = replica,
        State = InstanceState.Ready,
        Outbound = address == 5 ? "" : $"127.0.0.1:{20_000 + address}",
        Upstreams = workload == "d" ? [new InstanceUpstream { Service = "c", Port = 80, Local = "127.0.0.1:7000" }] : [],
        Ports =
        [
            .. (workload == "a-v1" ? ["a", "b"] : (string[])[workload[..1]]).Select(service => new InstancePort
            {
                Service = service,
                Name = "http",
                Port = 80,
                App = address == 4 ? "nowhere" : $"127.0.0.1:{21_000 + address}",
                Inbound = $"127.0.0.1:{22_000 + (replica * 10) + address}",
            }),
        ],
    };

    private static void Same(CompiledMesh expected, CompiledMesh actual)
    {
        Assert.Equal(Versions(expected), Versions(actual));
        Assert.Equal(Conditions(expected), Conditions(actual));
        Assert.Equal(expected.Warnings, actual.Warnings);
    }

    private static SortedDictionary<string, string> Versions(CompiledMesh mesh)
    {
        var versions = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, resource) in mesh.Resources)
        {
            versions.Add(key.ToString(), resource.Version);
        }

        foreach (var (node, listeners) in mesh.NodeListeners)
        {
            versions.Add(node, string.Join(' ', listeners.Select(each => $"{each.Name} {each.Version}")));
        }

        return versions;
    }

    private static IEnumerable<(ObjectKey, ObjectStatus)> Conditions(CompiledMesh mesh) =>
        mesh.Statuses.OrderBy(each => each.Key).Select(each => (each.Key, each.Value));

    private static IEnumerable<string> Differences(CompiledMesh before, CompiledMesh now)
    {
        var (old, fresh) = (Versions(before), Versions(now));
        return old.Keys.Union(fresh.Keys, StringComparer.Ordinal)
            .Where(key => old.GetValueOrDefault(key) != fresh.GetValueOrDefault(key))
            .Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Told(MeshChanges changes) =>
        changes.Resources.Select(key => key.ToString()).Concat(changes.Nodes).Order(StringComparer.Ordinal);

    private static EquatableList<MeshObject> OfWorkload(string name, string spec, params string[] words) =>
        Of($"kind: Workload\napiVersion: banyan.dev/v1alpha1\nmetadata: {{name: {name}, labels: {{app: one}}}}\nspec: {{{spec}}}", words);

    private static EquatableList<MeshObject> OfRoute(string kind, string name, string parent, string backends, params string[] words) =>
        Of(
            $"""
            kind: {kind}
            apiVersion: gateway.networking.k8s.io/{(kind[0] == 'T' ? "v1alpha2" : "v1")}
            metadata: {"{"}name: {name}{"}"}
            spec:
              parentRefs: [{"{"}group: "", kind: Service, name: {parent}, port: 80{"}"}]
              rules: [{"{"}backendRefs: {backends}{"}"}]
            """,
            words);

    private static EquatableList<MeshObject> Of(string text, params string[] words) =>
        [.. words.Select(word => Assert.Single(Read(text.Replace("@", word, StringComparison.Ordinal))))];

    // Problems that are told of the whole set are in order here: what is compiled is not always valid.
    private static EquatableList<MeshObject> Read(string text)
    {
        var result = ConfigReader.Read("f.yaml", text);
        Assert.Empty(result.Problems.Select(problem => problem.ToString()));
        return result.Objects;
    }
}
