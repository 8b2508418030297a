using Banyan.Model;
using Banyan.Rules;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>TCPRoutes: connections by weight, for callers by name and for those at a fixed local port.</summary>
public sealed class TcpRouteTests
{
    private const string Services = """
        apiVersion: v1
        kind: Service
        metadata: {name: db}
        spec: {ports: [{name: tcp, port: 5432}, {name: any, port: 81}, {name: http, port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: db-1}
        spec: {ports: [{name: main, port: 5432}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: db-2}
        spec: {ports: [{name: main, port: 5432}]}
        ---

        """;

    private static readonly WorkloadInstance Caller = new()
    {
        Workload = "web",
        Outbound = "127.0.0.1:20000",
        Upstreams = [new InstanceUpstream { Service = "db", Port = 5432, Local = "127.0.0.1:20001" }],
    };

    public static TheoryData<string, string> Backends => new()
    {
        { "{name: db-1, port: 5432}", "db-1.default:5432" },
        { "{name: db-1, port: 5432, weight: 90}, {name: db-2, port: 5432, weight: 10}", "db-1.default:5432 90, db-2.default:5432 10" },
        { "{name: db-1, port: 5432, weight: 0}, {name: db-2, port: 5432}", "db-2.default:5432 1" },
        { "{name: db-1, port: 5432, weight: 0}", "blackhole" },
        { "{name: gone, port: 1}", "blackhole" },
        { "{name: db-1, port: 5432, weight: 3}, {name: gone, port: 1}", "db-1.default:5432 3, blackhole 1" },

        // A declared HTTP port takes connections as others do.
        { "{name: db, port: 80}", "db.default:80" },
    };

    [Theory]
    [MemberData(nameof(Backends))]
    public void ConnectionsAreSpreadByWeight(string backends, string expected)
    {
        var mesh = Configs.Compile(Services + Route("r", $"{{backendRefs: [{backends}]}}"), Caller);
        var route = Assert.Single(Routes.Of(mesh, "db.default:5432"));
        Assert.Equal(("default/r/0", "/"), (route.Name, route.Match.Prefix));
        Assert.Equal(expected, Targets(
            route.Route_.Cluster, route.Route_.WeightedClusters?.Clusters.Where(each => each.Weight > 0).Select(each => (each.Name, each.Weight ?? 0))));
        var proxy = Proxy(mesh);
        Assert.Equal(expected, Targets(proxy.Cluster, proxy.WeightedClusters?.Clusters.Select(each => (each.Name, each.Weight))));
    }

    [Fact]
    public void AFixedLocalPortLearnsOfAChangedRouteWithTheMemory()
    {
        var memory = new CompileMemory();
        foreach (var weight in (int[])[1, 2])
        {
            var text = Services + Route("r", $"{{backendRefs: [{{name: db-1, port: 5432, weight: {weight}}}, {{name: db-2, port: 5432}}]}}");
            var mesh = MeshCompiler.Compile(Configs.Objects(text), [Caller], memory);
            Assert.Equal((uint)weight, Proxy(mesh).WeightedClusters.Clusters[0].Weight);
        }

        // And of a backend that came or went, which leaves the route as it was.
        var objects = Configs.Objects(Services + Route("r", "{backendRefs: [{name: db-1, port: 5432}, {name: db-2, port: 5432}]}"));
        Assert.Equal("db-2.default:5432", Proxy(MeshCompiler.Compile(objects, [Caller], memory)).WeightedClusters.Clusters[1].Name);
        var fewer = objects.Where(item => item.Metadata.Name != "db-2");
        Assert.Equal("blackhole", Proxy(MeshCompiler.Compile(fewer, [Caller], memory)).WeightedClusters.Clusters[1].Name);
        Assert.Equal("db.default:5432", Proxy(MeshCompiler.Compile(objects.Where(item => item is not TcpRoute), [Caller], memory)).Cluster);
    }

    [Theory]
    [InlineData("name: db", "5432", "")]
    [InlineData("name: db, sectionName: any", "81", "")]
    [InlineData("name: db, port: 80", "", "spec.parentRefs[0]: Service default/db has no such TCP port")]
    public void TheParentsPortsAreThoseThatAreNotHttp(string parent, string port, string warning)
    {
        var mesh = Configs.Compile(Services + Route("r", "{name: x, backendRefs: [{name: db-1, port: 5432}]}", parent));
        Assert.Equal(warning, Warning(mesh));
        Assert.Equal(port, string.Join(' ', ((string[])["5432", "81", "80"]).Where(each => Routes.Of(mesh, $"db.default:{each}")[0].Name == "default/r/x")));
    }

    /// <summary>A port whose protocol nobody declares takes the TCPRoute for whatever is spoken.</summary>
    [Fact]
    public void AnUndeclaredPortHasOneRouteForEverything()
    {
        var mesh = Configs.Compile(Services + Route("r", "{name: x, backendRefs: [{name: db-1, port: 5432}]}", "name: db, port: 81"));
        Assert.Equal("default/r/x", Assert.Single(Routes.Of(mesh, "db.default:81")).Name);
    }

    [Fact]
    public void TheOldestOfSeveralTakesEveryConnection()
    {
        var mesh = Configs.Compile(Services
            + Route("a", "{name: x, backendRefs: [{name: db-1, port: 5432}]}", created: "2022-01-01T00:00:00Z")
            + Route("b", "{name: x, backendRefs: [{name: db-2, port: 5432}]}", created: "2021-01-01T00:00:00Z"));
        Assert.Equal("default/b/x", Assert.Single(Routes.Of(mesh, "db.default:5432")).Name);
        Assert.Equal(
            new Condition("Accepted", IsTrue: false, "Conflicted", "port 5432 has the TCPRoute default/b, which is older", 0),
            mesh.Statuses[new ObjectKey("TCPRoute", "default", "a")].Parents[0].Conditions[0]);
        Assert.True(mesh.Statuses[new ObjectKey("TCPRoute", "default", "b")].Parents[0].Conditions[0].IsTrue);
    }

    [Fact]
    public void OnlyTheFirstRuleHasAnEffect()
    {
        var mesh = Configs.Compile(Services + Route("r", "{backendRefs: [{name: db-1, port: 5432}]}, {backendRefs: [{name: db-2, port: 5432}]}"));
        Assert.Equal("db-1.default:5432", Assert.Single(Routes.Of(mesh, "db.default:5432")).Route_.Cluster);
        Assert.Equal("spec.rules[1]: has no effect: the first rule takes every connection", Warning(mesh));
    }

    [Fact]
    public void BothVersionsOfTheKindAreRead()
    {
        var text = Route("r", "{backendRefs: [{name: db-1, port: 5432}]}");
        var newer = Configs.Objects(text.Replace("v1alpha2", "v1", StringComparison.Ordinal)).Single();
        Assert.Equal(Configs.Objects(text).Single(), newer);
        Assert.StartsWith("apiVersion: gateway.networking.k8s.io/v1alpha2\n", ObjectWriter.ToYaml(newer), StringComparison.Ordinal);
    }

    private static string Targets(string cluster, IEnumerable<(string Name, uint Weight)>? weighted) =>
        weighted is null ? cluster : string.Join(", ", weighted.Select(each => $"{each.Name} {each.Weight}"));

    private static TcpProxy Proxy(CompiledMesh mesh)
    {
        var listener = Listener.Parser.ParseFrom(
            mesh.NodeListeners[Caller.NodeId].Single(each => each.Name == "upstream/db.default:5432").Any.Value);
        return TcpProxy.Parser.ParseFrom(listener.FilterChains[0].Filters[0].TypedConfig.Value);
    }

    private static string Warning(CompiledMesh mesh) =>
        string.Join('\n', mesh.Warnings.Select(warning => $"{warning.Field}: {warning.Message}"));

    private static string Route(string name, string rules, string parent = "name: db", string created = "2022-01-01T00:00:00Z") => $$"""
        apiVersion: gateway.networking.k8s.io/v1alpha2
        kind: TCPRoute
        metadata: {name: {{name}}, creationTimestamp: "{{created}}"}
        spec:
          parentRefs: [{group: "", kind: Service, {{parent}} }]
          rules: [{{rules}}]
        ---

        """;
}
