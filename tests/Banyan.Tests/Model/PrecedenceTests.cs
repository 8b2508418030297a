using Banyan.Model;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>The Gateway API's order of matches, within a route and across routes.</summary>
public sealed class PrecedenceTests
{
    [Fact]
    public void PathThenMethodThenHeadersThenQuery()
    {
        Assert.Equal(
            ["exact", "regex-long", "regex", "prefix-long", "prefix-method", "prefix-2-headers", "prefix-header-2-queries", "prefix-header", "prefix-query", "prefix", "root-method", "root"],
            Order(
                Route(
                    "r",
                    Rule("root", "{}"),
                    Rule("root-method", "{method: GET}"),
                    Rule("prefix-query", "{path: {value: /a}, queryParams: [{name: q, value: x}]}"),
                    Rule("prefix", "{path: {value: /a/}}"),
                    Rule("prefix-header", "{path: {value: /a}, headers: [{name: h, value: x}]}"),
                    Rule("prefix-header-2-queries", "{path: {value: /a}, headers: [{name: h, value: x}], queryParams: [{name: q, value: x}, {name: p, value: x}]}"),
                    Rule("prefix-2-headers", "{path: {value: /a}, headers: [{name: h, value: x}, {name: i, value: x}]}"),
                    Rule("prefix-method", "{path: {value: /a}, method: GET}"),
                    Rule("prefix-long", "{path: {value: /a/b}}"),
                    Rule("regex", "{path: {type: RegularExpression, value: /.}}"),
                    Rule("regex-long", "{path: {type: RegularExpression, value: /a/b/c.}}"),
                    Rule("exact", "{path: {type: Exact, value: /}}"))));
    }

    [Fact]
    public void TheOldestRouteWinsATie()
    {
        Assert.Equal(
            ["old", "a", "z"],
            Order(
                Route("z", Rule("z", "{path: {value: /x}}")),
                Route("a", Rule("a", "{path: {value: /x}}")),
                RouteOf("q", "2020-01-01T00:00:00Z", Rule("old", "{path: {value: /x}}"))));
        Assert.Equal(
            ["new-but-longer", "old"],
            Order(
                RouteOf("a", "2020-01-01T00:00:00Z", Rule("old", "{path: {value: /x}}")),
                RouteOf("b", "2021-01-01T00:00:00Z", Rule("new-but-longer", "{path: {value: /x/y}}"))));
    }

    [Fact]
    public void TheOrderInTheRouteDecidesLast()
    {
        Assert.Equal(
            ["b", "a", "b"],
            Order(Route("r", Rule("b", "{headers: [{name: x, value: '1'}]}, {}"), Rule("a", "{headers: [{name: y, value: '1'}]}"))));
        Assert.Equal(["b", "a"], Order(Route("r", Rule("b", "{}"), Rule("a", "{}"))));
    }

    private static string[] Order(params string[] routes)
    {
        var mesh = Configs.Compile(string.Join("---\n", [.. routes, Service]));
        Assert.Empty(mesh.Warnings);
        var configuration = RouteConfiguration.Parser.ParseFrom(mesh.Resources[new ResourceKey(XdsTypes.RouteConfiguration, "s.default:80")].Any.Value);
        return [.. configuration.VirtualHosts.Single().Routes.Select(r => r.Name.Split('/')[2])];
    }

    private const string Service = """
        apiVersion: v1
        kind: Service
        metadata: {name: s}
        spec: {ports: [{name: http, port: 80}]}

        """;

    private static string Rule(string name, string matches) => $"  - {{name: {name}, matches: [{matches}]}}\n";

    private static string Route(string name, params string[] rules) => RouteOf(name, "2022-01-01T00:00:00Z", rules);

    private static string RouteOf(string name, string created, params string[] rules) => $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: {{name}}, creationTimestamp: "{{created}}"}
        spec:
          parentRefs: [{group: "", kind: Service, name: s}]
          rules:
        {{string.Concat(rules)}}
        """;
}
