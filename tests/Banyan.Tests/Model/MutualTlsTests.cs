using Banyan.Model;
using Banyan.Xds;
using Xunit;
using MatchCase = Banyan.Xds.CommonTlsContext.ValidationContextTypeOneofCase;

namespace Banyan.Tests.Model;

/// <summary>Mutual TLS between sidecars, where both have identities.</summary>
public sealed class MutualTlsTests
{
    private const string Domain = "spiffe://banyan.local";
    private const string MatchKey = "envoy.transport_socket_match";

    private const string Mesh = """
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web-v1}, spec: {service: web, version: v1, ports: [{name: http, port: 80}]}}
        ---
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web-v2}, spec: {service: web, version: v2, serviceAccount: other, ports: [{name: http, port: 80}]}}
        ---
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web-v3}, spec: {service: web, version: v3, process: host, ports: [{name: http, port: 80}]}}
        ---
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: host}, spec: {service: host, ports: [{name: http, port: 80}]}}

        """;

    private static readonly string[] Protocols = ["banyan-h2", "banyan-http/1.1", "banyan-tcp"];

    [Fact]
    public void CallersMeetNobodyButTheWorkloadsOfTheService()
    {
        var mesh = Configs.Compile(Mesh, Secured("web-v1", 20000));
        Assert.Equal(
            [$"{Domain}/ns/default/sa/host", $"{Domain}/ns/default/sa/other", $"{Domain}/ns/default/sa/web"],
            Identities(Cluster(mesh, "web.default:80")));
        Assert.Equal([$"{Domain}/ns/default/sa/web"], Identities(Cluster(mesh, "web-v1.default:80")));

        // Of these nobody runs with an identity.
        Assert.Empty(Cluster(mesh, "web-v2.default:80").TransportSocketMatches);
    }

    [Fact]
    public void AnEndpointIsMarkedWhereItsSidecarHasAnIdentity()
    {
        var mesh = Configs.Compile(Mesh, Secured("web-v1", 20000), Configs.Instance("web-v2", 0, 20100, "web"));
        var cluster = Cluster(mesh, "web.default:80");
        Assert.Equal(["mtls", "plaintext"], cluster.TransportSocketMatches.Select(match => match.Name));
        Assert.True(cluster.TransportSocketMatches[0].Match.Fields["mtls"].BoolValue);
        Assert.Empty(cluster.TransportSocketMatches[1].Match.Fields);
        Assert.Equal("envoy.transport_sockets.raw_buffer", cluster.TransportSocketMatches[1].TransportSocket.Name);
        Assert.Equal(["20002 True", "20102 False"], Endpoints(mesh, "web.default:80"));
    }

    [Fact]
    public void WithoutIdentitiesNothingIsDifferent()
    {
        var mesh = Configs.Compile(Mesh, Configs.Instance("web-v1", 0, 20000, "web"));
        Assert.Empty(Cluster(mesh, "web.default:80").TransportSocketMatches);
        Assert.Equal(["20002 False"], Endpoints(mesh, "web.default:80"));
        var chain = Assert.Single(Inbound(mesh, "default/web-v1/0").FilterChains);
        Assert.Null(chain.TransportSocket);
        Assert.Null(chain.FilterChainMatch);
    }

    [Fact]
    public void APermissiveListenerTakesBoth()
    {
        var listener = Inbound(Configs.Compile(Mesh, Secured("web-v1", 20000)), "default/web-v1/0");
        Assert.Equal(2, listener.FilterChains.Count);
        var (secured, plain) = (listener.FilterChains[0], listener.FilterChains[1]);
        Assert.Equal("tls", secured.FilterChainMatch.TransportProtocol);
        Assert.Equal(Protocols, secured.FilterChainMatch.ApplicationProtocols);
        Assert.Null(plain.TransportSocket);
        Assert.Null(plain.FilterChainMatch);
        Assert.Equal(plain.Filters, secured.Filters);
        RequireTls(secured, Domain);
    }

    public static TheoryData<string, bool> Modes => new()
    {
        { "", false },
        { StrictMesh, true },
        { StrictMesh + Tls("all", "mode: permissive"), false },
        { Tls("all", "mode: strict"), true },
        { Tls("all", "mode: strict", "elsewhere"), false },
        { Tls("all", "mode: strict") + Tls("web", "selector: {service: web}, mode: permissive"), false },
        { Tls("one", "selector: {service: web, version: v1}, mode: strict"), true },
        { Tls("one", "selector: {service: web, version: v2}, mode: strict"), false },
        { Tls("one", "selector: {labels: {tier: front}}, mode: strict"), true },
        { Tls("one", "selector: {labels: {tier: back}}, mode: strict"), false },
        { Tls("one", "mode: strict, ports: [{port: 80, mode: permissive}]"), false },
        { Tls("one", "ports: [{port: 80, mode: strict}]"), true },
        { Tls("one", "ports: [{port: 81, mode: strict}]"), false },
        { Tls("one", "mode: strict, ports: [{port: 81, mode: permissive}]"), true },
        { Tls("a", "selector: {service: web}, mode: strict") + Tls("b", "selector: {service: web}, mode: permissive"), true },
    };

    /// <summary>Of the whole mesh, a namespace, a workload, a port: the nearest holds.</summary>
    [Theory]
    [MemberData(nameof(Modes))]
    public void TheNearestModeHolds(string modes, bool isStrict)
    {
        var mesh = Configs.Compile(modes + Mesh.Replace("{name: web-v1}", "{name: web-v1, labels: {tier: front}}", StringComparison.Ordinal), Secured("web-v1", 20000));
        var listener = Inbound(mesh, "default/web-v1/0");
        RequireTls(listener.FilterChains[0], Domain);
        Assert.Equal(isStrict ? 1 : 2, listener.FilterChains.Count);
        if (isStrict)
        {
            Assert.Null(listener.FilterChains[0].FilterChainMatch);
        }

        // Callers of a strict one are not different.
        Assert.Equal(["mtls", "plaintext"], Cluster(mesh, "web.default:80").TransportSocketMatches.Select(match => match.Name));
    }

    /// <summary>A sidecar without an identity does not take plaintext there either.</summary>
    [Fact]
    public void StrictIsClosedWithoutAnIdentity()
    {
        var listener = Inbound(Configs.Compile(StrictMesh + Mesh, Configs.Instance("web-v1", 0, 20000, "web")), "default/web-v1/0");
        RequireTls(Assert.Single(listener.FilterChains), Domain);
    }

    [Fact]
    public void AModeThatChangesIsCompiledWithAMemory()
    {
        var memory = new CompileMemory();
        var instance = Secured("web-v1", 20000);
        Assert.Equal(2, Inbound(MeshCompiler.Compile(Configs.Objects(Mesh), [instance], memory), "default/web-v1/0").FilterChains.Count);
        var strict = Configs.Objects(Tls("all", "mode: strict") + Mesh);
        Assert.Single(Inbound(MeshCompiler.Compile(strict, [instance], memory), "default/web-v1/0").FilterChains);
        Assert.Equal(2, Inbound(MeshCompiler.Compile(Configs.Objects(Mesh), [instance], memory), "default/web-v1/0").FilterChains.Count);
    }

    [Fact]
    public void WhoSelectsNothingOrCameSecondIsTold()
    {
        var mesh = Configs.Compile(
            Tls("a", "selector: {service: web}, mode: strict") + Tls("b", "selector: {service: web}") + Tls("none", "selector: {service: nobody}") + Mesh);
        Assert.Equal(["Accepted True"], Conditions(mesh, "a"));
        Assert.Equal(["Accepted True", "Conflicted True"], Conditions(mesh, "b"));
        Assert.Equal(["Accepted True", "Selects False"], Conditions(mesh, "none"));
        Assert.Equal(2, mesh.Warnings.Count);
    }

    private const string StrictMesh = """
        {apiVersion: banyan.dev/v1alpha1, kind: Mesh, metadata: {name: default}, spec: {mutualTls: {mode: strict}}}
        ---

        """;

    private static string Tls(string name, string spec, string scope = "default") =>
        "{apiVersion: banyan.dev/v1alpha1, kind: MutualTls, metadata: {name: " + name + ", namespace: " + scope + "}, spec: {" + spec + "}}\n---\n";

    private static IEnumerable<string> Conditions(CompiledMesh mesh, string name) =>
        mesh.Statuses[new ObjectKey("MutualTls", "default", name)].Conditions.Select(each => $"{each.Type} {each.IsTrue}");

    [Fact]
    public void TheTrustDomainIsThatOfTheMesh()
    {
        const string Elsewhere = """
            {apiVersion: banyan.dev/v1alpha1, kind: Mesh, metadata: {name: default}, spec: {trustDomain: elsewhere.test}}
            ---

            """;
        var mesh = Configs.Compile(Elsewhere + Mesh, Secured("web-v1", 20000));
        Assert.Equal(["spiffe://elsewhere.test/ns/default/sa/web"], Identities(Cluster(mesh, "web-v1.default:80"), "spiffe://elsewhere.test"));
        RequireTls(Inbound(mesh, "default/web-v1/0").FilterChains[0], "spiffe://elsewhere.test");
    }

    /// <summary>They have no certificates, and take what is permissive.</summary>
    [Fact]
    public void OtherDataPlanesCallInPlaintext()
    {
        var mesh = Configs.Compile(Mesh, Secured("web-v1", 20000));
        var resource = mesh.Resources[new ResourceKey(XdsTypes.Cluster, "web.default:80")];
        foreach (var flavour in (Flavour[])[Flavour.Grpc, Flavour.Envoy])
        {
            var rendered = Foreign.Render(resource, flavour)!;
            Assert.Empty(Banyan.Xds.Cluster.Parser.ParseFrom(rendered.Any.Value).TransportSocketMatches);
        }
    }

    [Fact]
    public void WhoComesAndGoesChangesWhatIsCompiledWithAMemory()
    {
        var objects = Configs.Objects(Mesh);
        var memory = new CompileMemory();
        Assert.Empty(Cluster(MeshCompiler.Compile(objects, [], memory), "web.default:80").TransportSocketMatches);
        var instance = Secured("web-v1", 20000);
        Assert.NotEmpty(Cluster(MeshCompiler.Compile(objects, [instance], memory), "web.default:80").TransportSocketMatches);
        Assert.Empty(Cluster(MeshCompiler.Compile(objects, [], memory), "web.default:80").TransportSocketMatches);
    }

    [Fact]
    public void ThatAnInstanceIsSecuredSurvivesItsText()
    {
        var instance = Secured("web-v1", 20000);
        Assert.Equal(instance, WorkloadInstance.Parse(instance.ToJson()));
        Assert.False(WorkloadInstance.Parse(Configs.Instance("web-v1", 0, 20000, "web").ToJson()).Secured);
    }

    private static WorkloadInstance Secured(string workload, int port) =>
        Configs.Instance(workload, 0, port, "web") with { Secured = true };

    private static void RequireTls(FilterChain chain, string domain)
    {
        Assert.Equal("envoy.transport_sockets.tls", chain.TransportSocket.Name);
        var context = chain.TransportSocket.TypedConfig.Unpack<DownstreamTlsContext>();
        Assert.True(context.RequireClientCertificate);
        Assert.Empty(Names(context.CommonTlsContext, domain));
    }

    private static List<string> Identities(Cluster cluster, string domain = Domain) => Names(
        cluster.TransportSocketMatches[0].TransportSocket.TypedConfig.Unpack<UpstreamTlsContext>().CommonTlsContext, domain);

    /// <summary>The identities that a context insists on.</summary>
    private static List<string> Names(CommonTlsContext context, string domain)
    {
        Assert.Equal(Protocols, context.AlpnProtocols);
        Assert.Equal(MatchCase.CombinedValidationContext, context.ValidationContextTypeCase);
        var validation = context.CombinedValidationContext;
        Assert.Equal(domain, validation.ValidationContextSdsSecretConfig.Name);
        Assert.NotNull(validation.ValidationContextSdsSecretConfig.SdsConfig.Ads);
        var matchers = validation.DefaultValidationContext.MatchTypedSubjectAltNames;
        Assert.All(matchers, each => Assert.Equal(SubjectAltNameMatcher.Types.SanType.Uri, each.SanType));
        return [.. matchers.Select(each => each.Matcher.Exact)];
    }

    private static IEnumerable<string> Endpoints(CompiledMesh mesh, string name) =>
        ClusterLoadAssignment.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.ClusterLoadAssignment, name)].Any.Value)
            .Endpoints.SelectMany(each => each.LbEndpoints)
            .Select(each => $"{each.Endpoint.Address.SocketAddress.PortValue} {IsMarked(each)}");

    private static bool IsMarked(LbEndpoint endpoint) =>
        endpoint.Metadata.FilterMetadata.TryGetValue(MatchKey, out var match) && match.Fields["mtls"].BoolValue;

    private static Cluster Cluster(CompiledMesh mesh, string name) =>
        Banyan.Xds.Cluster.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.Cluster, name)].Any.Value);

    private static Listener Inbound(CompiledMesh mesh, string node) => Listener.Parser.ParseFrom(
        mesh.NodeListeners[node].Single(each => each.Name.StartsWith("inbound/", StringComparison.Ordinal)).Any.Value);
}
