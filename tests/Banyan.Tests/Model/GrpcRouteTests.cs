using Banyan.Model;
using Banyan.Rules;
using Banyan.Tests.Rules;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>GRPCRoutes: which calls go where, in which order, and what happens beside other kinds of routes.</summary>
public sealed class GrpcRouteTests
{
    private const string Services = """
        apiVersion: v1
        kind: Service
        metadata: {name: a}
        spec: {ports: [{name: grpc, port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: many}
        spec: {ports: [{name: http, port: 80}, {name: grpc, port: 81}, {name: any, port: 82}, {name: tcp, port: 83}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: old}
        spec: {ports: [{name: http, port: 80}]}
        ---

        """;

    public static TheoryData<string, string> Methods => new()
    {
        { "{}", """{ "prefix": "/" }""" },
        { "{method: {service: p.v1.S, method: M}}", """{ "path": "/p.v1.S/M" }""" },
        { "{method: {type: Exact, service: p.v1.S}}", """{ "pathSeparatedPrefix": "/p.v1.S" }""" },
        { "{method: {method: M}}", """{ "safeRegex": { "regex": "/[^/]+/M" } }""" },
        { "{method: {type: RegularExpression, service: 'p\\..*|q', method: 'Get.*'}}", """{ "safeRegex": { "regex": "/(?:p\\..*|q)/(?:Get.*)" } }""" },
        { "{method: {type: RegularExpression, service: 'p\\.S'}}", """{ "safeRegex": { "regex": "/(?:p\\.S)/[^/]+" } }""" },
        { "{method: {type: RegularExpression, method: 'A|B'}}", """{ "safeRegex": { "regex": "/[^/]+/(?:A|B)" } }""" },
        { "{headers: [{name: X-A, value: '1'}]}", """{ "prefix": "/", "headers": [ { "name": "x-a", "stringMatch": { "exact": "1" } } ] }""" },
    };

    [Theory]
    [MemberData(nameof(Methods))]
    public void AMatchBecomesAPath(string match, string expected) =>
        Assert.Equal(expected, Assert.Single(Routes.Of(Configs.Compile(Services + Route("r", $"{{matches: [{match}]}}")), "a.default:80")).Match.ToString());

    [Fact]
    public void CallsTakeTheMostSpecificRule()
    {
        var mesh = Configs.Compile(Services + Route(
            "r",
            "{name: all}",
            "{name: m, matches: [{method: {method: Get}}]}",
            "{name: re, matches: [{method: {type: RegularExpression, service: 'shop\\..*', method: '(?i)get'}}]}",
            "{name: s, matches: [{method: {service: shop.Pay}}]}",
            "{name: s-header, matches: [{method: {service: shop.Pay}, headers: [{name: x, value: y}]}]}",
            "{name: s-m, matches: [{method: {service: shop.Pay, method: Get}}]}",
            "{name: longer, matches: [{method: {service: shop.Payments}}]}"));
        Assert.True(RouteTable.TryCompile(
            RouteConfiguration.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.RouteConfiguration, "a.default:80")].Any.Value),
            out var table,
            out var error), error);
        Assert.Equal(
            ["longer", "s-m", "s-header", "s", "m", "re", "all"],
            table.Routes.Select(route => route.Name.Split('/')[^1]));
        (string Path, string Rule)[] calls =
        [
            ("/shop.Payments/Get", "longer"),
            ("/shop.Pay/Get", "s-m"),
            ("/shop.Pay/Put", "s"),
            ("/x.Y/Get", "m"),
            ("/x.Y/Put", "all"),
            ("/shop.PayX/Put", "all"),
            ("/shop.PayX/GET", "re"),
        ];
        foreach (var (path, rule) in calls)
        {
            Assert.Equal("default/r/" + rule, new TestRequest(path, "POST").RouteOf(table));
        }

        Assert.Equal("default/r/s-header", new TestRequest("/shop.Pay/Put", "POST", "a:80", ("x", "y")).RouteOf(table));
    }

    [Fact]
    public void TheOlderRouteWinsATieAndRulesOfAllRoutesAreMerged()
    {
        var mesh = Configs.Compile(Services
            + Route("a", "2022-01-01T00:00:00Z", "{name: new, matches: [{method: {service: s.S}}]}", "{name: long, matches: [{method: {service: s.Service}}]}")
            + Route("b", "2021-01-01T00:00:00Z", "{name: old, matches: [{method: {service: s.T}}]}"));
        Assert.Equal(["default/a/long", "default/b/old", "default/a/new"], Routes.Of(mesh, "a.default:80").Select(route => route.Name));
    }

    [Fact]
    public void FiltersAndWeightsAreThoseOfHttpRoutes()
    {
        var mesh = Configs.Compile(Services + Route(
            "r",
            "{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X, value: '1'}]}}, {type: ResponseHeaderModifier, responseHeaderModifier: {remove: [Y]}}], backendRefs: [{name: a, port: 80, weight: 9}, {name: gone, port: 80}]}"));
        var route = Assert.Single(Routes.Of(mesh, "a.default:80"));
        Assert.Equal("x", route.RequestHeadersToAdd[0].Header.Key);
        Assert.Equal(["y"], route.ResponseHeadersToRemove);
        Assert.Equal(
            ["a.default:80 9", "blackhole 1"],
            route.Route_.WeightedClusters.Clusters.Select(cluster => $"{cluster.Name} {cluster.Weight}"));
        Assert.Equal("spec.rules[0].backendRefs[1]: there is no Service gone in namespace default", Warning(mesh));
        var parent = mesh.Statuses[new ObjectKey("GRPCRoute", "default", "r")].Parents.Single();
        Assert.Equal(["Accepted True", "ResolvedRefs BackendNotFound"], parent.Conditions.Select(c => $"{c.Type} {(c.IsTrue ? "True" : c.Reason)}"));
    }

    [Fact]
    public void AFilterThatIsNotSupportedIsToldAndTheRouteNotApplied()
    {
        var mesh = Configs.Compile(Services + Route("r", "{filters: [{type: RequestMirror, requestMirror: {}}]}"));
        Assert.Equal("spec.rules[0].filters[0].type: the filter RequestMirror is not supported yet by this version; the route is not applied", Warning(mesh));
        Assert.Equal("default", Assert.Single(Routes.Of(mesh, "a.default:80")).Name);
    }

    /// <summary>Without a port: the ports that declare gRPC or HTTP/2, where there are any.</summary>
    [Theory]
    [InlineData("name: many", "81", "")]
    [InlineData("name: many, port: 82", "82", "")]
    [InlineData("name: many, port: 80", "80", "spec.parentRefs[0]: port 80 of Service default/many is declared http, which is HTTP/1: gRPC needs grpc or http2")]
    [InlineData("name: old", "", "spec.parentRefs[0]: port 80 of Service default/old is declared http, which is HTTP/1: gRPC needs grpc or http2")]
    [InlineData("name: many, port: 83", "", "spec.parentRefs[0]: Service default/many has no such HTTP port")]
    public void TheParentsPortsAreThoseThatCanBeGrpc(string parent, string ports, string warning)
    {
        var mesh = Configs.Compile(Services + RouteOf("r", parent, "2022-01-01T00:00:00Z", "{name: x}"));
        Assert.Equal(warning, Warning(mesh));
        Assert.Equal(
            ports,
            string.Join(' ', ((string[])["80", "81", "82", "83"]).Where(port => Routes.Of(mesh, $"many.default:{port}")[0].Name == "default/r/x")));
    }

    [Fact]
    public void OfSeveralKindsOnOnePortTheMostSpecificIsApplied()
    {
        const string Http = """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: h, creationTimestamp: "2001-01-01T00:00:00Z"}
            spec: {parentRefs: [{group: "", kind: Service, name: PARENT}], rules: [{name: x}]}
            ---

            """;
        var mesh = Configs.Compile(Services + Http.Replace("PARENT", "a", StringComparison.Ordinal) + Route("g", "{name: x}"));
        Assert.Equal("default/g/x", Assert.Single(Routes.Of(mesh, "a.default:80")).Name);
        const string Conflict = "port 80 has the GRPCRoute default/g, which goes before every HTTPRoute";
        Assert.Equal(
            new Condition("Accepted", IsTrue: false, "Conflicted", Conflict, 0),
            mesh.Statuses[new ObjectKey("HTTPRoute", "default", "h")].Parents[0].Conditions[0]);
        Assert.Equal("spec.parentRefs[0]: " + Conflict, Warning(mesh));

        // Of several ports it gets the others.
        var some = Configs.Compile(
            Services + Http.Replace("PARENT", "many", StringComparison.Ordinal) + RouteOf("g", "name: many, port: 81", "2022-01-01T00:00:00Z", "{name: x}"));
        Assert.Equal("default/h/x", Routes.Of(some, "many.default:80")[0].Name);
        Assert.Equal("default/g/x", Routes.Of(some, "many.default:81")[0].Name);
        Assert.True(some.Statuses[new ObjectKey("HTTPRoute", "default", "h")].Parents[0].Conditions[0].IsTrue);
        Assert.Equal("spec.parentRefs[0]: port 81 has the GRPCRoute default/g, which goes before every HTTPRoute", Warning(some));
    }

    /// <summary>Bytes that are not HTTP never take a route for requests, nor requests the route for bytes.</summary>
    [Fact]
    public void AnUndeclaredPortHasALastRouteForOtherBytes()
    {
        var mesh = Configs.Compile(Services + RouteOf("r", "name: many, port: 82", "2022-01-01T00:00:00Z", "{name: x, matches: [{method: {service: s.S}}], backendRefs: [{name: a, port: 80}]}"));
        Assert.True(RouteTable.TryCompile(
            RouteConfiguration.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.RouteConfiguration, "many.default:82")].Any.Value),
            out var table,
            out var error), error);
        Assert.Equal(["default/r/x", "default"], table.Routes.Select(route => route.Name));
        Assert.Equal("many.default:82", table.Clusters[table.Routes[^1].Backends[0].Cluster]);
        Assert.Equal("-", new TestRequest("/other/x").RouteOf(table));
        Assert.Equal("default/r/x", new TestRequest("/s.S/x").RouteOf(table));
    }

    private static string Warning(CompiledMesh mesh) =>
        string.Join('\n', mesh.Warnings.Select(warning => $"{warning.Field}: {warning.Message}"));

    private static string Route(string name, params string[] rules) => rules[0].StartsWith('{')
        ? RouteOf(name, "name: a", "2022-01-01T00:00:00Z", rules)
        : RouteOf(name, "name: a", rules[0], rules[1..]);

    private static string RouteOf(string name, string parent, string created, params string[] rules) => $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: GRPCRoute
        metadata: {name: {{name}}, creationTimestamp: "{{created}}"}
        spec:
          parentRefs: [{group: "", kind: Service, {{parent}} }]
          rules: [{{string.Join(", ", rules)}}]
        ---

        """;
}
