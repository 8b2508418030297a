using Banyan.Model;
using Banyan.Rules;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>Rules of a route to xDS: expected values derived by hand from the Gateway API and the xDS documentation.</summary>
public sealed class RouteTranslationTests
{
    public static TheoryData<string, string> Matches => new()
    {
        { "{}", """{ "prefix": "/" }""" },
        { "{path: {type: PathPrefix, value: /}}", """{ "prefix": "/" }""" },
        { "{path: {value: /a}}", """{ "pathSeparatedPrefix": "/a" }""" },
        { "{path: {value: /a/b/}}", """{ "pathSeparatedPrefix": "/a/b" }""" },
        { "{path: {type: Exact, value: /a/}}", """{ "path": "/a/" }""" },
        { "{path: {type: Exact, value: /%7Euser/%c3%a4}}", """{ "path": "/~user/%C3%A4" }""" },
        { "{path: {type: RegularExpression, value: '/a[0-9]+'}}", """{ "safeRegex": { "regex": "/a[0-9]+" } }""" },
        { "{method: POST}", """{ "prefix": "/", "headers": [ { "name": ":method", "stringMatch": { "exact": "POST" } } ] }""" },
        {
            "{headers: [{name: X-A, value: '1'}, {name: x-a, value: '2'}, {name: b, type: RegularExpression, value: 'c.*'}]}",
            """{ "prefix": "/", "headers": [ { "name": "x-a", "stringMatch": { "exact": "1" } }, { "name": "b", "stringMatch": { "safeRegex": { "regex": "c.*" } } } ] }"""
        },
        {
            "{queryParams: [{name: Q, value: x}, {name: r, type: RegularExpression, value: y+}]}",
            """{ "prefix": "/", "queryParameters": [ { "name": "Q", "stringMatch": { "exact": "x" } }, { "name": "r", "stringMatch": { "safeRegex": { "regex": "y+" } } } ] }"""
        },
    };

    public static TheoryData<string, string> Actions => new()
    {
        { "backendRefs: [{name: b, port: 80}]", """{ "cluster": "b.default:80", "timeout": "0s" }""" },
        { "backendRefs: [{name: b, port: 80, weight: 0}]", """{ "cluster": "blackhole", "timeout": "0s" }""" },
        { "backendRefs: []", """{ "cluster": "a.default:80", "timeout": "0s" }""" },
        { "timeouts: {request: 5s}", """{ "cluster": "a.default:80", "timeout": "5s" }""" },
        { "timeouts: {request: 0s}", """{ "cluster": "a.default:80", "timeout": "0s" }""" },
        { "timeouts: {backendRequest: 250ms}", """{ "cluster": "a.default:80", "timeout": "0.250s" }""" },
        { "timeouts: {request: 5s, backendRequest: 2s}", """{ "cluster": "a.default:80", "timeout": "2s" }""" },
        { "timeouts: {request: 0s, backendRequest: 2s}", """{ "cluster": "a.default:80", "timeout": "2s" }""" },
        { "timeouts: {request: 5s, backendRequest: 0s}", """{ "cluster": "a.default:80", "timeout": "5s" }""" },
        {
            "backendRefs: [{name: b, port: 80, weight: 90}, {name: a, port: 80, weight: 10}]",
            """{ "weightedClusters": { "clusters": [ { "name": "b.default:80", "weight": 90 }, { "name": "a.default:80", "weight": 10 } ] }, "timeout": "0s" }"""
        },
        {
            "backendRefs: [{name: b, port: 80, weight: 0}, {name: a, port: 80}]",
            """{ "weightedClusters": { "clusters": [ { "name": "b.default:80", "weight": 0 }, { "name": "a.default:80", "weight": 1 } ] }, "timeout": "0s" }"""
        },
        {
            "backendRefs: [{name: gone, port: 80, weight: 3}, {name: a, port: 80, weight: 1}]",
            """{ "weightedClusters": { "clusters": [ { "name": "blackhole", "weight": 3 }, { "name": "a.default:80", "weight": 1 } ] }, "timeout": "0s" }"""
        },
        {
            "backendRefs: [{name: gone, port: 80, weight: 0}, {name: a, port: 80, weight: 0}]",
            """{ "cluster": "blackhole", "timeout": "0s" }"""
        },
        {
            "backendRefs: [{name: b, port: 80, filters: [{type: ResponseHeaderModifier, responseHeaderModifier: {remove: [Server]}}, {type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: X, value: '1'}]}}]}]",
            """{ "weightedClusters": { "clusters": [ { "name": "b.default:80", "weight": 1, "requestHeadersToAdd": [ { "header": { "key": "x", "value": "1" } } ], "responseHeadersToRemove": [ "server" ] } ] }, "timeout": "0s" }"""
        },
    };

    public static TheoryData<string, string> Retries => new()
    {
        {
            "retry: {}",
            """{ "cluster": "a.default:80", "timeout": "0s", "retryPolicy": { "retryOn": "connect-failure,reset,retriable-status-codes", "numRetries": 2, "retriableStatusCodes": [ 502, 503, 504 ] } }"""
        },
        {
            "retry: {attempts: 5, codes: [500, 429], backoff: 100ms}",
            """{ "cluster": "a.default:80", "timeout": "0s", "retryPolicy": { "retryOn": "connect-failure,reset,retriable-status-codes", "numRetries": 5, "retriableStatusCodes": [ 500 ], "retryBackOff": { "baseInterval": "0.100s" } } }"""
        },
        {
            "{retry: {codes: [404], backoff: 0s}, timeouts: {request: 5s, backendRequest: 2s}}",
            """{ "cluster": "a.default:80", "timeout": "5s", "retryPolicy": { "retryOn": "connect-failure,reset,retriable-status-codes", "numRetries": 2, "perTryTimeout": "2s", "retryBackOff": { "baseInterval": "0.001s" } } }"""
        },
        {
            "{retry: {}, timeouts: {request: 0s, backendRequest: 2s}}",
            """{ "cluster": "a.default:80", "timeout": "0s", "retryPolicy": { "retryOn": "connect-failure,reset,retriable-status-codes", "numRetries": 2, "perTryTimeout": "2s", "retriableStatusCodes": [ 502, 503, 504 ] } }"""
        },
        {
            "{retry: {attempts: 0}, timeouts: {request: 5s, backendRequest: 2s}}",
            """{ "cluster": "a.default:80", "timeout": "2s" }"""
        },
        {
            "{retry: {}, matches: [{method: POST}], timeouts: {request: 5s, backendRequest: 2s}}",
            """{ "cluster": "a.default:80", "timeout": "2s" }"""
        },
    };

    [Theory]
    [MemberData(nameof(Matches))]
    public void MatchBecomes(string match, string expected)
    {
        var route = Assert.Single(Translate($"- matches: [{match}]"));
        Assert.Equal(expected, route.Match.ToString());
    }

    [Theory]
    [MemberData(nameof(Actions))]
    [MemberData(nameof(Retries))]
    public void ActionBecomes(string rule, string expected)
    {
        var route = Assert.Single(Translate($"- {rule}"));
        Assert.Equal(expected, route.Route_.ToString());
    }

    [Fact]
    public void FiltersOfTheRuleChangeHeadersOfTheRoute()
    {
        var route = Assert.Single(Translate("""
            - filters:
                - type: RequestHeaderModifier
                  requestHeaderModifier:
                    set: [{name: X-A, value: "100%"}]
                    add: [{name: x-b, value: "2"}]
                    remove: [X-C]
                - type: ResponseHeaderModifier
                  responseHeaderModifier: {set: [{name: x-d, value: "4"}]}
            """));
        Assert.Equal(
            """[ { "header": { "key": "x-a", "value": "100%%" }, "appendAction": "OVERWRITE_IF_EXISTS_OR_ADD" }, { "header": { "key": "x-b", "value": "2" } } ]""",
            route.RequestHeadersToAdd.ToString());
        Assert.Equal(["x-c"], route.RequestHeadersToRemove);
        Assert.Equal("""[ { "header": { "key": "x-d", "value": "4" }, "appendAction": "OVERWRITE_IF_EXISTS_OR_ADD" } ]""", route.ResponseHeadersToAdd.ToString());
    }

    [Fact]
    public void RulesAreNamedByNumberOrName()
    {
        var routes = Translate("- matches: [{path: {value: /a}}, {path: {value: /b}}]\n  - name: second");
        Assert.Equal(["default/r/0", "default/r/0", "default/r/second"], routes.Select(r => r.Name));
    }

    [Fact]
    public void ARouteWithoutRulesTakesEverything() =>
        Assert.Equal("""{ "prefix": "/" }""", Assert.Single(Routes.Of(Compile(""), "a.default:80")).Match.ToString());

    [Fact]
    public void RawPathsStayRaw()
    {
        var mesh = Compile("  rules:\n  - matches: [{path: {type: Exact, value: /%7Euser}}]", "apiVersion: banyan.dev/v1alpha1\nkind: Mesh\nmetadata: {name: default}\nspec: {pathNormalization: off}\n");
        Assert.Equal("/%7Euser", Routes.Of(mesh, "a.default:80")[0].Match.Path);
    }

    private static IReadOnlyList<Route> Translate(string rule)
    {
        var mesh = Compile("  rules:\n  " + rule);
        var bytes = mesh.Resources[new ResourceKey(XdsTypes.RouteConfiguration, "a.default:80")].Any.Value;
        Assert.True(RouteTable.TryCompile(RouteConfiguration.Parser.ParseFrom(bytes), out _, out var error), error);
        return Routes.Of(mesh, "a.default:80");
    }

    private static CompiledMesh Compile(string rules, string mesh = "# nothing\n") => Configs.Compile($$"""
        {{mesh}}---
        apiVersion: v1
        kind: Service
        metadata: {name: a}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: b}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: r}
        spec:
          parentRefs: [{group: "", kind: Service, name: a}]
        {{rules}}
        """);
}
