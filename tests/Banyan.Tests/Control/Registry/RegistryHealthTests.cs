using System.Net;
using System.Net.Http.Json;
using System.Text;
using Banyan.Control.Api;
using Banyan.Control.Reports;
using Banyan.Xds;
using Xunit;
using static Banyan.Xds.HealthCheck;

namespace Banyan.Tests.Control.Registry;

/// <summary>Registered endpoints are probed by the sidecars of their callers, and judged by what those report.</summary>
public sealed class RegistryHealthTests
{
    [Theory]
    [InlineData("""{"http":"/healthz","interval":2,"unhealthyAfter":5}""", HealthCheckerOneofCase.HttpHealthCheck)]
    [InlineData("""{"tcp":true}""", HealthCheckerOneofCase.TcpHealthCheck)]
    [InlineData("""{"grpc":""}""", HealthCheckerOneofCase.GrpcHealthCheck)]
    public async Task CallersProbeAnEndpointAsItSays(string health, HealthCheckerOneofCase kind)
    {
        await using var control = await TestControl.StartAsync();
        await RegisterAsync(control, "10.0.0.5:8080", $$"""{"version":"v1","protocol":"http","health":{{health}}}""", HttpStatusCode.Created);
        var checker = Assert.Single((await GetAsync<Cluster>(control, Texts.Cluster)).HealthChecks);
        Assert.Equal(kind, checker.HealthCheckerCase);
        if (kind == HealthCheckerOneofCase.HttpHealthCheck)
        {
            Assert.Equal(("/healthz", 2, 5u), (checker.HttpHealthCheck.Path, checker.Interval.Seconds, checker.UnhealthyThreshold));
        }

        // At its own address: there is nothing else to say.
        var endpoint = (await GetAsync<ClusterLoadAssignment>(control, Texts.Endpoint)).Endpoints.Single().LbEndpoints.Single().Endpoint;
        Assert.Null(endpoint.HealthCheckConfig);
        Assert.Equal(8080u, endpoint.Address.SocketAddress.PortValue);
    }

    [Fact]
    public async Task ARegistrationWithoutOneIsNotProbedAndOneThatIsTakenBackEndsIt()
    {
        await using var control = await TestControl.StartAsync();
        await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1"}""", HttpStatusCode.Created);
        Assert.Empty((await GetAsync<Cluster>(control, Texts.Cluster)).HealthChecks);
        await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1","health":{"tcp":true}}""", HttpStatusCode.OK);
        Assert.Single((await GetAsync<Cluster>(control, Texts.Cluster)).HealthChecks);
        await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1"}""", HttpStatusCode.OK);
        Assert.Empty((await GetAsync<Cluster>(control, Texts.Cluster)).HealthChecks);
    }

    [Fact]
    public async Task AProcessWithASidecarOfItsOwnIsNotProbedFromOutside()
    {
        await using var control = await TestControl.StartAsync();
        await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1","health":{"tcp":true}}""", HttpStatusCode.Created);
        await control.RegisterAsync(Texts.Instance("ledger-v1", "ledger", 20400));
        var endpoints = (await GetAsync<ClusterLoadAssignment>(control, Texts.Endpoint)).Endpoints.SelectMany(each => each.LbEndpoints);
        Assert.Equal(
            ["10.0.0.5 False", "127.0.0.1 True"],
            endpoints.Select(each => $"{each.Endpoint.Address.SocketAddress.Address} {each.Endpoint.HealthCheckConfig?.DisableActiveHealthCheck ?? false}")
                .Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{}""", "health")]
    [InlineData("""{"tcp":true,"http":"/"}""", "health")]
    [InlineData("""{"http":"healthz"}""", "health.http")]
    [InlineData("""{"grpc":"a\nb"}""", "health.grpc")]
    [InlineData("""{"tcp":true,"interval":0}""", "health.interval")]
    [InlineData("""{"tcp":true,"timeout":61}""", "health.timeout")]
    [InlineData("""{"tcp":true,"unhealthyAfter":0}""", "health.unhealthyAfter")]
    [InlineData("""{"tcp":true,"healthyAfter":101}""", "health.healthyAfter")]
    public async Task WhatIsNoHealthCheckIsRefused(string health, string field)
    {
        await using var control = await TestControl.StartAsync();
        var text = await RegisterAsync(control, "10.0.0.5:8080", $$"""{"health":{{health}}}""", HttpStatusCode.UnprocessableEntity);
        Assert.Contains($"\"field\":\"{field}\"", text, StringComparison.Ordinal);
        Assert.Equal(0, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task AWorkloadThatSomebodyWroteSaysItself()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("ledger")));
        var text = await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1","health":{"tcp":true}}""", HttpStatusCode.UnprocessableEntity);
        Assert.Contains("\"field\":\"health\"", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ServicesShowWhatIsDeclared()
    {
        const string Caller =
            """
            apiVersion: banyan.dev/v1alpha1
            kind: Workload
            metadata: {name: shop-v1}
            spec:
              service: shop
              version: v1
              ports: [{name: http, port: 80}]
              upstreams: [{service: ledger, port: 80}, {service: rates.other, port: 80}]
            """;
        await using var control = await TestControl.StartAsync(("mesh.yaml", Caller));
        var item = (await control.Api.GetFromJsonAsync("/api/v1/services", ApiJson.Default.ServiceList))!.Items.Single();
        Assert.Equal(["ledger.default", "rates.other"], item.Declared);
        Assert.Empty(item.Seen);
        Assert.Equal((0, 0), (item.Calls, item.Failed));
    }

    [Fact]
    public void CallsAreCountedWhereTheyWereMadeAndFailuresAreTheCalleesOwn()
    {
        var seen = SeenTraffic.Of(new Dictionary<EdgeIdentity, EdgeSum>
        {
            [Edge("default/shop", client: true, "ledger", 200)] = Sum(90),
            [Edge("default/shop", client: true, "ledger", 503)] = Sum(6),
            [Edge("default/shop", client: true, "ledger", 429)] = Sum(3),
            [Edge("default/other", client: true, "ledger", 200, grpc: 14)] = Sum(1),
            [Edge("default/other", client: true, "ledger", 200, grpc: 5)] = Sum(1),
            [Edge("default/shop", client: true, "rates", 200)] = Sum(4),
            [Edge("default/ledger-v1", client: false, "ledger", 503)] = Sum(6),
        });
        Assert.Equal(["ledger.default", "rates.default"], seen.CalledBy("default/shop"));
        Assert.Equal(["ledger.default"], seen.CalledBy("default/other"));
        Assert.Empty(seen.CalledBy("default/ledger-v1"));
        Assert.Equal((101, 7), (seen.CallsOf("default", "ledger-v1"), seen.FailedOf("default", "ledger-v1")));
        Assert.Equal(0, seen.CallsOf("other", "ledger-v1"));
    }

    private static EdgeSum Sum(ulong count)
    {
        var sum = new EdgeSum();
        sum.Add(new EdgeRecord { Count = count }, 0, 0);
        return sum;
    }

    private static EdgeIdentity Edge(string reporter, bool client, string service, int status, int grpc = -1) => new(
        1,
        reporter,
        (int)(client ? EdgeRecord.Types.Direction.Client : EdgeRecord.Types.Direction.Server),
        0,
        service,
        "default",
        80,
        $"{service}-v1",
        "v1",
        "",
        "GET",
        status,
        grpc);

    private static async Task<T> GetAsync<T>(TestControl control, string type)
        where T : class, Google.Protobuf.IMessage<T>, new()
    {
        await using var client = await control.XdsAsync();
        client.Subscribe(type, "ledger.default:80");
        return (await client.ReceiveAsync()).Resources.Single().Resource_.Unpack<T>();
    }

    private static async Task<string> RegisterAsync(TestControl control, string address, string body, HttpStatusCode expected)
    {
        using var response = await control.Api.PutAsync(
            $"/api/v1/registrations/default/ledger/{Uri.EscapeDataString(address)}?by=test",
            new StringContent(body, Encoding.UTF8, "application/json"));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{response.StatusCode}: {text}");
        return text;
    }
}
