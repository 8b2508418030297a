using Banyan.Model;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>Routes in another namespace than their Service hold for the clients of theirs alone (GEP-1426).</summary>
public sealed class ConsumerRouteTests
{
    private const string Mesh =
        """
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: a-v1}
        spec: {service: a, version: v1, ports: [{name: http, port: 80}, {name: tcp, port: 81}], addresses: [10.0.0.1]}
        ---
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: own-v1, namespace: shop}
        spec: {service: own, version: v1, ports: [{name: http, port: 80}], addresses: [10.0.0.2]}
        ---

        """;

    private const string Producer =
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: producer}
        spec:
          parentRefs: [{group: "", kind: Service, name: a, port: 80}]
          rules: [{name: by-producer}]
        ---

        """;

    [Fact]
    public void TheyStandBesideWhatAllOthersGet()
    {
        var mesh = Compile(Mesh + Producer + Consumer("shop", "consumer", "[{name: own, port: 80}]"));
        Assert.Equal(["default/producer/by-producer"], Names(mesh, ""));
        Assert.Equal(["shop/consumer/0"], Names(mesh, "shop"));
        Assert.Equal("own.shop:80", Configuration(mesh, "shop").VirtualHosts[0].Routes[0].Route_.Cluster);
        Assert.Equal("a.default:80", Configuration(mesh, "shop").Name);
        Assert.Empty(mesh.Warnings);

        // Each client is told one of them.
        Assert.Equal("", Scope(mesh, "default"));
        Assert.Equal("shop", Scope(mesh, "shop"));
        Assert.Equal("", Scope(mesh, ""));
    }

    [Fact]
    public void WithoutBackendsRequestsGoWhereTheyWentAndTheParentNeedsNoPermission()
    {
        var mesh = Compile(Mesh + Consumer("shop", "one", "[]") + Consumer("other", "two", "[{name: a, namespace: default, port: 80}]"));
        Assert.Equal("a.default:80", Configuration(mesh, "shop").VirtualHosts[0].Routes[0].Route_.Cluster);
        Assert.Equal("a.default:80", Configuration(mesh, "other").VirtualHosts[0].Routes[0].Route_.Cluster);
        Assert.Equal(["default"], Names(mesh, ""));
        Assert.Empty(mesh.Warnings);
    }

    [Fact]
    public void OtherKindsAreNotAcceptedThere()
    {
        var mesh = Compile(Mesh +
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: TCPRoute
            metadata: {name: tcp, namespace: shop}
            spec:
              parentRefs: [{group: "", kind: Service, name: a, namespace: default, port: 81}]
              rules: [{backendRefs: [{name: own, port: 80}]}]
            """);
        Assert.Equal(
            "spec.parentRefs[0]: a TCPRoute in another namespace than its Service (a consumer route) is not supported yet by this version",
            string.Join("; ", mesh.Warnings.Select(each => $"{each.Field}: {each.Message}")));
    }

    [Fact]
    public void OneThatGoesLeavesNothingBehind()
    {
        var memory = new CompileMemory();
        var (before, after) = (Mesh + Producer + Consumer("shop", "consumer", "[{name: own, port: 80}]"), Mesh + Producer);
        MeshCompiler.Compile(Configs.Objects(before), [], memory);
        var mesh = MeshCompiler.Compile(Configs.Objects(after), [], memory);
        Assert.DoesNotContain(mesh.Resources.Keys, key => key.Scope.Length > 0);
        Assert.Contains(new ResourceKey(XdsTypes.RouteConfiguration, "a.default:80", "shop"), mesh.Changes!.Resources);
        Assert.DoesNotContain(new ResourceKey(XdsTypes.RouteConfiguration, "a.default:80"), mesh.Changes.Resources);
    }

    private static CompiledMesh Compile(string text) => Configs.Compile(text);

    private static RouteConfiguration Configuration(CompiledMesh mesh, string scope) => RouteConfiguration.Parser.ParseFrom(
        mesh.Resources[new ResourceKey(XdsTypes.RouteConfiguration, "a.default:80", scope)].Any.Value);

    private static IEnumerable<string> Names(CompiledMesh mesh, string scope) =>
        Configuration(mesh, scope).VirtualHosts[0].Routes.Select(route => route.Name);

    private static string Scope(CompiledMesh mesh, string client) => Assert.Single(
        mesh.ResourcesFor(client), each => each.TypeUrl == XdsTypes.RouteConfiguration && each.Name == "a.default:80").Scope;

    private static string Consumer(string scope, string name, string backends) =>
        $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: {{name}}, namespace: {{scope}}}
        spec:
          parentRefs: [{group: "", kind: Service, name: a, namespace: default, port: 80}]
          rules: [{backendRefs: {{backends}} }]
        ---

        """;
}
