using System.Net;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Banyan.Control.Api;
using Banyan.Control.Registry;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control.Registry;

public sealed class RegistryTests
{
    [Fact]
    public async Task ARegisteredEndpointIsServedUntilItIsTakenBack()
    {
        await using var control = await TestControl.StartAsync();
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Endpoint, "ledger.default:80");
        Assert.Equal(["ledger.default:80"], (await client.ReceiveAndAckAsync()).RemovedResources);
        await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1","owner":"billing","tier":"critical"}""", HttpStatusCode.Created);
        Assert.Equal(["10.0.0.5:8080 Healthy False"], Endpoints(await client.ReceiveAndAckAsync()));

        // The same again is a heartbeat; nothing is pushed or stored.
        var before = (await control.StatusAsync()).Revision;
        await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1","owner":"billing","tier":"critical"}""", HttpStatusCode.OK);
        Assert.Equal(before, (await control.StatusAsync()).Revision);
        await RegisterAsync(control, "10.0.0.6:8080", """{"version":"v1"}""", HttpStatusCode.Created);
        Assert.Equal(["10.0.0.5:8080 Healthy False", "10.0.0.6:8080 Healthy False"], Endpoints(await client.ReceiveAndAckAsync()));
        Assert.Equal(["ledger v1 billing critical 2/2 registry"], await ServicesAsync(control));

        using var deleted = await control.Api.DeleteAsync($"/api/v1/registrations/default/ledger/10.0.0.5%3A8080?by=me");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        Assert.Equal(["10.0.0.6:8080 Healthy False"], Endpoints(await client.ReceiveAndAckAsync()));
        using var twice = await control.Api.DeleteAsync($"/api/v1/registrations/default/ledger/10.0.0.5%3A8080");
        await TestControl.ProblemAsync(twice, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task ItJoinsAWorkloadThatSomebodyWrote()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("ledger", port: 90)));
        await RegisterAsync(control, "10.0.0.9:8080", """{"version":"v1"}""", HttpStatusCode.Created);
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Endpoint, "ledger.default:90");
        Assert.Equal(["10.0.0.1:90 Healthy False", "10.0.0.9:8080 Healthy False"], Endpoints(await client.ReceiveAndAckAsync()));
        var wrong = await RegisterAsync(control, "10.0.0.10:8080", """{"version":"v1","port":91}""", HttpStatusCode.UnprocessableEntity);
        Assert.Contains("has no port 91", wrong, StringComparison.Ordinal);
        Assert.Equal(1, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task MaintenanceKeepsNewRequestsAway()
    {
        await using var control = await TestControl.StartAsync();
        await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1"}""", HttpStatusCode.Created);
        await RegisterAsync(control, "10.0.0.6:8080", """{"version":"v2"}""", HttpStatusCode.Created);
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Endpoint, "ledger.default:80");
        Assert.Equal(2, Endpoints(await client.ReceiveAndAckAsync()).Count());
        await MaintainAsync("on=true&version=v1&reason=disk", HttpStatusCode.OK);
        Assert.Equal(["10.0.0.5:8080 Draining False", "10.0.0.6:8080 Healthy False"], Endpoints(await client.ReceiveAndAckAsync()));
        Assert.Equal(["ledger v1  standard 0/1 registry", "ledger v2  standard 1/1 registry"], await ServicesAsync(control));

        // A heartbeat does not end it.
        await RegisterAsync(control, "10.0.0.5:8080", """{"version":"v1"}""", HttpStatusCode.OK);
        Assert.Equal("ledger v1  standard 0/1 registry", (await ServicesAsync(control))[0]);
        await MaintainAsync("on=false", HttpStatusCode.OK);
        Assert.Equal("10.0.0.5:8080 Healthy False", Endpoints(await client.ReceiveAndAckAsync()).First());
        await MaintainAsync("on=true&version=v3", HttpStatusCode.NotFound);
        await MaintainAsync("", HttpStatusCode.BadRequest);

        async Task MaintainAsync(string query, HttpStatusCode expected)
        {
            using var response = await control.Api.PostAsync("/api/v1/services/default/ledger/maintenance?" + query, null);
            Assert.True(expected == response.StatusCode, await response.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task HalfOfAServiceExpiresAndTheRestOnlyWhenItDoesNotAnswer()
    {
        using var alive = new TcpListener(IPAddress.Loopback, 0);
        alive.Start();
        await using var control = await TestControl.StartAsync();
        await RegisterAsync(control, $"{alive.LocalEndpoint}", """{"ttl":1}""", HttpStatusCode.Created);
        await RegisterAsync(control, $"127.0.0.1:{FreePorts.Next()}", """{"ttl":1}""", HttpStatusCode.Created);
        await RegisterAsync(control, "10.255.255.1:1", "{}", HttpStatusCode.Created);
        await RegisterAsync(control, "10.255.255.2:1", """{"ttl":600}""", HttpStatusCode.Created);
        await Eventually.TrueAsync(async () => (await ListAsync(control)).Count <= 3, "one is forgotten");

        // Two of four are silent, and no more than two may go unasked: both go. Those with time left stay.
        await Eventually.TrueAsync(async () => (await ListAsync(control)).Count == 2, "both are forgotten");
        Assert.All(await ListAsync(control), item => Assert.StartsWith("10.255.255.", item.Address, StringComparison.Ordinal));
        await RegisterAsync(control, $"{alive.LocalEndpoint}", """{"ttl":1}""", HttpStatusCode.Created);
        await RegisterAsync(control, $"127.0.0.1:{FreePorts.Next()}", """{"ttl":1}""", HttpStatusCode.Created);

        // Half of the service was lost already: now they are asked, and the one that answers stays.
        await Eventually.TrueAsync(async () => (await ListAsync(control)).Count == 3, "the dead one is forgotten");
        Assert.Contains(await ListAsync(control), item => item.Address == $"{alive.LocalEndpoint}");
    }

    [Fact]
    public async Task AHeartbeatKeepsItAndTheUnknownAreToldToRegister()
    {
        await using var control = await TestControl.StartAsync();
        var address = $"127.0.0.1:{FreePorts.Next()}";
        var place = $"/api/v1/registrations/default/ledger/{Uri.EscapeDataString(address)}";
        await RegisterAsync(control, address, """{"ttl":1}""", HttpStatusCode.Created);
        var clock = System.Diagnostics.Stopwatch.StartNew();
        await Eventually.TrueAsync(
            async () =>
            {
                using var beat = await control.Api.PostAsync(place + "/heartbeat", null);
                Assert.Equal(HttpStatusCode.NoContent, beat.StatusCode);
                return clock.Elapsed > TimeSpan.FromSeconds(3);
            },
            "three lives");
        Assert.Single(await ListAsync(control));
        await Eventually.TrueAsync(async () => (await ListAsync(control)).Count == 0, "silent at last");
        using var late = await control.Api.PostAsync(place + "/heartbeat", null);
        var problem = await TestControl.ProblemAsync(late, HttpStatusCode.NotFound);
        Assert.Contains("register it again", problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AfterARestartNobodyThatAnswersIsForgotten()
    {
        using var alive = new TcpListener(IPAddress.Loopback, 0);
        alive.Start();
        await using var first = await TestControl.StartAsync();
        await RegisterAsync(first, $"{alive.LocalEndpoint}", """{"ttl":1,"version":"v1"}""", HttpStatusCode.Created);
        await RegisterAsync(first, $"127.0.0.1:{FreePorts.Next()}", """{"ttl":1,"version":"v1"}""", HttpStatusCode.Created);
        await first.Plane.StopAsync();
        var second = await first.RestartAsync();
        Assert.Equal(2, (await ListAsync(second)).Count);
        Assert.Equal(1, (await second.StatusAsync()).Objects);
        await Eventually.TrueAsync(async () => (await ListAsync(second)).Count == 1, "the dead one is forgotten");
        Assert.Equal($"{alive.LocalEndpoint}", Assert.Single(await ListAsync(second)).Address);
        await second.Plane.DisposeAsync();
        second.Api.Dispose();
    }

    [Theory]
    [InlineData("ledger", "10.0.0.5:8080", "{", HttpStatusCode.BadRequest, "body")]
    [InlineData("ledger", "10.0.0.5:8080", """{"colour":"red"}""", HttpStatusCode.BadRequest, "colour")]
    [InlineData("ledger", "10.0.0.5:8080", """{"port":"x"}""", HttpStatusCode.BadRequest, "port")]
    [InlineData("ledger", "10.0.0.5:8080", """{"port":70000}""", HttpStatusCode.UnprocessableEntity, "port")]
    [InlineData("ledger", "10.0.0.5:8080", """{"ttl":0.1}""", HttpStatusCode.UnprocessableEntity, "ttl")]
    [InlineData("ledger", "10.0.0.5:8080", """{"ttl":1e9}""", HttpStatusCode.UnprocessableEntity, "ttl")]
    [InlineData("ledger", "10.0.0.5:8080", """{"tier":"huge"}""", HttpStatusCode.UnprocessableEntity, "tier")]
    [InlineData("ledger", "10.0.0.5:8080", """{"protocol":"udp"}""", HttpStatusCode.UnprocessableEntity, "protocol")]
    [InlineData("ledger", "10.0.0.5:8080", """{"version":"V 1"}""", HttpStatusCode.UnprocessableEntity, "version")]
    [InlineData("Ledger", "10.0.0.5:8080", "{}", HttpStatusCode.UnprocessableEntity, "service")]
    [InlineData("ledger", "host:8080", "{}", HttpStatusCode.UnprocessableEntity, "address")]
    [InlineData("ledger", "0.0.0.0:8080", "{}", HttpStatusCode.UnprocessableEntity, "address")]
    public async Task WrongRegistrationsAreRefusedWithTheField(string service, string address, string body, HttpStatusCode expected, string field)
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.Api.PutAsync(
            $"/api/v1/registrations/default/{service}/{Uri.EscapeDataString(address)}", new StringContent(body, Encoding.UTF8, "application/json"));
        var problem = await TestControl.ProblemAsync(response, expected);
        Assert.Equal(field, Assert.Single(problem.Problems!).Field);
        Assert.Empty(await ListAsync(control));
        Assert.Equal(0, (await control.StatusAsync()).Objects);
    }

    private static async Task<string> RegisterAsync(TestControl control, string address, string body, HttpStatusCode expected)
    {
        using var response = await control.Api.PutAsync(
            $"/api/v1/registrations/default/ledger/{Uri.EscapeDataString(address)}?by=test", new StringContent(body, Encoding.UTF8, "application/json"));
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(expected == response.StatusCode, $"{response.StatusCode}: {text}");
        return text;
    }

    private static async Task<IReadOnlyList<Registration>> ListAsync(TestControl control) =>
        (await control.Api.GetFromJsonAsync("/api/v1/registrations", ApiJson.Default.RegistrationList))!.Items;

    private static async Task<string[]> ServicesAsync(TestControl control) =>
        [.. (await control.Api.GetFromJsonAsync("/api/v1/services", ApiJson.Default.ServiceList))!.Items
            .Select(item => $"{item.Service} {item.Version} {item.Owner} {item.Tier} {item.Healthy}/{item.Total} {item.Source}")];

    private static IEnumerable<string> Endpoints(Banyan.Xds.DeltaDiscoveryResponse response) =>
        response.Resources[0].Resource_.Unpack<Banyan.Xds.ClusterLoadAssignment>().Endpoints.SelectMany(each => each.LbEndpoints)
            .Select(each =>
            {
                var address = each.Endpoint.Address.SocketAddress;
                var meshed = each.Metadata.FilterMetadata["banyan.dev"].Fields["meshed"].BoolValue;
                return $"{address.Address}:{address.PortValue} {each.HealthStatus} {meshed}";
            });
}
