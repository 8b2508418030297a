using Banyan.Model;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>Health checks: in the cluster of an application for its own sidecar, in the Service's for endpoints without one.</summary>
public sealed class HealthTests
{
    public static TheoryData<string, string, string> Checks => new()
    {
        { "http: /healthz", "{name: main, port: 80}", "GET /healthz 200-300 100-600 at 0" },
        { "http: /healthz", "{name: main, port: 80, protocol: http2}", "GET2 /healthz 200-300 100-600 at 0" },
        { "http: /healthz", "{name: tcp, port: 81}, {name: http, port: 80}", "GET /healthz 200-300 100-600 at 20002" },
        { "grpc: \"\"", "{name: http, port: 80}, {name: grpc, port: 81}", "Check \"\" at 20002" },
        { "grpc: shop", "{name: main, port: 80}", "Check \"shop\" at 0" },
        { "tcp: true", "{name: a, port: 80}, {name: b, port: 81}", "connect at 0" },
        { "tcp: false", "{name: a, port: 80}", "" },
    };

    [Theory]
    [MemberData(nameof(Checks))]
    public void ASidecarProbesItsOwnApplication(string health, string ports, string expected)
    {
        var mesh = Configs.Compile(Workload("run: {command: x}", ports, $"{health}, interval: 2s, timeout: 300ms, unhealthyAfter: 4, healthyAfter: 5"), Instance(ports, InstanceState.Ready));
        var cluster = Cluster(mesh, "app:127.0.0.1:20001");
        Assert.Equal(expected, Show(cluster, cluster.LoadAssignment.Endpoints[0].LbEndpoints[0].Endpoint));
        if (expected.Length > 0)
        {
            var check = cluster.HealthChecks[0];
            Assert.Equal(("2s", "0.300s", 4u, 5u), (Text(check.Interval), Text(check.Timeout), check.UnhealthyThreshold, check.HealthyThreshold));
        }

        // Its callers do not probe it as well.
        Assert.Empty(Cluster(mesh, "web.default:80").HealthChecks);
        Assert.Empty(mesh.Warnings);
    }

    [Fact]
    public void AReplicaThatStartsIsNotProbed()
    {
        const string Ports = "{name: http, port: 80}";
        var mesh = Configs.Compile(Workload("run: {command: x}", Ports, "tcp: true"), Instance(Ports, InstanceState.Starting));
        Assert.Empty(Cluster(mesh, "app:127.0.0.1:20001").HealthChecks);
    }

    [Fact]
    public void CallersProbeWhatHasNoSidecar()
    {
        const string Ports = "{name: tcp, port: 81, targetPort: 9081}, {name: http, port: 80, targetPort: 9080}";
        var mesh = Configs.Compile(Workload("addresses: [10.0.0.1, 10.0.0.2]", Ports, "http: /up"));
        foreach (var (port, at) in ((int, int)[])[(80, 0), (81, 9080)])
        {
            var cluster = Cluster(mesh, $"web.default:{port}");
            var endpoints = Endpoints(mesh, $"web.default:{port}");
            Assert.All(endpoints, endpoint => Assert.Equal($"GET /up 200-300 100-600 at {at}", Show(cluster, endpoint)));
            Assert.Equal(2, endpoints.Length);
        }
    }

    /// <summary>A Service in front of replicas with and without sidecars, and of two kinds of checks: one of them holds.</summary>
    [Fact]
    public void OthersOfTheSameServiceAreNotProbed()
    {
        const string Ports = "{name: http, port: 80}";
        var mesh = Configs.Compile(
            Workload("addresses: [10.0.0.1]", Ports, "http: /up", "v1") + Workload("addresses: [10.0.0.2]", Ports, "tcp: true", "v2")
            + Workload("addresses: [10.0.0.3]", Ports, "http: /up", "v3") + Workload("run: {command: x}", Ports, "http: /up", "v4"),
            Instance(Ports, InstanceState.Ready, "v4"));
        Assert.Single(Cluster(mesh, "web.default:80").HealthChecks);
        Assert.Equal(
            ["10.0.0.1 True", "10.0.0.2 False", "10.0.0.3 True", "127.0.0.1 False"],
            Endpoints(mesh, "web.default:80").Select(endpoint =>
                $"{endpoint.Address.SocketAddress.Address} {endpoint.HealthCheckConfig is not { DisableActiveHealthCheck: true }}"));
    }

    [Fact]
    public void AWorkloadWithoutPortsIsTold()
    {
        var mesh = Configs.Compile("{apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: a}, spec: {run: {command: x}, health: {tcp: true}}}");
        Assert.Equal("has no effect: the workload has no port that could be asked", Assert.Single(mesh.Warnings).Message);
    }

    [Fact]
    public void AChangeIsSeenWithTheMemory()
    {
        const string Ports = "{name: http, port: 80}";
        var memory = new CompileMemory();
        foreach (var path in (string[])["/a", "/b"])
        {
            var run = MeshCompiler.Compile(Configs.Objects(Workload("run: {command: x}", Ports, $"http: {path}")), [Instance(Ports, InstanceState.Ready)], memory);
            Assert.Equal(path, Cluster(run, "app:127.0.0.1:20001").HealthChecks[0].HttpHealthCheck.Path);
            var fixedOnes = MeshCompiler.Compile(Configs.Objects(Workload("addresses: [10.0.0.1]", Ports, $"http: {path}")), [], memory);
            Assert.Equal(path, Cluster(fixedOnes, "web.default:80").HealthChecks[0].HttpHealthCheck.Path);
        }
    }

    private static string Text(Google.Protobuf.WellKnownTypes.Duration duration) => duration.ToString().Trim('"');

    private static string Show(Cluster cluster, Endpoint endpoint)
    {
        if (cluster.HealthChecks is not [var check])
        {
            return "";
        }

        var http = check.HttpHealthCheck;
        var what = check.HealthCheckerCase switch
        {
            HealthCheck.HealthCheckerOneofCase.HttpHealthCheck =>
                $"GET{(http.CodecClientType == 1 ? "2" : "")} {http.Path} {Range(http.ExpectedStatuses[0])} {Range(http.RetriableStatuses[0])}",
            HealthCheck.HealthCheckerOneofCase.GrpcHealthCheck => $"Check \"{check.GrpcHealthCheck.ServiceName}\"",
            _ => "connect",
        };
        return $"{what} at {endpoint.HealthCheckConfig?.PortValue ?? 0}";
    }

    private static string Range(Int64Range range) => $"{range.Start}-{range.End}";

    private static Cluster Cluster(CompiledMesh mesh, string name) =>
        Xds.Cluster.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.Cluster, name)].Any.Value);

    private static Endpoint[] Endpoints(CompiledMesh mesh, string name) =>
        [.. ClusterLoadAssignment.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.ClusterLoadAssignment, name)].Any.Value)
            .Endpoints.SelectMany(each => each.LbEndpoints).Select(each => each.Endpoint)];

    private static WorkloadInstance Instance(string ports, InstanceState state, string version = "v1") => new()
    {
        Workload = $"web-{version}",
        State = state,
        Ports =
        [
            .. ports.Split("}, {").Select((port, i) => new InstancePort
            {
                Service = "web",
                Port = int.Parse(port.Split("port: ")[1].Split(',', '}')[0], System.Globalization.CultureInfo.InvariantCulture),
                App = $"127.0.0.1:{20001 + i}",
                Inbound = $"127.0.0.1:{20011 + i}",
            }),
        ],
    };

    private static string Workload(string place, string ports, string health, string version = "v1") => $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web-{{version}} },
         spec: {service: web, version: {{version}}, ports: [{{ports}}], {{place}}, health: {{{health}}} } }
        ---

        """;
}
