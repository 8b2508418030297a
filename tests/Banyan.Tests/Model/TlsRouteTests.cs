using Banyan.Model;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>TLSRoutes: connections by the name in their ClientHello, for callers by name and for those at a fixed port.</summary>
public sealed class TlsRouteTests
{
    private const string Services = """
        apiVersion: v1
        kind: Service
        metadata: {name: web}
        spec: {ports: [{name: tls, port: 443}, {name: any, port: 81}, {name: http, port: 80}, {name: tcp, port: 82}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: a}
        spec: {ports: [{name: https, port: 443}, {name: http, port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: b}
        spec: {ports: [{name: main, port: 443}]}
        ---

        """;

    private const string ToA = "{backendRefs: [{name: a, port: 443}]}";
    private const string ToB = "{backendRefs: [{name: b, port: 443}]}";

    private static readonly WorkloadInstance Caller = new()
    {
        Workload = "client",
        Outbound = "127.0.0.1:20000",
        Upstreams =
        [
            new InstanceUpstream { Service = "web", Port = 443, Local = "127.0.0.1:20001" },
            new InstanceUpstream { Service = "web", Port = 81, Local = "127.0.0.1:20002" },
        ],
    };

    public static TheoryData<string, string> Backends => new()
    {
        { "{name: a, port: 443}", "a.default:443" },
        { "{name: a, port: 443, weight: 90}, {name: b, port: 443, weight: 10}", "a.default:443 90, b.default:443 10" },
        { "{name: a, port: 443, weight: 0}, {name: b, port: 443}", "b.default:443 1" },
        { "{name: gone, port: 1}", "blackhole" },

        // Its sidecar would read the ClientHello as a request.
        { "{name: a, port: 80}", "blackhole" },
    };

    [Theory]
    [MemberData(nameof(Backends))]
    public void ConnectionsOfANameAreSpreadByWeight(string backends, string expected)
    {
        var mesh = Configs.Compile(Services + Route("r", $"{{backendRefs: [{backends}]}}", "[x.test, \"*.y.test\"]"), Caller);
        Assert.Equal($"default/r/0 tls x.test *.y.test: {expected}", Chains(Api(mesh, "web.default:443")));
        Assert.Equal($"default/r/0 tls x.test *.y.test: {expected}", Chains(Upstream(mesh, 443)));
        Assert.Equal("envoy.filters.listener.tls_inspector", Assert.Single(Upstream(mesh, 443).ListenerFilters).Name);

        // What is not TLS has no business on a port that declares it.
        Assert.Empty(Routes.Of(mesh, "web.default:443"));
    }

    [Fact]
    public void AnUndeclaredPortServesTheRestAsBefore()
    {
        var mesh = Configs.Compile(Services + Route("r", ToA, "[x.test]", "name: web, port: 81"), Caller);
        Assert.Equal("default/r/0 tls x.test: a.default:443", Chains(Api(mesh, "web.default:81")));
        Assert.Equal(" raw_buffer: , default/r/0 tls x.test: a.default:443", Chains(Upstream(mesh, 81)));
        Assert.Equal("web.default:81", Assert.Single(Routes.Of(mesh, "web.default:81")).Route_.Cluster);
        Assert.Empty(Api(mesh, "web.default:443").FilterChains);
    }

    [Theory]
    [InlineData("name: web", "443", "")]
    [InlineData("name: web, port: 81", "81", "")]
    [InlineData("name: web, port: 80", "", "spec.parentRefs[0]: Service default/web has no such TLS port")]
    [InlineData("name: web, port: 82", "", "spec.parentRefs[0]: Service default/web has no such TLS port")]
    public void TheParentsPortsAreThoseThatMaySpeakTls(string parent, string port, string warning)
    {
        var mesh = Configs.Compile(Services + Route("r", ToA, "[x.test]", parent));
        Assert.Equal(warning, Warnings(mesh));
        Assert.Equal(port, string.Join(' ', ((string[])["443", "81", "80", "82"]).Where(each => Api(mesh, $"web.default:{each}").FilterChains.Count > 0)));
    }

    [Fact]
    public void TheOldestRouteOfANameHasIt()
    {
        var mesh = Configs.Compile(Services
            + Route("young", ToA, "[x.test, y.test]", created: "2022-01-01T00:00:00Z")
            + Route("old", ToB, "[x.test, z.test]", created: "2021-01-01T00:00:00Z")
            + Route("late", ToB, "[y.test]", created: "2023-01-01T00:00:00Z"));
        Assert.Equal(
            "default/old/0 tls x.test z.test: b.default:443, default/young/0 tls y.test: a.default:443",
            Chains(Api(mesh, "web.default:443")));
        Assert.Equal(
            "spec.hostnames: port 443 has the TLSRoute default/old for x.test, which is older\n"
            + "spec.parentRefs[0]: port 443 has the TLSRoute default/young for y.test, which is older",
            Warnings(mesh));
        Assert.True(Accepted(mesh, "young").IsTrue);
        Assert.Equal((false, "Conflicted"), (Accepted(mesh, "late").IsTrue, Accepted(mesh, "late").Reason));
    }

    /// <summary>Kinds of routes are not merged: of TLSRoute and TCPRoute the first goes before the other.</summary>
    [Fact]
    public void ATlsRouteGoesBeforeATcpRoute()
    {
        var tcp = Route("t", ToB, "[]", "name: web, port: 443", created: "2001-01-01T00:00:00Z").Replace("TLSRoute", "TCPRoute", StringComparison.Ordinal)
            .Replace("  hostnames: []\n", "", StringComparison.Ordinal);
        var mesh = Configs.Compile(Services + tcp + Route("r", ToA, "[x.test]"));
        Assert.Equal("default/r/0 tls x.test: a.default:443", Chains(Api(mesh, "web.default:443")));
        Assert.Equal(
            "Conflicted", mesh.Statuses[new ObjectKey("TCPRoute", "default", "t")].Parents[0].Conditions[0].Reason);
    }

    [Fact]
    public void WithoutNamesItTakesWhatTheOthersLeave()
    {
        var mesh = Configs.Compile(Services + Route("all", ToA, "") + Route("x", ToB, "[x.test]"));
        Assert.Equal("default/all/0 tls: a.default:443, default/x/0 tls x.test: b.default:443", Chains(Api(mesh, "web.default:443")));
    }

    [Fact]
    public void OnlyTheFirstRuleHasAnEffect()
    {
        var mesh = Configs.Compile(Services + Route("r", $"{ToA}, {ToB}", "[x.test]"));
        Assert.Equal("default/r/0 tls x.test: a.default:443", Chains(Api(mesh, "web.default:443")));
        Assert.Equal("spec.rules[1]: has no effect: the first rule takes every connection", Warnings(mesh));
    }

    [Fact]
    public void AChangedRouteIsSeenWithTheMemory()
    {
        var memory = new CompileMemory();
        foreach (var name in (string[])["x.test", "y.test"])
        {
            var mesh = MeshCompiler.Compile(Configs.Objects(Services + Route("r", ToA, $"[{name}]")), [Caller], memory);
            Assert.Contains(name, Chains(Api(mesh, "web.default:443")), StringComparison.Ordinal);
            Assert.Contains(name, Chains(Upstream(mesh, 443)), StringComparison.Ordinal);
        }

        // And one that is gone.
        var without = MeshCompiler.Compile(Configs.Objects(Services), [Caller], memory);
        Assert.Empty(Api(without, "web.default:443").FilterChains);
        Assert.Equal(" : web.default:443", Chains(Upstream(without, 443)));
        Assert.Single(Routes.Of(without, "web.default:443"));
    }

    [Theory]
    [InlineData("[x.test]", ToA, "v1")]
    [InlineData("", ToA, "v1alpha2")]
    [InlineData("[x.test]", ToA + ", " + ToB, "v1alpha2")]
    public void IsWrittenInAVersionThatCanSayIt(string names, string rules, string version)
    {
        var route = Configs.Objects(Route("r", rules, names)).Single();
        var text = ObjectWriter.ToYaml(route);
        Assert.StartsWith($"apiVersion: gateway.networking.k8s.io/{version}\n", text, StringComparison.Ordinal);
        Assert.Equal(route, Configs.Objects(text).Single());
    }

    private static Condition Accepted(CompiledMesh mesh, string name) =>
        mesh.Statuses[new ObjectKey("TLSRoute", "default", name)].Parents[0].Conditions[0];

    private static Listener Api(CompiledMesh mesh, string name) =>
        Listener.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.Listener, name)].Any.Value);

    private static Listener Upstream(CompiledMesh mesh, int port) => Listener.Parser.ParseFrom(
        mesh.NodeListeners[Caller.NodeId].Single(each => each.Name == $"upstream/web.default:{port}").Any.Value);

    /// <summary>Each filter chain: name, condition, where its connections go.</summary>
    private static string Chains(Listener listener) => string.Join(", ", listener.FilterChains.Select(chain =>
    {
        var match = chain.FilterChainMatch;
        var condition = string.Join(' ', match?.ServerNames.Prepend(match.TransportProtocol) ?? []);
        var proxy = chain.Filters[0].Name.EndsWith("tcp_proxy", StringComparison.Ordinal)
            ? TcpProxy.Parser.ParseFrom(chain.Filters[0].TypedConfig.Value)
            : new TcpProxy();
        var clusters = proxy.WeightedClusters?.Clusters.Select(each => $"{each.Name} {each.Weight}") ?? [proxy.Cluster];
        return $"{chain.Name} {condition}: {string.Join(", ", clusters)}";
    }));

    private static string Warnings(CompiledMesh mesh) => string.Join(
        '\n', mesh.Warnings.Where(warning => !warning.Message.Contains("is HTTP", StringComparison.Ordinal)).Select(warning => $"{warning.Field}: {warning.Message}"));

    private static string Route(
        string name, string rules, string names, string parent = "name: web", string created = "2022-01-01T00:00:00Z") => $$"""
        apiVersion: gateway.networking.k8s.io/v1alpha2
        kind: TLSRoute
        metadata: {name: {{name}}, creationTimestamp: "{{created}}"}
        spec:
          parentRefs: [{group: "", kind: Service, {{parent}} }]
          hostnames: {{(names.Length > 0 ? names : "[]")}}
          rules: [{{rules}}]
        ---

        """;
}
