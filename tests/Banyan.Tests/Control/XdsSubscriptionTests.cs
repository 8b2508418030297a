using Banyan.Model;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class XdsSubscriptionTests
{
    [Fact]
    public async Task WhatIsAskedForByNameIsAnsweredAtOnce()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Cluster, "payments.default:80", "payments-v1.default:80");
        var response = await client.ReceiveAsync();
        Assert.Equal(Texts.Cluster, response.TypeUrl);
        Assert.Equal(
            ["payments-v1.default:80", "payments.default:80"],
            response.Resources.Select(resource => resource.Name).Order(StringComparer.Ordinal));
        Assert.Empty(response.RemovedResources);
        Assert.NotEmpty(response.Nonce);
        Assert.NotEmpty(response.SystemVersionInfo);
        var cluster = response.Resources[0].Resource_.Unpack<Cluster>();
        Assert.Equal(response.Resources[0].Name, cluster.Name);
        Assert.Equal(16, response.Resources[0].Version.Length);
    }

    [Fact]
    public async Task WhatDoesNotExistIsAnsweredAsRemoved()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Listener, "payments.default:80", "nobody.default:80");
        var response = await client.ReceiveAsync();
        Assert.Equal(["payments.default:80"], response.Resources.Select(resource => resource.Name));
        Assert.Equal(["nobody.default:80"], response.RemovedResources);
    }

    [Fact]
    public async Task WhatDidNotExistIsPushedWhenItAppears()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Listener, "late.default:80");
        Assert.Equal(["late.default:80"], (await client.ReceiveAndAckAsync()).RemovedResources);
        control.Write("late.yaml", Texts.Workload("late"));
        Assert.Equal(["late.default:80"], (await client.ReceiveAsync()).Resources.Select(resource => resource.Name));
    }

    [Fact]
    public async Task TheWildcardOfListenersIsTheNodesOwn()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await control.RegisterAsync(Texts.Instance("payments-v1", "payments", 20100));
        await control.RegisterAsync(Texts.Instance("payments-v1", "payments", 20200, replica: 1));
        await using var client = await control.XdsAsync("default/payments-v1/0");
        client.Subscribe(Texts.Listener, "*", "payments.default:80");
        var response = await client.ReceiveAsync();
        Assert.Equal(
            ["inbound/payments.default:80", "outbound", "payments.default:80"],
            response.Resources.Select(resource => resource.Name).Order(StringComparer.Ordinal));
        var outbound = response.Resources.Single(resource => resource.Name == "outbound").Resource_.Unpack<Banyan.Xds.Listener>();
        Assert.Equal(20102u, outbound.Address.SocketAddress.PortValue);
    }

    [Fact]
    public async Task TheWildcardOfAnUnknownNodeIsAnsweredEmptyAndFollowsItsRegistration()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await using var client = await control.XdsAsync("default/payments-v1/0");
        client.Subscribe(Texts.Listener, "*");
        var empty = await client.ReceiveAndAckAsync();
        Assert.Empty(empty.Resources);
        Assert.Empty(empty.RemovedResources);

        await control.RegisterAsync(Texts.Instance("payments-v1", "payments", 20100, state: InstanceState.Starting));
        var listeners = await client.ReceiveAndAckAsync();
        Assert.Equal(2, listeners.Resources.Count);

        using var deleted = await control.Api.DeleteAsync("/api/v1/instances/default/payments-v1/0");
        Assert.True(deleted.IsSuccessStatusCode);
        var gone = await client.ReceiveAsync();
        Assert.Equal(
            ["inbound/payments.default:80", "outbound"], gone.RemovedResources.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task NamingNothingFirstIsAWildcardForListenersOnly()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await control.RegisterAsync(Texts.Instance("payments-v1", "payments", 20100));
        await using var client = await control.XdsAsync("default/payments-v1/0");
        client.Subscribe(Texts.Listener);
        Assert.Equal(2, (await client.ReceiveAndAckAsync()).Resources.Count);
        client.Subscribe(Texts.Route);
        await client.NothingElseAsync();
    }

    [Fact]
    public async Task AskingAgainBringsItAgain()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Cluster, "payments.default:80");
        var first = await client.ReceiveAndAckAsync();
        client.Subscribe(Texts.Cluster, "payments.default:80");
        var second = await client.ReceiveAndAckAsync();
        Assert.Equal(first.Resources[0], second.Resources[0]);
        Assert.NotEqual(first.Nonce, second.Nonce);
    }

    [Fact]
    public async Task WhatIsDroppedIsNotPushedAnyMore()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Endpoint, "payments.default:80", "payments-v1.default:80");
        await client.ReceiveAndAckAsync();
        client.Unsubscribe(Texts.Endpoint, "payments.default:80");
        await client.NothingElseAsync();
        control.Write("mesh.yaml", Texts.Workload("payments", "10.0.0.2"));
        Assert.Equal(["payments-v1.default:80"], (await client.ReceiveAsync()).Resources.Select(each => each.Name));
    }

    [Fact]
    public async Task AnUnknownTypeHasNoResources()
    {
        await using var control = await TestControl.StartAsync();
        await using var client = await control.XdsAsync();
        client.Subscribe("type.googleapis.com/envoy.service.runtime.v3.Runtime", "default");
        var response = await client.ReceiveAsync();
        Assert.Equal("type.googleapis.com/envoy.service.runtime.v3.Runtime", response.TypeUrl);
        Assert.Equal(["default"], response.RemovedResources);
    }

    [Fact]
    public async Task AReconnectWithWhatIsKnownSendsNothing()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("payments")));
        await control.RegisterAsync(Texts.Instance("payments-v1", "payments", 20100));
        Dictionary<string, string> listeners;
        Dictionary<string, string> clusters;
        await using (var client = await control.XdsAsync("default/payments-v1/0"))
        {
            client.Subscribe(Texts.Listener, "*", "payments.default:80");
            listeners = Versions(await client.ReceiveAndAckAsync());
            client.Subscribe(Texts.Cluster, "payments.default:80");
            clusters = Versions(await client.ReceiveAndAckAsync());
        }

        await using var again = await control.XdsAsync("default/payments-v1/0");
        again.Send(new DeltaDiscoveryRequest
        {
            TypeUrl = Texts.Listener, ResourceNamesSubscribe = { "*", "payments.default:80" }, InitialResourceVersions = { listeners },
        });
        again.Send(new DeltaDiscoveryRequest
        {
            TypeUrl = Texts.Cluster, ResourceNamesSubscribe = { "payments.default:80" }, InitialResourceVersions = { clusters },
        });
        await again.NothingElseAsync();

        // It is subscribed all the same.
        await control.RegisterAsync(Texts.Instance("payments-v1", "payments", 20300));
        Assert.Equal(2, (await again.ReceiveAsync()).Resources.Count);
    }

    [Fact]
    public async Task AReconnectBringsOnlyWhatDiffers()
    {
        await using var control = await TestControl.StartAsync(
            ("a.yaml", Texts.Workload("one")), ("b.yaml", Texts.Workload("two")));
        Dictionary<string, string> known;
        await using (var client = await control.XdsAsync())
        {
            client.Subscribe(Texts.Endpoint, "one.default:80", "two.default:80");
            known = Versions(await client.ReceiveAndAckAsync());
        }

        known["gone.default:80"] = "0123456789abcdef";
        control.Write("b.yaml", Texts.Workload("two", "10.0.0.9"));
        await using var watcher = await control.XdsAsync();
        watcher.Subscribe(Texts.Endpoint, "two.default:80");
        while ((await watcher.ReceiveAndAckAsync()).Resources[0].Version == known["two.default:80"])
        {
            // The change has not been taken up yet.
        }

        await using var again = await control.XdsAsync();
        again.Send(new DeltaDiscoveryRequest
        {
            TypeUrl = Texts.Endpoint,
            ResourceNamesSubscribe = { "one.default:80", "two.default:80", "gone.default:80" },
            InitialResourceVersions = { known },
        });
        var response = await again.ReceiveAsync();
        Assert.Equal(["two.default:80"], response.Resources.Select(each => each.Name));
        Assert.Equal(["gone.default:80"], response.RemovedResources);
    }

    private static Dictionary<string, string> Versions(DeltaDiscoveryResponse response) =>
        response.Resources.ToDictionary(each => each.Name, each => each.Version);
}
