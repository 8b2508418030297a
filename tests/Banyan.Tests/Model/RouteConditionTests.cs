using Banyan.Model;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>What a route is told about its parents and backends.</summary>
public sealed class RouteConditionTests
{
    private const string Services = """
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: a}
        spec: {ports: [{name: http, port: 80}, {name: http-admin, port: 81}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: t}
        spec: {ports: [{name: tcp-x, port: 82}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: b}
        spec: {ports: [{name: http, port: 80}]}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: c, namespace: other}
        spec: {ports: [{name: http, port: 80}]}
        """;

    public static TheoryData<string, string, string> Parents => new()
    {
        { "{group: '', kind: Service, name: a}", "Accepted", "" },
        { "{group: '', kind: Service, name: a, port: 81}", "Accepted", "" },
        { "{group: '', kind: Service, name: a, sectionName: http}", "Accepted", "" },
        { "{group: '', kind: Service, name: a, sectionName: http, port: 81}", "NoMatchingParent", "Service default/a has no such HTTP port" },
        { "{group: '', kind: Service, name: t, port: 82}", "NoMatchingParent", "Service default/t has no such HTTP port" },
        { "{group: '', kind: Service, name: a, port: 1}", "NoMatchingParent", "Service default/a has no such HTTP port" },
        { "{group: '', kind: Service, name: z}", "NoMatchingParent", "there is no Service z in namespace default" },
        { "{group: '', kind: Service, name: c}", "NoMatchingParent", "there is no Service c in namespace default" },
        { "{group: '', kind: Service, name: c, namespace: other}", "Accepted", "" },
        { "{name: edge}", "NoMatchingParent", "gateways are not supported yet by this version" },
        { "{group: x.io, kind: Thing, name: a}", "NoMatchingParent", "a Thing cannot be the parent of a route" },
    };

    public static TheoryData<string, string, string> Backends => new()
    {
        { "{name: b, port: 80}", "ResolvedRefs", "" },
        { "{name: z, port: 80}", "BackendNotFound", "there is no Service z in namespace default" },
        { "{name: b, port: 8080}", "BackendNotFound", "Service default/b has no port 8080" },
        { "{name: t, port: 82}", "UnsupportedProtocol", "port 82 of Service default/t is not HTTP" },
        { "{name: c, namespace: other, port: 80}", "RefNotPermitted", "Service c is in namespace other; references to other namespaces are not supported yet by this version" },
        { "{group: x.io, kind: Bucket, name: b}", "InvalidKind", "a Bucket cannot be a backend" },
    };

    [Theory]
    [MemberData(nameof(Parents))]
    public void EachParentGetsItsCondition(string parent, string reason, string message)
    {
        var mesh = Configs.Compile(Route($"parentRefs: [{parent}]\n  rules: [{{backendRefs: [{{name: b, port: 80}}]}}]"));
        var status = mesh.Statuses[new ObjectKey("HTTPRoute", "default", "r")].Parents.Single();
        Assert.Equal(
            [
                new Condition("Accepted", reason == "Accepted", reason, message, 4),
                new Condition("ResolvedRefs", IsTrue: true, "ResolvedRefs", "", 4),
            ],
            status.Conditions);
        Assert.Equal(
            message.Length == 0 ? [] : [$"mesh.yaml:5:16: spec.parentRefs[0]: {message}"],
            mesh.Warnings.Select(w => w.ToString()));
    }

    [Theory]
    [MemberData(nameof(Backends))]
    public void BackendsAreBoundOrTold(string backend, string reason, string message)
    {
        var mesh = Configs.Compile(Route($"parentRefs: [{{group: '', kind: Service, name: a, port: 80}}]\n  rules: [{{backendRefs: [{backend}]}}]"));
        var status = mesh.Statuses[new ObjectKey("HTTPRoute", "default", "r")].Parents.Single();
        Assert.Equal(new Condition("ResolvedRefs", reason == "ResolvedRefs", reason, message, 4), status.Conditions[1]);
        Assert.True(status.Conditions[0].IsTrue);
        Assert.Equal(
            message.Length == 0 ? [] : [$"mesh.yaml:6:26: spec.rules[0].backendRefs[0]: {message}"],
            mesh.Warnings.Select(w => w.ToString()));
        Assert.Equal(message.Length == 0 ? "b.default:80" : "blackhole", Routes.Of(mesh, "a.default:80")[0].Route_.Cluster);
    }

    [Fact]
    public void ARouteWithAFilterThatIsNotSupportedIsNotApplied()
    {
        var mesh = Configs.Compile(Route("parentRefs: [{group: '', kind: Service, name: a, port: 80}]\n  rules: [{filters: [{type: URLRewrite, urlRewrite: {hostname: x}}], backendRefs: [{name: b, port: 80}]}]"));
        const string Message = "the filter URLRewrite is not supported yet by this version; the route is not applied";
        Assert.Equal(new Condition("Accepted", IsTrue: false, "UnsupportedValue", Message, 4), mesh.Statuses[new ObjectKey("HTTPRoute", "default", "r")].Parents[0].Conditions[0]);
        Assert.Equal($"mesh.yaml:6:29: spec.rules[0].filters[0].type: {Message}", Assert.Single(mesh.Warnings).ToString());
        Assert.Equal("default", Assert.Single(Routes.Of(mesh, "a.default:80")).Name);
    }

    [Fact]
    public void ARouteWithoutParentsIsTold()
    {
        var mesh = Configs.Compile(Route("rules: [{backendRefs: [{name: b, port: 80}]}]"));
        Assert.Equal("NoMatchingParent", mesh.Statuses[new ObjectKey("HTTPRoute", "default", "r")].Conditions.Single().Reason);
        Assert.Single(mesh.Warnings);
    }

    [Fact]
    public void WhatHasNoEffectIsWarnedOf()
    {
        var mesh = Configs.Compile(Route("hostnames: [x.example]\n  parentRefs: [{group: '', kind: Service, name: a}]\n  rules: [{sessionPersistence: {}}]"));
        Assert.Equal(["spec.hostnames", "spec.rules[0].sessionPersistence"], mesh.Warnings.Select(w => w.Field));
        Assert.True(mesh.Statuses[new ObjectKey("HTTPRoute", "default", "r")].Parents[0].Conditions.All(c => c.IsTrue));
    }

    [Theory]
    [InlineData("{retry: {}}", "")]
    [InlineData("{matches: [{method: GET}, {}], retry: {codes: [500, 504]}}", "")]
    [InlineData(
        "{matches: [{method: GET}, {method: POST}], retry: {attempts: 1}}",
        "retry MethodNotIdempotent does not apply to POST: sent twice, a request may have its effect twice")]
    [InlineData(
        "{matches: [{method: PATCH}, {method: PATCH, path: {value: /a}}], retry: {}}",
        "retry MethodNotIdempotent does not apply to PATCH: sent twice, a request may have its effect twice")]
    [InlineData(
        "{retry: {codes: [503, 429]}}",
        "retry.codes[1] UnsupportedValue 429 is passed on: only 500, 502, 503 and 504 are asked for again")]
    public void ARetryThatDoesNotApplyIsTold(string rule, string expected)
    {
        var mesh = Configs.Compile(Route(
            $"parentRefs: [{{group: '', kind: Service, name: a}}]\n  rules: [{{name: x}}, {rule}]"));
        var status = mesh.Statuses[new ObjectKey("HTTPRoute", "default", "r")].Parents.Single();
        var parts = expected.Split(' ', 3);
        Assert.Equal(
            expected.Length == 0
                ? new Condition("RetryApplied", IsTrue: true, "RetryApplied", "", 4)
                : new Condition("RetryApplied", IsTrue: false, parts[1], $"spec.rules[1].{parts[0]} {parts[2]}", 4),
            status.Conditions[2]);
        Assert.Equal(
            expected.Length == 0 ? [] : [$"spec.rules[1].{parts[0]}: {parts[2]}"],
            mesh.Warnings.Select(warning => $"{warning.Field}: {warning.Message}"));
    }

    private static string Route(string spec) =>
        $"apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: r, generation: 4}}\nspec:\n  {spec}\n{Services}";
}
