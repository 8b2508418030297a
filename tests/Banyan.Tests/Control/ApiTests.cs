using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Banyan.Control.Api;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class ApiTests
{
    [Fact]
    public async Task ApplyGetAndDelete()
    {
        await using var control = await TestControl.StartAsync();
        var result = await control.AppliedAsync(Texts.Service("a") + Texts.Workload("b"));
        Assert.Equal(["created", "created"], result.Changed.Select(each => each.Action));
        using var document = JsonDocument.Parse(await control.Api.GetStringAsync("/api/v1/resources/Workloads"));
        var item = document.RootElement.GetProperty("items").EnumerateArray().Single();
        Assert.Equal("Workload", item.GetProperty("kind").GetString());
        Assert.Equal("b-v1", item.GetProperty("metadata").GetProperty("name").GetString());
        Assert.Equal("api", item.GetProperty("owner").GetString());
        Assert.NotEqual(0, item.GetProperty("status").GetProperty("conditions").GetArrayLength());
        using var deleted = await control.Api.DeleteAsync("/api/v1/resources/workload/default/b-v1");
        Assert.Equal("deleted", (await deleted.Content.ReadFromJsonAsync(ApiJson.Default.ApplyResult))!.Changed.Single().Action);
        Assert.Equal(1, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task ADryRunChangesNothing()
    {
        await using var control = await TestControl.StartAsync();
        var result = await control.AppliedAsync(Texts.Service("a") + Texts.Split("a", "nobody", 50, "a"), "&dryRun=true&file=x.yaml");
        Assert.Equal(["created", "created"], result.Changed.Select(each => each.Action));
        Assert.Contains(result.Warnings, warning => warning.Contains("nobody", StringComparison.Ordinal));
        var status = await control.StatusAsync();
        Assert.Equal(0, status.Objects);
        Assert.Equal(0, status.Revision);
    }

    [Fact]
    public async Task UnresolvedReferencesAreWarningsOnly()
    {
        await using var control = await TestControl.StartAsync();
        var result = await control.AppliedAsync(Texts.Service("a") + Texts.Split("a", "nobody", 50, "a"), "&file=split.yaml");
        Assert.Contains(result.Warnings, warning => warning.StartsWith("split.yaml:", StringComparison.Ordinal));
        Assert.Equal(2, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task AppliedObjectsReachTheWire()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one") + Texts.Workload("two")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Route, "one.default:80");
        var before = await client.ReceiveAndAckAsync();
        await control.AppliedAsync(Texts.Split("one", "one-v1", 90, "two-v1"));
        var after = await client.ReceiveAndAckAsync();
        Assert.NotEqual(before.Resources[0].Version, after.Resources[0].Version);
        using var deleted = await control.Api.DeleteAsync("/api/v1/resources/httproutes/default/one");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(before.Resources[0].Version, (await client.ReceiveAsync()).Resources[0].Version);
    }

    [Theory]
    [InlineData("application/json", "{\"apiVersion\": \"v1\", \"kind\": ", HttpStatusCode.UnprocessableEntity)]
    [InlineData("text/yaml", "a: [", HttpStatusCode.UnprocessableEntity)]
    [InlineData("text/yaml", "apiVersion: v1\nkind: Servce\nmetadata: {name: a}\n", HttpStatusCode.UnprocessableEntity)]
    [InlineData("text/yaml", "just text", HttpStatusCode.UnprocessableEntity)]
    [InlineData("text/yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: A_B}\nspec: {ports: [{port: 80}]}\n", HttpStatusCode.UnprocessableEntity)]
    [InlineData("text/yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{port: 99999}]}\n", HttpStatusCode.UnprocessableEntity)]
    [InlineData("image/png", "x", HttpStatusCode.UnsupportedMediaType)]
    public async Task WrongTextIsRefusedWithItsPlace(string type, string text, HttpStatusCode expected)
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.ApplyAsync(text, "&file=given.yaml", type);
        var problem = await TestControl.ProblemAsync(response, expected);
        Assert.NotEmpty(problem.Detail!);
        if (expected == HttpStatusCode.UnprocessableEntity)
        {
            Assert.All(problem.Problems!, each => Assert.Equal("given.yaml", each.File));
            Assert.All(problem.Problems!, each => Assert.True(each.Line > 0));
        }

        Assert.Equal(0, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task OneWrongObjectRefusesAll()
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.ApplyAsync(Texts.Service("a") + Texts.Service("b", 99999) + Texts.Service("c", 0));
        var problem = await TestControl.ProblemAsync(response, HttpStatusCode.UnprocessableEntity);
        Assert.Equal(2, problem.Problems!.Count);
        Assert.Equal(0, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task CommandsAreNeverTakenOverTheApi()
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.ApplyAsync(
            """
            apiVersion: banyan.dev/v1alpha1
            kind: Workload
            metadata: {name: evil-v1}
            spec:
              service: evil
              version: v1
              ports: [{name: http, port: 80}]
              run: {command: rm, args: [-rf, /]}
            """);
        var problem = await TestControl.ProblemAsync(response, HttpStatusCode.UnprocessableEntity);
        Assert.Contains("banyan up", problem.Detail, StringComparison.Ordinal);
        Assert.Equal("spec.run", Assert.Single(problem.Problems!).Field);
    }

    [Fact]
    public async Task TheSameObjectTwiceIsRefused()
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.ApplyAsync(Texts.Service("a") + Texts.Service("a", 81));
        await TestControl.ProblemAsync(response, HttpStatusCode.UnprocessableEntity);
    }

    [Theory]
    [InlineData(9, false, false)]
    [InlineData(9, false, true)]
    [InlineData(9, true, false)]
    [InlineData(9, true, true)]
    [InlineData(64, false, false)]
    [InlineData(64, true, false)]
    public async Task WhoSendsTooMuchIsToldSo(int megabytes, bool chunked, bool waits)
    {
        await using var control = await TestControl.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/v1/apply?by=test")
        {
            Content = new StringContent(new string('#', megabytes * 1024 * 1024)),
        };
        request.Headers.TransferEncodingChunked = chunked;
        request.Headers.ExpectContinue = waits;
        using var response = await control.Api.SendAsync(request);
        var problem = await TestControl.ProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
        Assert.Equal("the body is longer than 8 MiB", problem.Detail);
    }

    [Fact]
    public async Task AnInstanceThatIsTooLongIsRefusedToo()
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.Api.PutAsync(
            "/api/v1/instances/default/a/0", new StringContent(new string(' ', 9 * 1024 * 1024)));
        await TestControl.ProblemAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }

    [Fact]
    public async Task TheLongestBodyIsRead()
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.ApplyAsync(new string('#', 8 * 1024 * 1024));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task BytesThatAreNoTextAreRefused()
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.Api.PostAsync("/api/v1/apply", new ByteArrayContent([0x61, 0xff, 0xfe]));
        await TestControl.ProblemAsync(response, HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("GET", "/", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/v1/nothing", HttpStatusCode.NotFound)]
    [InlineData("GET", "/api/v1/resources/gizmos", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/api/v1/resources/gizmos/default/a", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/api/v1/resources/services/default/a", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/api/v1/instances/default/a/0", HttpStatusCode.NotFound)]
    [InlineData("DELETE", "/api/v1/status", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/api/v1/files/accept-removal", HttpStatusCode.BadRequest)]
    [InlineData("POST", "/api/v1/apply?take=perhaps", HttpStatusCode.BadRequest)]
    public async Task WrongRequestsAreAnsweredWithAProblem(string method, string path, HttpStatusCode expected)
    {
        await using var control = await TestControl.StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var response = await control.Api.SendAsync(request);
        var problem = await TestControl.ProblemAsync(response, expected);
        Assert.Equal((int)expected, problem.Status);
        Assert.NotEmpty(problem.Detail!);
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest, "body")]
    [InlineData("null", HttpStatusCode.BadRequest, "body")]
    [InlineData("""{"namespace":"default","workload":"b","replica":0}""", HttpStatusCode.UnprocessableEntity, "workload")]
    [InlineData("""{"namespace":"default","workload":"a","replica":0,"state":"perhaps"}""", HttpStatusCode.BadRequest, "state")]
    [InlineData("""{"namespace":"default","workload":"a","replica":0,"outbound":"nowhere"}""", HttpStatusCode.UnprocessableEntity, "outbound")]
    [InlineData(
        """{"namespace":"default","workload":"a","replica":0,"ports":[{"service":"a","port":0,"app":"127.0.0.1:1","inbound":"127.0.0.1:2"}]}""",
        HttpStatusCode.UnprocessableEntity, "ports[0].port")]
    public async Task WrongInstancesAreRefused(string body, HttpStatusCode expected, string field)
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.Api.PutAsync(
            "/api/v1/instances/default/a/0", new StringContent(body, Encoding.UTF8, "application/json"));
        var problem = await TestControl.ProblemAsync(response, expected);
        Assert.Equal(field, problem.Problems?[0].Field ?? "");
        Assert.Equal("""{"items":[]}""", await control.Api.GetStringAsync("/api/v1/instances"));
    }

    [Fact]
    public async Task InstancesGiveEndpointsOnlyWhileReady()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml",
            """
            apiVersion: banyan.dev/v1alpha1
            kind: Workload
            metadata: {name: one-v1}
            spec: {service: one, version: v1, ports: [{name: http, port: 80}], run: {command: one}}
            """));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Endpoint, "one.default:80");
        Assert.Empty(Endpoints(await client.ReceiveAndAckAsync()));
        var instance = Texts.Instance("one-v1", "one", 20500, state: Banyan.Model.InstanceState.Starting);
        await control.RegisterAsync(instance);
        await control.RegisterAsync(instance with { State = Banyan.Model.InstanceState.Ready });
        Assert.Equal([Banyan.Xds.HealthStatus.Healthy], Endpoints(await client.ReceiveAndAckAsync()));
        await control.RegisterAsync(instance with { State = Banyan.Model.InstanceState.Draining });
        Assert.Equal([Banyan.Xds.HealthStatus.Draining], Endpoints(await client.ReceiveAndAckAsync()));

        static IEnumerable<Banyan.Xds.HealthStatus> Endpoints(Banyan.Xds.DeltaDiscoveryResponse response) =>
            response.Resources[0].Resource_.Unpack<Banyan.Xds.ClusterLoadAssignment>().Endpoints
                .SelectMany(each => each.LbEndpoints).Select(each => each.HealthStatus);
    }

    [Fact]
    public async Task OverTcpTheApiIsReadOnlyAndGuarded()
    {
        await using var control = await TestControl.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri($"http://{control.Plane.ApiEndPoint}") };
        Assert.Equal("ready\n", await http.GetStringAsync("/ready"));
        Assert.Equal(HttpStatusCode.OK, await StatusOf(http, origin: $"http://127.0.0.1:{control.Plane.ApiEndPoint.Port}"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf(http, origin: "http://evil.example"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf(http, origin: "http://127.0.0.1:1"));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusOf(http, origin: "null"));
        Assert.Equal(HttpStatusCode.MisdirectedRequest, await StatusOf(http, host: "evil.example"));
        Assert.Equal(HttpStatusCode.OK, await StatusOf(http, host: "localhost"));
        using var posted = await http.PostAsync("/api/v1/apply", new StringContent(Texts.Service("a"), Encoding.UTF8, "text/yaml"));
        await TestControl.ProblemAsync(posted, HttpStatusCode.Forbidden);
        Assert.Equal(0, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task OverTcpTheEnvironmentOfProcessesIsHidden()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one").Replace(
            "addresses: [\"10.0.0.1\"]", "run: {command: x, env: {PASSWORD: hunter2}}", StringComparison.Ordinal)));
        await control.RegisterAsync(Texts.Instance("one-v1", "one", 20400) with { Admin = "/run/secret.sock" });
        using var http = new HttpClient { BaseAddress = new Uri($"http://{control.Plane.ApiEndPoint}") };
        const string Workloads = "/api/v1/resources/workloads";
        const string Instances = "/api/v1/instances";
        Assert.Contains("hunter2", await control.Api.GetStringAsync(Workloads), StringComparison.Ordinal);
        Assert.Contains("secret.sock", await control.Api.GetStringAsync(Instances), StringComparison.Ordinal);
        var shown = await http.GetStringAsync(Workloads);
        Assert.Contains("PASSWORD", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
        shown = await http.GetStringAsync(Instances);
        Assert.Contains("one-v1", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("secret.sock", shown, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingIsServedBeyondTheStop()
    {
        await using var control = await TestControl.StartAsync();
        var path = control.Plane.SocketPath;
        Assert.True(File.Exists(path));
        await control.Plane.StopAsync();
        Assert.False(File.Exists(path));
        await Assert.ThrowsAsync<HttpRequestException>(() => control.StatusAsync());
    }

    private static async Task<HttpStatusCode> StatusOf(HttpClient http, string? origin = null, string? host = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/status");
        request.Headers.Host = host;
        if (origin is not null)
        {
            request.Headers.Add("Origin", origin);
        }

        using var response = await http.SendAsync(request);
        return response.StatusCode;
    }
}
