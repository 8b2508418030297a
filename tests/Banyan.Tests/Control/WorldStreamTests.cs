using Banyan.Testing;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>State-of-the-world xDS: the protocol of gRPC's libraries and of Envoy.</summary>
public sealed class WorldStreamTests
{
    [Fact]
    public async Task OfListenersAndClustersAllThatIsAskedForComesAndTheRestDoesNotExist()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one") + Texts.Workload("two")));
        await using var client = await control.WorldAsync();
        var first = await client.GetAsync(Texts.Cluster, "one.default:80", "nobody.default:80");
        Assert.Equal(["one.default:80"], WorldClient.Names(first));
        Assert.Equal(16, first.VersionInfo.Length);

        client.Ack(first, "one.default:80", "two.default:80");
        var second = await client.ReceiveAsync();
        Assert.Equal(["one.default:80", "two.default:80"], WorldClient.Names(second));
        Assert.NotEqual(first.VersionInfo, second.VersionInfo);
    }

    [Fact]
    public async Task OfEndpointsAndRoutesOnlyWhatIsNewOrDifferentComes()
    {
        await using var control = await TestControl.StartAsync(
            ("a.yaml", Texts.Workload("one")), ("b.yaml", Texts.Workload("two")));
        await using var client = await control.WorldAsync();
        var first = await client.GetAsync(Texts.Endpoint, "one.default:80");
        client.Ack(first, "one.default:80", "two.default:80");
        var second = await client.ReceiveAsync();
        Assert.Equal(["two.default:80"], WorldClient.Names(second));
        client.Ack(second, "one.default:80", "two.default:80");
        control.Replace("a.yaml", Texts.Workload("one", "10.0.0.9"));
        var third = await client.ReceiveAsync();
        Assert.Equal(["one.default:80"], WorldClient.Names(third));
        Assert.Equal("10.0.0.9", AddressOf(third));
    }

    [Fact]
    public async Task VersionsAreThoseOfTheContent()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one") + Texts.Workload("two")));
        await using var client = await control.WorldAsync("default/a/0");
        await using var other = await control.WorldAsync("default/b/0");
        var version = (await client.GetAsync(Texts.Cluster, "one.default:80", "two.default:80")).VersionInfo;
        Assert.Equal(version, (await other.GetAsync(Texts.Cluster, "two.default:80", "one.default:80")).VersionInfo);
    }

    [Fact]
    public async Task ARequestWithAnOldNonceIsIgnored()
    {
        await using var control = await TestControl.StartAsync(
            ("a.yaml", Texts.Workload("one")), ("b.yaml", Texts.Workload("two")));
        await using var client = await control.WorldAsync();
        var first = await client.GetAsync(Texts.Endpoint, "one.default:80");
        control.Replace("a.yaml", Texts.Workload("one", "10.0.0.9"));
        var second = await client.ReceiveAsync();

        // Said before the second answer came: it counts neither as names nor as acknowledgement.
        client.Ack(first, "two.default:80");
        control.Replace("a.yaml", Texts.Workload("one", "10.0.0.10"));
        await control.StatusAsync(each => each.Proxies is [{ Synced: false }], "the second answer is not acknowledged");
        await client.NothingElseAsync();
        client.Ack(second, "one.default:80");
        Assert.Equal("10.0.0.10", AddressOf(await client.ReceiveAsync()));
    }

    [Fact]
    public async Task ChangesCoalesceWhileAnAnswerIsNotAcknowledged()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using var slow = await control.WorldAsync("default/slow/0");
        await using var quick = await control.WorldAsync("default/quick/0");
        await slow.GetAsync(Texts.Endpoint, "one.default:80");
        await quick.GetAsync(Texts.Endpoint, "one.default:80");
        await control.StatusAsync(each => each.Proxies.All(proxy => proxy.Synced), "everything is acknowledged");
        DiscoveryResponse? first = null;
        for (var i = 2; i < 6; i++)
        {
            control.Replace("mesh.yaml", Texts.Workload("one", $"10.0.0.{i}"));
            quick.Ack(await quick.ReceiveAsync(), "one.default:80");
            first ??= await slow.ReceiveAsync();
        }

        await slow.NothingElseAsync();
        slow.Ack(first!, "one.default:80");
        Assert.Equal("10.0.0.5", AddressOf(await slow.ReceiveAsync()));
    }

    [Fact]
    public async Task NamingNothingFirstIsAWildcardAndLaterIsNothing()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await control.RegisterAsync(Texts.Instance("one-v1", "one", 20100));
        await using var wild = await control.WorldAsync("default/one-v1/0");
        Assert.Equal(["inbound/one.default:80", "outbound"], WorldClient.Names(await wild.GetAsync(Texts.Listener)));

        await using var closing = await control.WorldAsync("default/one-v1/0");
        var named = await closing.GetAsync(Texts.Listener, "one.default:80");
        closing.Ack(named);
        await closing.NothingElseAsync();
        await control.RegisterAsync(Texts.Instance("one-v1", "one", 20200));
        await wild.ReceiveAsync();
        closing.Ask(Texts.Endpoint, "one.default:80");
        Assert.Equal(Texts.Endpoint, (await closing.ReceiveAsync()).TypeUrl);
    }

    [Fact]
    public async Task TheWildcardMayBeSaidInWordsBesideNames()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await control.RegisterAsync(Texts.Instance("one-v1", "one", 20100));
        await using var client = await control.WorldAsync("default/one-v1/0");
        var first = await client.GetAsync(Texts.Listener, "*", "one.default:80");
        Assert.Equal(["inbound/one.default:80", "one.default:80", "outbound"], WorldClient.Names(first));
        client.Ack(first, "one.default:80");
        var status = await control.StatusAsync(
            each => each.Proxies is [{ Acked: var acked }] && acked["listener"].Count == 1, "the wildcard has ended");
        Assert.True(status.Proxies[0].Synced);
    }

    [Fact]
    public async Task ARefusalIsKeptAndShownAndBlocksNothingElse()
    {
        await using var control = await TestControl.StartAsync(
            ("a.yaml", Texts.Workload("one")), ("b.yaml", Texts.Workload("two")));
        await using var client = await control.WorldAsync();
        string[] names = ["one.default:80", "two.default:80"];
        client.Ask(Texts.Endpoint, names);
        client.Nack(await client.ReceiveAsync(), "one.default:80: no", names);
        var status = await control.StatusAsync(each => each.Proxies is [{ LastNack: not null }], "the refusal shows");
        Assert.Equal(("endpoint", "one.default:80", "one.default:80: no"), (
            status.Proxies[0].LastNack!.Type, status.Proxies[0].LastNack!.Resource, status.Proxies[0].LastNack!.Message));

        control.Replace("b.yaml", Texts.Workload("two", "10.0.0.8"));
        var other = await client.ReceiveAsync();
        Assert.Equal(["two.default:80"], WorldClient.Names(other));
        client.Ack(other, "one.default:80");
        control.Replace("a.yaml", Texts.Workload("one", "10.0.0.9"));
        client.Ack(await client.ReceiveAsync(), "one.default:80");
        await control.StatusAsync(each => each.Proxies is [{ LastNack: null, Synced: true }], "the refusal has ended");
    }

    [Fact]
    public async Task RemovalsComeAfterAdditionsAndInReverse()
    {
        await using var control = await TestControl.StartAsync(
            ("keep.yaml", Texts.Workload("keep") + Texts.Workload("more") + Texts.Workload("much")),
            ("old.yaml", Texts.Workload("old")));
        await using var client = await control.WorldAsync();
        string[] names = ["old.default:80", "new.default:80"];
        foreach (var type in (string[])[Texts.Route, Texts.Listener, Texts.Endpoint, Texts.Cluster])
        {
            await client.GetAsync(type, names);
        }

        await control.StatusAsync(each => each.Proxies is [{ Synced: true }], "everything is acknowledged");
        control.Replace("old.yaml", Texts.Workload("new"));
        List<string> seen = [];
        for (var i = 0; i < 6; i++)
        {
            var response = await client.ReceiveAsync();
            seen.Add($"{response.TypeUrl.Split('.')[^1]} {string.Join(' ', WorldClient.Names(response))}");
            client.Ack(response, names);
        }

        Assert.Equal(
        [
            "Cluster new.default:80 old.default:80",
            "ClusterLoadAssignment new.default:80",
            "Listener new.default:80 old.default:80",
            "RouteConfiguration new.default:80",
            "Listener new.default:80",
            "Cluster new.default:80",
        ], seen);
    }

    [Fact]
    public async Task WhatDidNotExistIsPushedWhenItAppears()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using var client = await control.WorldAsync();
        Assert.Empty((await client.GetAsync(Texts.Listener, "late.default:80")).Resources);
        client.Ask(Texts.Route, "late.default:80");
        control.Write("late.yaml", Texts.Workload("late"));
        Assert.Equal(
            [Texts.Listener, Texts.Route], [(await client.ReceiveAsync()).TypeUrl, (await client.ReceiveAsync()).TypeUrl]);
    }

    [Fact]
    public async Task AStreamThatIsGoneLeavesNothingBehind()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using (var client = await control.WorldAsync())
        {
            var first = await client.GetAsync(Texts.Cluster, "one.default:80");
            Assert.Equal(1, Subscribers(control));
            client.Ack(first);
            await Eventually.TrueAsync(() => Subscribers(control) == 0, "the name is dropped");
            client.Ack(first, "one.default:80");
            await Eventually.TrueAsync(() => Subscribers(control) == 1, "the name is asked for again");
        }

        await Eventually.TrueAsync(() => Subscribers(control) == 0, "the subscription is gone");
    }

    private static int Subscribers(TestControl control) =>
        control.Plane.Hub.SubscribersOf(Banyan.Control.Xds.XdsType.Cluster, "one.default:80");

    private static string AddressOf(DiscoveryResponse response) => response.Resources[0]
        .Unpack<ClusterLoadAssignment>().Endpoints[0].LbEndpoints[0].Endpoint.Address.SocketAddress.Address;
}
