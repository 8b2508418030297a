using Banyan.Model;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>Implied services, shared processes, references and the conditions they end in.</summary>
public sealed class ResolutionTests
{
    [Fact]
    public void WorkloadsImplyTheServiceAndItsVersions()
    {
        var mesh = Configs.Compile(Workload("pay-1", "pay", "v1") + Workload("pay-2", "pay", "v2"));
        Assert.Equal(["pay-v1.default:80", "pay-v2.default:80", "pay.default:80"], Clusters(mesh));
        Assert.Empty(mesh.Warnings);
    }

    [Fact]
    public void AWorkloadWithoutVersionImpliesOneService() =>
        Assert.Equal(["pay.default:80"], Clusters(Configs.Compile(Workload("pay", "pay", ""))));

    [Fact]
    public void PortsOfAllVersionsAreUnited()
    {
        var mesh = Configs.Compile(
            Workload("a", "pay", "v1", "{name: http, port: 80}, {name: http-admin, port: 81}") + Workload("b", "pay", "v2", "{name: http, port: 80}"),
            Instance("a", 20000, ("pay", 80), ("pay", 81)),
            Instance("b", 20100, ("pay", 80)));
        Assert.Equal(["127.0.0.1:20002", "127.0.0.1:20102"], Endpoints(mesh, "pay.default:80"));
        Assert.Equal(["127.0.0.1:20003"], Endpoints(mesh, "pay.default:81"));
        Assert.Equal(["127.0.0.1:20102"], Endpoints(mesh, "pay-v2.default:80"));
        Assert.False(mesh.Resources.ContainsKey(new ResourceKey(XdsTypes.Cluster, "pay-v2.default:81")));
    }

    [Fact]
    public void AWrittenServiceWinsOverAnImpliedOne()
    {
        var mesh = Configs.Compile(
            Workload("pay-1", "pay", "v1") + Service("pay-v1", "selector: {app: other}, ports: [{port: 80}]"),
            Instance("pay-1", 20000, ("pay", 80)));
        Assert.Empty(Endpoints(mesh, "pay-v1.default:80"));
        Assert.Equal(["127.0.0.1:20002"], Endpoints(mesh, "pay.default:80"));
        Assert.Equal("the implied Service default/pay-v1 has the name of the Service at mesh.yaml:6, which wins", Condition(mesh, "Workload", "pay-1", "Conflicted").Message);
        Assert.True(Condition(mesh, "Workload", "pay-1", "Conflicted").IsTrue);
        Assert.Equal("mesh.yaml:4:31: spec.version: the implied Service default/pay-v1 has the name of the Service at mesh.yaml:6, which wins", Assert.Single(mesh.Warnings).ToString());
    }

    [Fact]
    public void AWrittenServiceWithoutSelectorTakesTheWorkloadsOfItsName()
    {
        var mesh = Configs.Compile(
            Workload("pay-1", "pay", "v1") + Service("pay", "ports: [{name: http-x, port: 8080, targetPort: http}, {name: http, port: 80}]"),
            Instance("pay-1", 20000, ("pay", 80)));
        Assert.Equal(["127.0.0.1:20002"], Endpoints(mesh, "pay.default:8080"));
        Assert.Equal(["127.0.0.1:20002"], Endpoints(mesh, "pay.default:80"));
        Assert.False(Condition(mesh, "Workload", "pay-1", "Conflicted").IsTrue);
        Assert.Empty(mesh.Warnings);
    }

    [Fact]
    public void AWrittenServiceSelectsByLabels()
    {
        var mesh = Configs.Compile(
            Workload("pay-1", "pay", "v1", labels: "app: pay, tier: a")
                + Workload("pay-2", "pay", "v2", labels: "app: pay")
                + Service("front", "selector: {app: pay, tier: a}, ports: [{port: 80}]"),
            Instance("pay-1", 20000, ("pay", 80)),
            Instance("pay-2", 20100, ("pay", 80)));
        Assert.Equal(["127.0.0.1:20002"], Endpoints(mesh, "front.default:80"));
    }

    [Fact]
    public void OfTwoImpliedServicesTheOlderWins()
    {
        var mesh = Configs.Compile(
            Workload("new", "a", "b", created: "2021-01-01T00:00:00Z") + Workload("old", "a-b", "", created: "2020-01-01T00:00:00Z"),
            Instance("new", 20000, ("a", 80)),
            Instance("old", 20100, ("a-b", 80)));
        Assert.Equal(["127.0.0.1:20102"], Endpoints(mesh, "a-b.default:80"));
        Assert.True(Condition(mesh, "Workload", "new", "Conflicted").IsTrue);
        Assert.False(Condition(mesh, "Workload", "old", "Conflicted").IsTrue);
        Assert.Equal("mesh.yaml:4:29: spec.version: the implied Service default/a-b has the name of another implied Service, which wins", Assert.Single(mesh.Warnings).ToString());
    }

    [Fact]
    public void ASharedProcessServesEachOfItsServices()
    {
        var mesh = Configs.Compile(
            Workload("shop", "shop", "monolith") + Workload("pay-m", "pay", "monolith", extra: "process: shop, "),
            Instance("shop", 20000, ("shop", 80), ("pay", 80)));
        Assert.Equal(["127.0.0.1:20003"], Endpoints(mesh, "pay.default:80"));
        Assert.Equal(["127.0.0.1:20003"], Endpoints(mesh, "pay-monolith.default:80"));
        Assert.Equal(["127.0.0.1:20002"], Endpoints(mesh, "shop.default:80"));
        var inbound = Listener.Parser.ParseFrom(mesh.NodeListeners["default/shop/0"].First(l => l.Name == "inbound/pay.default:80").Any.Value);
        Assert.Equal("pay-m", inbound.Metadata.FilterMetadata["banyan.dev"].Fields["workload"].StringValue);
        Assert.Equal("monolith", inbound.Metadata.FilterMetadata["banyan.dev"].Fields["version"].StringValue);
    }

    [Fact]
    public void ASharedProcessElsewhereIsReachedThroughItsAddresses()
    {
        var mesh = Configs.Compile(
            Workload("shop", "shop", "m", "{name: http, port: 80, targetPort: 5000}", extra: "addresses: [10.0.0.7, '::1'], ")
                + Workload("pay-m", "pay", "m", "{name: http, port: 8080}", extra: "process: shop, "));
        Assert.Equal(["10.0.0.7:5000", "::1:5000"], Endpoints(mesh, "pay.default:8080"));
        Assert.False(First(mesh, "pay.default:8080").Metadata.FilterMetadata["banyan.dev"].Fields["meshed"].BoolValue);
    }

    [Theory]
    [InlineData("process: nowhere, ", "there is no Workload nowhere in namespace default")]
    [InlineData("process: third, ", "Workload third shares a process itself; name its owner shop")]
    [InlineData("process: other, ", "Workload other has no port named \"http\"")]
    public void AProcessThatIsNotThereIsACondition(string process, string message)
    {
        var mesh = Configs.Compile(
            Workload("shop", "shop", "m")
                + Workload("third", "third", "m", extra: "process: shop, ")
                + Workload("other", "other", "m", "{name: http-web, port: 80}")
                + Workload("pay-m", "pay", "m", extra: process));
        Assert.Equal(new Condition("ResolvedRefs", IsTrue: false, "RefNotFound", message, 0), Condition(mesh, "Workload", "pay-m", "ResolvedRefs"));
        Assert.Equal(message, Assert.Single(mesh.Warnings).Message);
    }

    [Fact]
    public void StartingInstancesGetNoRequestsAndDrainingOnesNoNewOnes()
    {
        var mesh = Configs.Compile(
            Workload("pay-1", "pay", "v1"),
            Instance("pay-1", 20000, ("pay", 80)) with { State = InstanceState.Starting },
            Instance("pay-1", 20100, ("pay", 80)) with { Replica = 1, State = InstanceState.Draining });
        var endpoint = First(mesh, "pay.default:80");
        Assert.Equal(HealthStatus.Draining, endpoint.HealthStatus);
        Assert.Equal(["127.0.0.1:20102"], Endpoints(mesh, "pay.default:80"));
        Assert.Equal(2, mesh.NodeListeners["default/pay-1/0"].Count);
    }

    [Fact]
    public void ZonesBecomeLocalities()
    {
        var mesh = Configs.Compile(
            Workload("a", "pay", "v1", extra: "zone: eu/a, ") + Workload("b", "pay", "v2", extra: "zone: eu/b, ") + Workload("c", "pay", "v3"),
            Instance("a", 20000, ("pay", 80)),
            Instance("b", 20100, ("pay", 80)),
            Instance("b", 20200, ("pay", 80)) with { Replica = 1 },
            Instance("c", 20300, ("pay", 80)));
        var localities = Assignment(mesh, "pay.default:80").Endpoints;
        Assert.Equal(["/ 1", "eu/a 1", "eu/b 2"], localities.Select(l => $"{l.Locality.Region}/{l.Locality.Zone} {l.LoadBalancingWeight}"));
    }

    [Fact]
    public void PortsThatAreNotTcpAreNotCarried()
    {
        var mesh = Configs.Compile(
            Service("x", "ports: [{name: a, port: 53, protocol: UDP}, {name: d, port: 53, protocol: TCP}, {name: s, port: 9, protocol: SCTP}]"));
        Assert.Equal(["x.default:53"], Clusters(mesh));
        Assert.Equal(
            [
                "mesh.yaml:4:47: spec.ports[0].protocol: port 53 is UDP, which is not carried",
                "mesh.yaml:4:118: spec.ports[2].protocol: port 9 is SCTP, which is not carried",
            ],
            mesh.Warnings.Select(warning => warning.ToString()));
    }

    private static string Workload(string name, string service, string version, string ports = "{name: http, port: 80}", string labels = "", string created = "2022-01-01T00:00:00Z", string extra = "") => $$"""
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: {{name}}, labels: { {{labels}} }, creationTimestamp: "{{created}}"}
        spec: {service: {{service}}{{(version.Length > 0 ? ", version: " + version : "")}}, {{extra}}ports: [{{ports}}]}
        ---

        """;

    private static string Service(string name, string spec) => $$"""
        apiVersion: v1
        kind: Service
        metadata: {name: {{name}}}
        spec: { {{spec}} }
        ---

        """;

    private static WorkloadInstance Instance(string workload, int firstPort, params (string Service, int Port)[] ports) => new()
    {
        Workload = workload,
        State = InstanceState.Ready,
        Outbound = $"127.0.0.1:{firstPort}",
        Ports = [.. ports.Select((p, i) => new InstancePort { Service = p.Service, Port = p.Port, App = $"127.0.0.1:{firstPort + 1}", Inbound = $"127.0.0.1:{firstPort + 2 + i}" })],
    };

    private static Condition Condition(CompiledMesh mesh, string kind, string name, string type) =>
        mesh.Statuses[new ObjectKey(kind, "default", name)].Conditions.Single(c => c.Type == type);

    private static ClusterLoadAssignment Assignment(CompiledMesh mesh, string name) =>
        ClusterLoadAssignment.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.ClusterLoadAssignment, name)].Any.Value);

    private static LbEndpoint First(CompiledMesh mesh, string name) => Assignment(mesh, name).Endpoints[0].LbEndpoints[0];

    private static string[] Endpoints(CompiledMesh mesh, string name) =>
        [.. Assignment(mesh, name).Endpoints.SelectMany(l => l.LbEndpoints).Select(e => $"{e.Endpoint.Address.SocketAddress.Address}:{e.Endpoint.Address.SocketAddress.PortValue}")];

    private static string[] Clusters(CompiledMesh mesh) =>
        [.. mesh.Resources.Keys.Where(k => k.TypeUrl == XdsTypes.Cluster && k.Name.Contains(".default:", StringComparison.Ordinal)).Select(k => k.Name).Order(StringComparer.Ordinal)];
}
