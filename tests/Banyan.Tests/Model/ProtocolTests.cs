using Banyan.Model;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>What a port is taken for, and how the proxies are told.</summary>
public sealed class ProtocolTests
{
    /// <summary>A Service's port, a workload's port behind it (empty = none), what callers speak to it.</summary>
    public static TheoryData<string, string, string> Ports => new()
    {
        // appProtocol counts before the name.
        { "name: tcp-x, port: 80, appProtocol: http", "", "Http1" },
        { "name: http, port: 80, appProtocol: kubernetes.io/h2c", "", "Http2" },
        { "name: http, port: 80, appProtocol: tcp", "", "tcp" },
        { "port: 80, appProtocol: http2", "", "Http2" },
        { "port: 80, appProtocol: h2c", "", "Http2" },
        { "port: 80, appProtocol: grpc", "", "Http2" },
        { "port: 80, appProtocol: GRPC", "", "Http2" },
        { "port: 80, appProtocol: grpc-web", "", "Http1" },
        { "port: 80, appProtocol: ws", "", "Http1" },
        { "port: 80, appProtocol: kubernetes.io/ws", "", "Http1" },
        { "port: 80, appProtocol: kubernetes.io/wss", "", "tcp" },
        { "port: 80, appProtocol: tls", "", "tcp" },
        { "port: 80, appProtocol: https", "", "tcp" },
        { "port: 80, appProtocol: redis", "", "tcp" },
        { "port: 80, appProtocol: example.com/own", "", "tcp" },

        // Then the name, up to a dash.
        { "name: http, port: 80", "", "Http1" },
        { "name: http-web, port: 5432", "", "Http1" },
        { "name: httpx, port: 80", "", "detect" },
        { "name: http2, port: 80", "", "Http2" },
        { "name: http2-x, port: 80", "", "Http2" },
        { "name: h2c, port: 80", "", "Http2" },
        { "name: grpc-x, port: 80", "", "Http2" },
        { "name: grpc-web, port: 80", "", "Http1" },
        { "name: grpc-web-x, port: 80", "", "Http1" },
        { "name: grpc-webx, port: 80", "", "Http2" },
        { "name: https, port: 443", "", "tcp" },
        { "name: tls-x, port: 80", "", "tcp" },
        { "name: tcp, port: 80", "", "tcp" },
        { "name: mysql-main, port: 80", "", "tcp" },

        // Then the workload behind it.
        { "port: 80", "name: http, port: 80", "Http1" },
        { "port: 80", "name: x, port: 80, protocol: grpc", "Http2" },
        { "port: 80", "name: http, port: 80, protocol: tcp", "tcp" },
        { "name: grpc, port: 80", "port: 80, protocol: tcp", "Http2" },
        { "port: 5432", "port: 5432, protocol: http2", "Http2" },

        // Then the number.
        { "port: 25", "", "tcp" },
        { "port: 587", "", "tcp" },
        { "port: 3306", "", "tcp" },
        { "port: 4444", "", "tcp" },
        { "name: main, port: 5432", "", "tcp" },
        { "port: 6379", "", "tcp" },
        { "port: 9300", "", "tcp" },
        { "port: 11211", "", "tcp" },
        { "name: main, port: 80", "port: 80", "detect" },
        { "port: 5433", "", "detect" },
    };

    [Theory]
    [MemberData(nameof(Ports))]
    public void APortIsTakenForWhatItDeclares(string port, string behind, string spoken)
    {
        var mesh = Configs.Compile(Service(port) + (behind.Length == 0 ? "" : Workload("s", behind)));
        Assert.Equal(spoken, Spoken(mesh, mesh.Resources.Keys.Single(key => key.TypeUrl == XdsTypes.RouteConfiguration && key.Name.StartsWith("s.default:", StringComparison.Ordinal)).Name));
    }

    [Fact]
    public void TheFirstWorkloadThatDeclaresDecidesForAnImpliedService()
    {
        var mesh = Configs.Compile(
            Workload("s", "name: web, port: 80", version: "v1") + Workload("s", "port: 80, protocol: grpc", version: "v2"));
        Assert.Equal("Http2", Spoken(mesh, "s.default:80"));
        Assert.Equal("detect", Spoken(mesh, "s-v1.default:80"));
        Assert.Equal("Http2", Spoken(mesh, "s-v2.default:80"));
    }

    [Theory]
    [InlineData("http", "Http1", "Http1 manager", "manager rds")]
    [InlineData("grpc", "Http2", "Http2 manager", "manager rds")]
    [InlineData("tcp", "tcp", "tcp proxy app:127.0.0.1:20001", "tcp proxy s.default:80")]
    [InlineData("tls", "tcp", "tcp proxy app:127.0.0.1:20001", "tcp proxy s.default:80")]
    [InlineData("auto", "detect", "detect manager", "detect manager rds")]
    public void TheListenersOfTheNodeSayItToo(string protocol, string target, string inbound, string upstream)
    {
        var instance = Configs.Instance("s-v1", 0, 20000, "s") with
        {
            Upstreams = [new InstanceUpstream { Service = "s", Port = 80, Local = "127.0.0.1:21000" }],
        };
        var mesh = Configs.Compile(Workload("s", $"port: 80, protocol: {protocol}", version: "v1"), instance);
        Assert.Equal(target, Spoken(mesh, "s.default:80"));
        Assert.Equal(target is "Http1" or "Http2" ? target : "", Options(mesh, "app:127.0.0.1:20001"));
        Assert.Equal(
            (inbound.Replace("Http1 ", "", StringComparison.Ordinal).Replace("Http2 ", "", StringComparison.Ordinal), upstream),
            (Describe(mesh, "inbound/s.default:80"), Describe(mesh, "upstream/s.default:80")));
        Assert.Equal("manager", Describe(mesh, "outbound"));
    }

    [Fact]
    public void UndeclaredPortsAreToldOf()
    {
        var mesh = Configs.Compile(
            Workload("s", "name: web, port: 80}, {name: http, port: 81}, {name: x, port: 82") + Service("port: 83", "t"));
        Assert.Equal(
            new Condition("ProtocolsDeclared", IsTrue: false, "Undeclared", "no protocol is declared for 80, 82: the first bytes of each connection tell it", 0),
            mesh.Statuses[new ObjectKey("Workload", "default", "s")].Conditions.Single(each => each.Type == "ProtocolsDeclared"));
        Assert.Contains("for 83:", mesh.Statuses[new ObjectKey("Service", "default", "t")].Conditions.Single(each => !each.IsTrue).Message, StringComparison.Ordinal);
        Assert.Empty(mesh.Warnings);
        var declared = Configs.Compile(Workload("s", "name: http, port: 80"));
        Assert.DoesNotContain("ProtocolsDeclared", declared.Statuses[new ObjectKey("Workload", "default", "s")].Conditions.Select(each => each.Type));
    }

    [Theory]
    [InlineData("htpp", "http")]
    [InlineData("grcp", "grpc")]
    [InlineData("kubernetes.io/h2", "kubernetes.io/h2c")]
    [InlineData("example.com/own", null)]
    [InlineData("amqp", null)]
    [InlineData("HTTP", null)]
    public void ASlipInAppProtocolIsToldOf(string protocol, string? meant)
    {
        var mesh = Configs.Compile(Service($"port: 80, appProtocol: {protocol}"));
        Assert.Equal(
            meant is null ? [] : [$"mesh.yaml:4:42: spec.ports[0].appProtocol: \"{protocol}\" is not known and is relayed as TCP (did you mean {meant})"],
            mesh.Warnings.Select(warning => warning.ToString()));
    }

    [Fact]
    public void WhatOneServiceDeclaresHoldsForTheProcessItShares()
    {
        var mesh = Configs.Compile(
            Workload("shop", "name: web, port: 80", version: "m")
                + Workload("pay", "name: web, port: 80", version: "m", extra: "process: shop-m, ")
                + Service("name: grpc-web2, port: 80, appProtocol: grpc", "pay"),
            Configs.Instance("shop-m", 0, 20000, "shop", "pay"));
        Assert.Equal("Http2", Options(mesh, "app:127.0.0.1:20001"));
        Assert.Equal("detect manager", Describe(mesh, "inbound/shop.default:80", "default/shop-m/0"));
        Assert.Equal("manager", Describe(mesh, "inbound/pay.default:80", "default/shop-m/0"));
    }

    [Fact]
    public void AServiceOfAnotherNameDeclaresForTheWorkloadsItSelects()
    {
        var mesh = Configs.Compile(
            Workload("s", "name: web, port: 80", version: "v1", labels: "app: s")
                + Service("port: 8080, targetPort: web, appProtocol: tcp", "front", "selector: {app: s}, "),
            Configs.Instance("s-v1", 0, 20000, "s"));

        // The workload's own service does not declare; if it did, that would count.
        Assert.Equal("tcp proxy app:127.0.0.1:20001", Describe(mesh, "inbound/s.default:80"));
        var declared = Configs.Compile(
            Workload("s", "name: http, port: 80", version: "v1", labels: "app: s")
                + Service("port: 8080, targetPort: http, appProtocol: tcp", "front", "selector: {app: s}, "),
            Configs.Instance("s-v1", 0, 20000, "s"));
        Assert.Equal("manager", Describe(declared, "inbound/s.default:80"));
    }

    [Theory]
    [InlineData("protocol: http", "protocol: grpc")]
    [InlineData("protocol: http", "protocol: tcp")]
    [InlineData("protocol: auto", "protocol: http")]
    [InlineData("protocol: tcp", "protocol: auto")]
    public void AChangedProtocolIsCompiledAnewWithTheMemory(string before, string after)
    {
        var memory = new CompileMemory();
        var instance = Configs.Instance("s-v1", 0, 20000, "s") with
        {
            Upstreams = [new InstanceUpstream { Service = "s", Port = 80, Local = "127.0.0.1:21000" }],
        };
        foreach (var protocol in (string[])[before, after, before])
        {
            var objects = Configs.Objects(Workload("s", $"port: 80, {protocol}", version: "v1"));
            var fresh = MeshCompiler.Compile(objects, [instance]);
            var remembered = MeshCompiler.Compile(objects, [instance], memory);
            Assert.Equal(fresh.Resources.Select(each => each.Value.Version), remembered.Resources.Select(each => each.Value.Version));
            Assert.Equal(
                fresh.NodeListeners["default/s-v1/0"].Select(each => each.Version),
                remembered.NodeListeners["default/s-v1/0"].Select(each => each.Version));
        }
    }

    /// <summary>A change in a Service that is not the instance's own object reaches the instance's listeners.</summary>
    [Fact]
    public void AChangedAppProtocolReachesTheListenersWithTheMemory()
    {
        var memory = new CompileMemory();
        var instance = Configs.Instance("s-v1", 0, 20000, "s");
        foreach (var protocol in (string[])["http", "tcp"])
        {
            var objects = Configs.Objects(
                Workload("s", "port: 80", version: "v1") + Service($"port: 80, appProtocol: {protocol}"));
            var mesh = MeshCompiler.Compile(objects, [instance], memory);
            Assert.Equal(
                protocol == "http" ? "manager" : "tcp proxy app:127.0.0.1:20001", Describe(mesh, "inbound/s.default:80"));
            Assert.Equal(protocol == "http" ? "Http1" : "", Options(mesh, "app:127.0.0.1:20001"));
        }
    }

    private static string Service(string port, string name = "s", string selector = "") => $$"""
        apiVersion: v1
        kind: Service
        metadata: {name: {{name}}}
        spec: { {{selector}}ports: [{ {{port}} }]}
        ---

        """;

    private static string Workload(string service, string port, string version = "", string extra = "", string labels = "") => $$"""
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: {{(version.Length == 0 ? service : $"{service}-{version}")}}, labels: { {{labels}} } }
        spec: {service: {{service}}, {{(version.Length == 0 ? "" : $"version: {version}, ")}}{{extra}}ports: [{ {{port}} }]}
        ---

        """;

    /// <summary>What the proxies of callers learn of a destination.</summary>
    private static string Spoken(CompiledMesh mesh, string name)
    {
        var listener = Listener.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.Listener, name)].Any.Value);
        var options = Options(mesh, name);
        var word = Word(listener);
        Assert.True(options.Length == 0 || word.Length == 0);
        return options + word;
    }

    private static string Options(CompiledMesh mesh, string name)
    {
        var cluster = Cluster.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.Cluster, name)].Any.Value);
        if (cluster.TypedExtensionProtocolOptions.Count == 0)
        {
            return "";
        }

        var (key, packed) = cluster.TypedExtensionProtocolOptions.Single();
        Assert.Equal("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", key);
        Assert.True(packed.Is(HttpProtocolOptions.Descriptor));
        var options = HttpProtocolOptions.Parser.ParseFrom(packed.Value).ExplicitHttpConfig;
        return options.HttpProtocolOptions is null ? "Http2" : "Http1";
    }

    private static string Describe(CompiledMesh mesh, string name, string node = "default/s-v1/0")
    {
        var listener = Listener.Parser.ParseFrom(mesh.NodeListeners[node].Single(each => each.Name == name).Any.Value);
        var config = listener.FilterChains.Single().Filters.Single().TypedConfig;
        var word = Word(listener);
        var filter = config.Is(TcpProxy.Descriptor)
            ? $"proxy {TcpProxy.Parser.ParseFrom(config.Value).Cluster}"
            : HttpConnectionManager.Parser.ParseFrom(config.Value).Rds is null ? "manager" : "manager rds";
        return word.Length == 0 ? filter : $"{word} {filter}";
    }

    private static string Word(Listener listener) =>
        listener.Metadata?.FilterMetadata["banyan.dev"].Fields.TryGetValue("protocol", out var word) == true ? word.StringValue : "";
}
