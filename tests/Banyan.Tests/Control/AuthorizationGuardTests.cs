using System.Net;
using System.Net.Http.Json;
using Banyan.Control.Api;
using Banyan.Testing;
using Banyan.Tests.Control.Identity;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Xunit;
using Direction = Banyan.Xds.EdgeRecord.Types.Direction;
using Protocol = Banyan.Xds.EdgeRecord.Types.Protocol;

namespace Banyan.Tests.Control;

/// <summary>No policy cuts off callers of the last day who was not asked.</summary>
public sealed class AuthorizationGuardTests
{
    private const string Orders = "spiffe://banyan.local/ns/default/sa/orders";
    private const string Batch = "spiffe://banyan.local/ns/default/sa/batch";

    [Fact]
    public async Task APolicyThatForgetsACallerIsRefusedAndNamesIt()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        await ReportAsync(lab, 1, Edge(Orders, 100), Edge(Batch, 7, "POST"), Edge("", 3), Edge(Orders, 2, "GET", 403));
        var only = Policy("rules: [{from: [{serviceAccounts: [orders]}]}]");
        foreach (var query in (string[])["", "&dryRun=true"])
        {
            using var refused = await control.ApplyAsync(only, query);
            var problems = (await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict)).Problems!;
            Assert.Equal(2, problems.Count);
            var batch = Assert.Single(problems, each => each.Message.Contains(Batch, StringComparison.Ordinal));
            Assert.StartsWith(
                $"default/web would deny {Batch} -> web.default:80 POST: 7 requests in the last 24 h, the last at 2030-", batch.Message, StringComparison.Ordinal);
            Assert.Contains("--force", batch.Message, StringComparison.Ordinal);
            Assert.Equal((1, "spec.rules"), (batch.Line, batch.Field));
            Assert.Contains(problems, each => each.Message.Contains("callers in plaintext: callers without a sidecar (3 calls", StringComparison.Ordinal));
        }

        // Audit tells and does not refuse; who is named is not asked, whatever else is said.
        var audited = await control.AppliedAsync(Policy("mode: audit, rules: [{from: [{serviceAccounts: [orders]}]}]", "dry"));
        Assert.Contains(audited.Warnings, each => each.StartsWith($"default/dry would deny, if it were enforced, {Batch}", StringComparison.Ordinal));
        await control.AppliedAsync(Policy("rules: [{from: [{serviceAccounts: [orders, batch]}]}, {to: [{methods: [GET]}]}]"));
        Assert.Empty((await control.AppliedAsync(Policy("rules: [{}]"))).Warnings);

        // Forced, it is told all the same, and then there is nothing to be refused any more.
        var forced = await control.AppliedAsync(only, "&force=true");
        Assert.Contains(forced.Warnings, each => each.Contains(Batch, StringComparison.Ordinal));
        await control.AppliedAsync(Policy("rules: [{from: [{serviceAccounts: [orders]}], to: [{ports: [80]}]}]"));
    }

    [Fact]
    public async Task WhatReportsDoNotTellMayBeDeniedAndIsOnlyAskedWhereItChanges()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        await ReportAsync(lab, 1, Edge(Orders, 100), Edge(Batch, 7));
        const string Paths = "{from: [{serviceAccounts: [orders]}], to: [{paths: [/a]}]}, {from: [{serviceAccounts: [batch]}]}";
        using (var refused = await control.ApplyAsync(Policy($"rules: [{Paths}]")))
        {
            var problem = Assert.Single((await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict)).Problems!);
            Assert.Contains($"might deny (it asks for paths, which reports do not tell) {Orders}", problem.Message, StringComparison.Ordinal);
        }

        await control.AppliedAsync(Policy($"rules: [{Paths}]"), "&force=true");

        // One more rule takes nothing away, and neither does one that is for others.
        await control.AppliedAsync(Policy($"rules: [{Paths}, {{from: [{{serviceAccounts: [new]}}]}}]"));
        await control.AppliedAsync(Policy("action: deny, rules: [{from: [{serviceAccounts: [new]}], to: [{headers: [{name: x, value: y}]}]}]", "new"));
        using (var refused = await control.ApplyAsync(
            Policy("action: deny, rules: [{from: [{networks: [10.0.0.0/8]}], to: [{headers: [{name: x, value: y}]}]}]", "net")))
        {
            var problems = (await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict)).Problems!;
            Assert.Contains(problems, each => each.Message.StartsWith("default/net might deny (it asks for", StringComparison.Ordinal));
        }

        // To delete what allows, with another that allows left, denies; to delete all denies nobody.
        await control.AppliedAsync(Policy("rules: [{from: [{serviceAccounts: [batch]}], to: [{methods: [GET]}]}]", "rest"));
        using (var deleted = await control.Api.DeleteAsync("/api/v1/resources/authorizationpolicies/default/web"))
        {
            var problem = Assert.Single((await TestControl.ProblemAsync(deleted, HttpStatusCode.Conflict)).Problems!);
            Assert.StartsWith($"default/rest would deny {Orders}", problem.Message, StringComparison.Ordinal);
        }

        using (var deleted = await control.Api.DeleteAsync("/api/v1/resources/authorizationpolicies/default/rest"))
        {
            Assert.True(deleted.IsSuccessStatusCode, await deleted.Content.ReadAsStringAsync());
        }

        using (var deleted = await control.Api.DeleteAsync("/api/v1/resources/authorizationpolicies/default/web"))
        {
            Assert.True(deleted.IsSuccessStatusCode, await deleted.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task WhatTokensSayIsNotKnown()
    {
        const string Token = "jwt: [{issuer: 'https://id.example', jwks: {url: 'http://127.0.0.1:1/keys'}}], ";
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        await ReportAsync(lab, 1, Edge(Orders, 100));
        foreach (var spec in (string[])
        [
            Token + "rules: [{from: [{jwtClaims: {role: [admin]}}]}]",
            Token + "action: deny, rules: [{from: [{serviceAccounts: [orders], jwtClaims: {role: [guest]}}]}]",
            Token + "rules: [{from: [{serviceAccounts: [orders]}]}]",
        ])
        {
            using var refused = await control.ApplyAsync(Policy(spec));
            var problem = Assert.Single((await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict)).Problems!);
            Assert.StartsWith("default/web might deny (it asks for tokens, which reports do not tell)", problem.Message, StringComparison.Ordinal);
        }

        await control.AppliedAsync(Policy(Token + "rules: [{from: [{serviceAccounts: [orders]}]}]"), "&force=true");
        await control.AppliedAsync(Policy(Token + "rules: [{from: [{serviceAccounts: [orders]}]}, {from: [{jwtClaims: {role: [admin]}}]}]"));
    }

    [Fact]
    public async Task ARollbackIsAskedTooAndTheDayBeforeYesterdayDoesNotCount()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        await control.AppliedAsync(Policy("rules: [{from: [{serviceAccounts: [orders]}]}]"));
        var revision = (await control.StatusAsync()).Revision;
        await control.AppliedAsync(Policy("rules: [{}]"));
        await ReportAsync(lab, 1, Edge(Batch, 7));
        var back = $"/api/v1/rollback?by=test&revision={revision}";
        foreach (var query in (string[])["", "&dryRun=true"])
        {
            using var refused = await control.Api.PostAsync(back + query, null);
            var problem = Assert.Single((await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict)).Problems!);
            Assert.Contains(Batch, problem.Message, StringComparison.Ordinal);
        }

        using (var forced = await control.Api.PostAsync(back + "&force=true&dryRun=true", null))
        {
            var document = await forced.Content.ReadFromJsonAsync(ApiJson.Default.RollbackDocument);
            Assert.Contains(document!.Warnings, each => each.Contains(Batch, StringComparison.Ordinal));
        }

        lab.Time.Advance(TimeSpan.FromHours(24) + TimeSpan.FromMinutes(10));
        using var late = await control.Api.PostAsync(back, null);
        Assert.True(late.IsSuccessStatusCode, await late.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task PathsAreKnownByTheRoutesThatCallersTook()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        await control.AppliedAsync(
            """
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: web}
            spec:
              parentRefs: [{group: "", kind: Service, name: web}]
              rules:
              - matches: [{path: {type: Exact, value: /charge}}, {path: {type: PathPrefix, value: /refund}}]
              - {}
            """);
        await ReportAsync(lab, 1, Edge(Orders, 10), Edge(Batch, 5));
        var client = Edge(Orders, 10);
        (client.Direction, client.Route) = (Direction.Client, "default/web/0");
        await ReportAsync(lab, 1, "default/orders-v1/0", client);
        await control.AppliedAsync(Policy(
            "rules: [{from: [{serviceAccounts: [orders]}], to: [{paths: [/charge, /refund, '/refund/*']}]}, {from: [{serviceAccounts: [batch]}]}]"));
        foreach (var less in (string[])["/charge, '/refund/*'", "/charge, /refund", "/refund, '/refund/*'"])
        {
            using var refused = await control.ApplyAsync(Policy(
                $"rules: [{{from: [{{serviceAccounts: [orders]}}], to: [{{paths: [{less}]}}]}}, {{from: [{{serviceAccounts: [batch]}}]}}]"));
            var problem = Assert.Single((await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict)).Problems!);
            Assert.Contains($"{Orders} -> web.default:80 GET /charge or /refund/*", problem.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AFileIsWhatItSaysAndTheLogSaysWhomItCutsOff()
    {
        var logs = new LogLines();
        var folder = new TempFolder("guard");
        folder.Write("config/mesh.yaml", Texts.Workload("web"));
        await using var control = await TestControl.StartInAsync(folder, [folder["config"]], owned: folder, logs: logs);
        await control.ReadyAsync();
        await ReportAsync(control, TimeProvider.System, 1, "default/web-v1/0", Edge(Batch, 7));
        control.Replace("policy.yaml", Policy("rules: [{from: [{serviceAccounts: [orders]}]}]"));
        await Eventually.TrueAsync(
            () => logs.Text.Contains($"cuts callers off: default/web would deny {Batch}", StringComparison.Ordinal), "the log says whom");
        Assert.Contains("default/web", await control.Api.GetStringAsync("/api/v1/authorization?to=web&from=" + Uri.EscapeDataString(Batch)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWasSeenIsSuggestedAndTheGuardHasNothingAgainstIt()
    {
        var lab = new IdentityLab();
        await lab.InitializeAsync();
        await using var control = lab.Control;
        await ReportAsync(lab, 1, Edge(Orders, 100), Edge(Orders, 3, "POST"));
        lab.Time.Advance(TimeSpan.FromHours(3));
        await ReportAsync(lab, 2, Edge(Batch, 20), Folded(5), Edge(Orders, 30));
        var suggestion = (await control.Api.GetFromJsonAsync(
            "/api/v1/authorization/suggestion?since=168h&service=web", ApiJson.Default.SuggestedPolicies))!;
        var service = Assert.Single(suggestion.Services);
        Assert.Equal([(Batch, 20L), (Orders, 130)], service.Rules.Select(each => (each.Caller, each.Count)));
        Assert.Equal([(Orders, 3L)], service.Rare.Select(each => (each.Caller, each.Count)));
        Assert.Equal((2, 1), (suggestion.Window.Hours, suggestion.Window.Gaps.Count));
        Assert.Equal(TimeSpan.FromHours(2), suggestion.Window.Gaps[0].To - suggestion.Window.Gaps[0].From);
        Assert.Contains("5 calls were counted without their callers", suggestion.Warnings[0], StringComparison.Ordinal);

        // The POST is left to be decided about: it was seen today.
        using (var refused = await control.ApplyAsync(suggestion.Yaml))
        {
            var problems = (await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict)).Problems!;
            Assert.Contains($"would deny {Orders} -> web.default:80 POST: 3 requests", problems[0].Message, StringComparison.Ordinal);
            Assert.Contains("5 calls more", problems[1].Message, StringComparison.Ordinal);
        }

        var decided = suggestion.Yaml.Replace("  # - from", "  - from", StringComparison.Ordinal).Replace("  #   ", "    ", StringComparison.Ordinal);
        Assert.Empty((await control.AppliedAsync(decided)).Warnings);
    }

    private static string Policy(string spec, string name = "web") =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: AuthorizationPolicy, metadata: {name: {{name}} }, spec: {selector: {service: web}, {{spec}} } }
        """;

    private static EdgeRecord Edge(string caller, ulong count, string method = "GET", uint status = 200) => new()
    {
        Direction = Direction.Server,
        Protocol = Protocol.Http,
        Service = "web",
        Namespace = "default",
        Port = 80,
        Workload = "web-v1",
        Version = "v1",
        Route = "inbound",
        Method = method,
        Status = status,
        SourceIdentity = caller,
        Mtls = caller.Length > 0,
        Count = count,
    };

    private static EdgeRecord Folded(ulong count)
    {
        var edge = Edge("other", count, "other", 0);
        (edge.Service, edge.Namespace, edge.Port, edge.Workload, edge.Route) = ("other", "other", 0, "other", "other");
        return edge;
    }

    private static Task ReportAsync(IdentityLab lab, ulong sequence, params EdgeRecord[] edges) =>
        ReportAsync(lab, sequence, "default/web-v1/0", edges);

    private static Task ReportAsync(IdentityLab lab, ulong sequence, string node, params EdgeRecord[] edges) =>
        ReportAsync(lab.Control, lab.Time, sequence, node, edges);

    private static async Task ReportAsync(TestControl control, TimeProvider time, ulong sequence, string node, params EdgeRecord[] edges)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var report = new EdgeReport
        {
            Node = node, Epoch = 1, Sequence = sequence, FromUnixMs = now - 5000, ToUnixMs = now, Edges = { edges },
        };
        var answer = await IdentityClient.CallAsync(new Uri($"http://{control.Plane.XdsEndPoint}"), GrpcTrailers.StreamEdges, report.ToByteArray());
        Assert.True(answer.Status == GrpcStatusCode.Ok, $"{answer}");
    }
}
