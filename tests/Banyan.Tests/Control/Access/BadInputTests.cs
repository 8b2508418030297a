using System.Net;
using System.Text;
using Banyan.Control.Api;
using Xunit;

namespace Banyan.Tests.Control.Access;

/// <summary>Bad input of every kind, at every address that takes any: a problem with the field, and nothing stored.</summary>
public sealed class BadInputTests
{
    private const string Yaml = "text/yaml", Json = "application/json";
    private const string Instance = "/api/v1/instances/default/one-v1/0";
    private const string Endpoint = "/api/v1/registrations/default/two/10.0.0.1:80";

    // The least that is too long.
    private static readonly string Long = new('#', (8 * 1024 * 1024) + 1);

    /// <summary>Addresses that take nothing that could be wrong.</summary>
    private static readonly string[] TakeNothing =
    [
        "GET /ready", "GET /api/v1/status", "GET /api/v1/instances", "GET /api/v1/services", "GET /api/v1/registrations",
        "GET /api/v1/tokens", "GET /api/v1/openapi.json", "GET /api/v1/certificates",
        "POST /api/v1/certificates/csr", "GET /api/v1/certificates/rotation",
    ];

    private static readonly Case[] Cases =
    [
        new("POST /api/v1/apply", "not YAML", Yaml, "a: [", 422, ""),
        new("POST /api/v1/apply", "not JSON", Json, "{\"a\":", 422, ""),
        new("POST /api/v1/apply", "no such kind", Yaml, "apiVersion: banyan.dev/v1alpha1\nkind: Wrokload\nmetadata: {name: a}\n", 422, "kind"),
        new("POST /api/v1/apply", "no such field", Yaml, Texts.Service("new").Replace("ports:", "prots:", StringComparison.Ordinal), 422, "spec.prots"),
        new("POST /api/v1/apply", "out of range", Yaml, Texts.Service("new", 70_000), 422, "spec.ports[0].port"),
        new("POST /api/v1/apply", "twice", Yaml, Texts.Service("new") + Texts.Service("new"), 422, "metadata.name"),
        new("POST /api/v1/apply", "a command", Yaml, Command, 422, "spec.run"),
        new("POST /api/v1/apply", "not text", Yaml, null, 400, "body"),
        new("POST /api/v1/apply", "too long", Yaml, Long, 413, "body"),
        new("POST /api/v1/apply", "another type", "text/html", "<html>", 415, "Content-Type"),
        new("POST /api/v1/apply?ifRevision=0", "changed since", Yaml, Texts.Service("kept", 81), 409, "ifRevision"),
        new("POST /api/v1/apply?ifRevision=x", "no number", Yaml, Texts.Service("new"), 400, "ifRevision"),
        new("POST /api/v1/apply?take=maybe", "no flag", Yaml, Texts.Service("new"), 400, "take"),
        new("POST /api/v1/apply?dryRun=maybe", "no flag", Yaml, Texts.Service("new"), 400, "dryRun"),
        new("POST /api/v1/apply", "of a file", Yaml, Texts.Service("filed", 81), 409, "metadata.name"),
        new("POST /api/v1/diff", "not YAML", Yaml, "a: [", 422, ""),
        new("POST /api/v1/diff", "too long", Yaml, Long, 413, "body"),
        new("POST /api/v1/diff", "another type", "text/html", "<html>", 415, "Content-Type"),
        new("GET /api/v1/resources/things", "no such kind", null, null, 404, "kind"),
        new("DELETE /api/v1/resources/things/default/kept", "no such kind", null, null, 404, "kind"),
        new("DELETE /api/v1/resources/services/default/none", "not there", null, null, 404, "metadata.name"),
        new("DELETE /api/v1/resources/services/default/filed", "of a file", null, null, 409, "metadata.name"),
        new("POST /api/v1/files/accept-removal", "which", null, null, 400, "path"),
        new("POST /api/v1/files/accept-removal?path=/x", "not held", null, null, 404, "path"),
        new("GET /api/v1/history?limit=0", "out of range", null, null, 400, "limit"),
        new("GET /api/v1/history?before=x", "no number", null, null, 400, "before"),
        new("GET /api/v1/history?kind=things", "no such kind", null, null, 400, "kind"),
        new("GET /api/v1/audit?limit=501", "out of range", null, null, 400, "limit"),
        new("GET /api/v1/events?after=-1", "no number", null, null, 400, "after"),
        new("POST /api/v1/rollback", "which", null, null, 400, "revision"),
        new("POST /api/v1/rollback?revision=x", "no number", null, null, 400, "revision"),
        new("POST /api/v1/rollback?revision=1&dryRun=maybe", "no flag", null, null, 400, "dryRun"),
        new("PUT " + Instance, "not JSON", Json, "{\"namespace\":", 400, "namespace"),
        new("PUT " + Instance, "nothing", Json, "", 400, "body"),
        new("PUT " + Instance, "another type of value", Json, "{\"workload\":\"one-v1\",\"ports\":[{\"port\":\"x\"}]}", 400, "ports"),
        new("PUT " + Instance, "another one", Json, "{\"workload\":\"two-v1\"}", 422, "workload"),
        new("PUT " + Instance, "no address", Json, "{\"workload\":\"one-v1\",\"outbound\":\"here\"}", 422, "outbound"),
        new("PUT " + Instance, "too long", Json, Long, 413, "body"),
        new("DELETE " + Instance, "not there", null, null, 404, "replica"),
        new("POST /api/v1/services/default/two/maintenance", "which", null, null, 400, "on"),
        new("POST /api/v1/services/default/two/maintenance?on=maybe", "no flag", null, null, 400, "on"),
        new("POST /api/v1/services/default/none/maintenance?on=true", "not there", null, null, 404, "service"),
        new("PUT " + Endpoint, "not JSON", Json, "{\"port\":", 400, "port"),
        new("PUT " + Endpoint, "no such field", Json, "{\"prot\":1}", 400, "prot"),
        new("PUT " + Endpoint, "out of range", Json, "{\"port\":70000}", 422, "port"),
        new("PUT " + Endpoint, "no such word", Json, "{\"tier\":\"high\"}", 422, "tier"),
        new("PUT " + Endpoint, "too long", Json, Long, 413, "body"),
        new("PUT /api/v1/registrations/default/two/here", "no address", Json, "{}", 422, "address"),
        new("DELETE " + Endpoint, "not there", null, null, 404, "address"),
        new("POST " + Endpoint + "/heartbeat", "not there", null, null, 404, "address"),
        new("POST /api/v1/tokens", "for whom", null, null, 400, "name"),
        new("POST /api/v1/tokens?name=a&role=king", "no such word", null, null, 400, "role"),
        new("POST /api/v1/tokens?name=a&expiresIn=0", "out of range", null, null, 400, "expiresIn"),
        new("DELETE /api/v1/tokens/none", "not there", null, null, 404, "id"),
        new("POST /api/v1/join-tokens", "for whom", null, null, 400, "workload"),
        new("POST /api/v1/join-tokens?workload=one", "half a name", null, null, 400, "workload"),
        new("POST /api/v1/join-tokens?workload=default/none", "not there", null, null, 404, "workload"),
        new("POST /api/v1/join-tokens?workload=default/one&expiresIn=0", "out of range", null, null, 400, "expiresIn"),
        new("POST /api/v1/join-tokens?workload=default/one&expiresIn=604801", "out of range", null, null, 400, "expiresIn"),
        new("POST /api/v1/apply?force=maybe", "no flag", "text/yaml", "", 400, "force"),
        new("GET /api/v1/certificates/issued?limit=501", "out of range", null, null, 400, "limit"),
        new("POST /api/v1/certificates/xyz/deny", "no number", null, null, 400, "serial"),
        new("POST /api/v1/certificates/00ff/deny", "not there", null, null, 404, "serial"),
        new("POST /api/v1/certificates/install", "not PEM", "application/x-pem-file", "nonsense", 422, "body"),
        new("POST /api/v1/certificates/install", "too long", "application/x-pem-file", Long, 413, "body"),
        new("POST /api/v1/certificates/rotate-root?force=maybe", "no flag", null, null, 400, "force"),
        new("POST /api/v1/certificates/rotate-root", "no stage", null, null, 400, "from"),
        new("POST /api/v1/certificates/rotate-root?from=half", "no stage", null, null, 400, "from"),
        new("POST /api/v1/certificates/rotate-root?from=signing", "another stage", null, null, 409, "from"),
        new("POST /api/v1/certificates/rotate-root?abort=true", "nothing to take back", null, null, 409, "abort"),
        new("GET /api/v1/traffic?raw=maybe", "no flag", null, null, 400, "raw"),
        new("GET /api/v1/authorization", "whose", null, null, 400, "to"),
        new("GET /api/v1/authorization?to=nobody", "not there", null, null, 400, "to"),
        new("GET /api/v1/authorization?to=two&from=nobody", "no caller", null, null, 400, "from"),
        new("GET /api/v1/authorization?to=two&port=0", "no port", null, null, 400, "port"),
        new("GET /api/v1/authorization?to=two&path=%2Fa%5Cb", "no path", null, null, 400, "path"),
        new("GET /api/v1/authorization?to=two&method=A%20B", "no method", null, null, 400, "path"),
        new("GET /api/v1/authorization/suggestion?since=soon", "no duration", null, null, 400, "since"),
        new("GET /api/v1/authorization/suggestion?service=nobody", "not there", null, null, 400, "service"),
        new("GET /api/v1/authorization/suggestion?namespace=nobody", "not there", null, null, 400, "namespace"),
        new("GET /api/v1/authorization/suggestion?detail=all", "no such word", null, null, 400, "detail"),
        new("GET /api/v1/authorization/suggestion?audit=maybe", "no flag", null, null, 400, "audit"),
        new("GET /api/v1/authorization/suggestion?rare=-1", "out of range", null, null, 400, "rare"),
        new("POST /api/v1/rollback?revision=1&force=maybe", "no flag", null, null, 400, "force"),
        new("DELETE /api/v1/resources/services/default/kept?force=maybe", "no flag", null, null, 400, "force"),
        new("GET /api/v1/edges?since=soon", "no duration", null, null, 400, "since"),
        new("GET /api/v1/edges?since=721h", "out of range", null, null, 400, "since"),
    ];

    private const string Command =
        """
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: run-v1}
        spec: {service: run, version: v1, ports: [{name: http, port: 80}], run: {command: touch, args: [/tmp/never]}}
        """;

    [Fact]
    public async Task EachIsAnsweredWithItsFieldAndNothingIsStored()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("filed")));
        await control.AppliedAsync(Texts.Service("kept"));
        var before = await StoredAsync(control);
        foreach (var each in Cases)
        {
            using var response = await SendAsync(control.Api, each);
            var problem = await TestControl.ProblemAsync(response, (HttpStatusCode)each.Status);
            var text = $"{each.Address} ({each.What}): {problem.Detail}";
            Assert.True(problem.Problems is { Count: > 0 }, text + ": no field");
            Assert.True(each.Field == problem.Problems![0].Field, $"{text}: {problem.Problems[0].Field}");
            Assert.Equal((each.Status, "about:blank"), (problem.Status, problem.Type));
            Assert.False(string.IsNullOrEmpty(problem.Detail), text);
            Assert.True(before == await StoredAsync(control), text + ": something was stored");
        }
    }

    [Fact]
    public async Task WhoMayNotIsToldWhichFieldOfTheHeadIsAtFault()
    {
        await using var control = await TestControl.StartAsync();
        var before = await StoredAsync(control);
        using var client = new HttpClient { BaseAddress = new Uri($"http://{control.Plane.ApiEndPoint}") };
        (HttpMethod Method, string Name, string Value, int Status)[] heads =
        [
            (HttpMethod.Get, "Authorization", "Bearer banyan_000000000000_00", 401),
            (HttpMethod.Get, "Authorization", "Basic YTpi", 401),
            (HttpMethod.Post, "Authorization", "", 403),
            (HttpMethod.Get, "Host", "example.test", 421),
            (HttpMethod.Get, "Origin", "http://example.test", 403),
        ];
        foreach (var (method, name, value, status) in heads)
        {
            var path = method == HttpMethod.Get ? "/api/v1/status" : "/api/v1/apply";
            using var request = new HttpRequestMessage(method, path) { Content = new StringContent(Texts.Service("new")) };
            if (value.Length > 0)
            {
                request.Headers.TryAddWithoutValidation(name, value);
            }

            using var response = await client.SendAsync(request);
            var problem = await TestControl.ProblemAsync(response, (HttpStatusCode)status);
            Assert.Equal([name], problem.Problems!.Select(each => each.Field));
        }

        Assert.Equal(before, await StoredAsync(control));
    }

    [Fact]
    public async Task EveryAddressIsAmongTheCases()
    {
        await using var control = await TestControl.StartAsync();
        var tried = Cases.Select(each => each.Address.Split('?')[0].Split(' ')).ToList();
        Assert.DoesNotContain(
            control.Plane.Routes.Except(TakeNothing, StringComparer.Ordinal),
            route => !tried.Exists(each => Fits(route.Split(' '), each)));
    }

    private static bool Fits(string[] route, string[] address)
    {
        var (pattern, path) = (route[1].Split('/'), address[1].Split('/'));
        return route[0] == address[0] && pattern.Length == path.Length
            && pattern.Zip(path).All(each => each.First.StartsWith('{') || each.First == each.Second);
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, Case each)
    {
        var parts = each.Address.Split(' ');
        using var request = new HttpRequestMessage(new HttpMethod(parts[0]), parts[1]);
        if (each.Type is not null)
        {
            request.Content = new ByteArrayContent(each.Body is null ? [0xff, 0xfe, 0x80] : Encoding.UTF8.GetBytes(each.Body));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", each.Type);
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>All that is stored, the audit trail included.</summary>
    private static async Task<string> StoredAsync(TestControl control)
    {
        var text = new StringBuilder();
        foreach (var path in (string[])["resources/services", "resources/workloads", "instances", "registrations", "tokens", "history", "audit"])
        {
            text.Append(await control.Api.GetStringAsync("/api/v1/" + path)).Append('\n');
        }

        return text.ToString();
    }

    /// <param name="Address">Method and path.</param>
    /// <param name="What">What is wrong.</param>
    /// <param name="Type">The type of the body; null = none.</param>
    /// <param name="Body">The body; null = bytes that are no text.</param>
    /// <param name="Status">The status of the answer.</param>
    /// <param name="Field">The field that it names; empty where a text as a whole is at fault.</param>
    private sealed record Case(string Address, string What, string? Type, string? Body, int Status, string Field);
}
