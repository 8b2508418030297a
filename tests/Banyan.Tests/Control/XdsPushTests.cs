using Banyan.Control.Xds;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class XdsPushTests
{
    [Fact]
    public async Task AChangeReachesOnlyWhoIsSubscribed()
    {
        await using var control = await TestControl.StartAsync(
            ("a.yaml", Texts.Workload("one")), ("b.yaml", Texts.Workload("two")));
        await using var one = await control.XdsAsync("default/one/0");
        await using var two = await control.XdsAsync("default/two/0");
        one.Subscribe(Texts.Endpoint, "one.default:80");
        two.Subscribe(Texts.Endpoint, "two.default:80");
        await one.ReceiveAndAckAsync();
        await two.ReceiveAndAckAsync();
        control.Replace("a.yaml", Texts.Workload("one", "10.0.0.7"));
        var response = await one.ReceiveAsync();
        Assert.Equal(["one.default:80"], response.Resources.Select(each => each.Name));
        var endpoints = response.Resources[0].Resource_.Unpack<ClusterLoadAssignment>();
        Assert.Equal("10.0.0.7", endpoints.Endpoints[0].LbEndpoints[0].Endpoint.Address.SocketAddress.Address);
        await two.NothingElseAsync();
    }

    [Fact]
    public async Task ChangesCoalesceWhileAPushIsNotAcknowledged()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using var slow = await control.XdsAsync("default/slow/0");
        await using var quick = await control.XdsAsync("default/quick/0");
        slow.Subscribe(Texts.Endpoint, "one.default:80");
        quick.Subscribe(Texts.Endpoint, "one.default:80");
        await slow.ReceiveAndAckAsync();
        await quick.ReceiveAndAckAsync();
        await Settled(control, "default/slow/0");

        DeltaDiscoveryResponse? first = null;
        for (var i = 2; i < 6; i++)
        {
            control.Replace("mesh.yaml", Texts.Workload("one", $"10.0.0.{i}"));
            await quick.ReceiveAndAckAsync();
            first ??= await slow.ReceiveAsync();
        }

        // Only the first of four changes has left for the one that does not acknowledge.
        await slow.NothingElseAsync();
        slow.Ack(first!);
        var second = await slow.ReceiveAsync();
        Assert.Equal("10.0.0.5", AddressOf(second));
        slow.Ack(second);
        await slow.NothingElseAsync();
    }

    [Fact]
    public async Task AnswersToNewNamesDoNotWaitForAcknowledgements()
    {
        await using var control = await TestControl.StartAsync(
            ("a.yaml", Texts.Workload("one")), ("b.yaml", Texts.Workload("two")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Cluster, "one.default:80");
        await client.ReceiveAsync();
        client.Subscribe(Texts.Cluster, "two.default:80");
        Assert.Equal(["two.default:80"], (await client.ReceiveAsync()).Resources.Select(each => each.Name));
    }

    [Fact]
    public async Task ARefusalIsKeptAndShownAndBlocksNothingElse()
    {
        await using var control = await TestControl.StartAsync(
            ("a.yaml", Texts.Workload("one")), ("b.yaml", Texts.Workload("two")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Endpoint, "one.default:80", "two.default:80");
        client.Nack(await client.ReceiveAsync(), "one.default:80: address is not an address");
        var status = await control.StatusAsync(
            each => each.Proxies is [{ LastNack: not null }], "the refusal shows in the status");
        Assert.Equal("endpoint", status.Proxies[0].LastNack!.Type);
        Assert.Equal("one.default:80", status.Proxies[0].LastNack!.Resource);
        Assert.Equal("one.default:80: address is not an address", status.Proxies[0].LastNack!.Message);

        control.Replace("b.yaml", Texts.Workload("two", "10.0.0.8"));
        Assert.Equal(["two.default:80"], (await client.ReceiveAndAckAsync()).Resources.Select(each => each.Name));

        // What was refused comes again when it differs, and the refusal ends when it is accepted.
        control.Replace("a.yaml", Texts.Workload("one", "10.0.0.9"));
        Assert.Equal(["one.default:80"], (await client.ReceiveAndAckAsync()).Resources.Select(each => each.Name));
        status = await control.StatusAsync(each => each.Proxies is [{ LastNack: null, Synced: true }], "the refusal has ended");
        Assert.Equal(2, status.Proxies[0].Acked["endpoint"].Count);
    }

    [Fact]
    public async Task RemovalsComeAfterAdditionsAndInReverse()
    {
        await using var control = await TestControl.StartAsync(
            ("keep.yaml", Texts.Workload("keep") + Texts.Workload("more") + Texts.Workload("much")),
            ("old.yaml", Texts.Workload("old")));
        await using var client = await control.XdsAsync();
        foreach (var type in (string[])[Texts.Route, Texts.Listener, Texts.Endpoint, Texts.Cluster])
        {
            client.Subscribe(type, "old.default:80", "new.default:80");
            await client.ReceiveAndAckAsync();
        }

        await Settled(control, "default/client/0");
        control.Replace("old.yaml", Texts.Workload("new"));
        List<(string Type, bool IsRemoval)> seen = [];
        for (var i = 0; i < 8; i++)
        {
            var response = await client.ReceiveAndAckAsync();
            seen.Add((response.TypeUrl, response.RemovedResources.Count > 0));
        }

        Assert.Equal(
        [
            (Texts.Cluster, false), (Texts.Endpoint, false), (Texts.Listener, false), (Texts.Route, false),
            (Texts.Route, true), (Texts.Listener, true), (Texts.Endpoint, true), (Texts.Cluster, true),
        ], seen);
    }

    [Fact]
    public async Task AResourceIsEncodedOnlyWhenSomebodyAsks()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Cluster, "one.default:80");
        await client.ReceiveAndAckAsync();
        var view = control.Plane.Hub.View;
        Assert.True(view.Find(XdsType.Cluster, "one.default:80")!.IsEncoded);
        Assert.False(view.Find(XdsType.Cluster, "one-v1.default:80")!.IsEncoded);

        // Another change leaves it as it is, encoded.
        control.Write("other.yaml", Texts.Workload("other"));
        await control.StatusAsync(each => each.Objects == 2, "the change is taken up");
        Assert.True(control.Plane.Hub.View.Find(XdsType.Cluster, "one.default:80")!.IsEncoded);
    }

    [Fact]
    public async Task ABigAnswerComesWhole()
    {
        var text = string.Concat(Enumerable.Range(0, 400).Select(i => Texts.Workload($"service-{i:000}")));
        await using var control = await TestControl.StartAsync(("mesh.yaml", text));
        await using var client = await control.XdsAsync();
        client.Subscribe(Texts.Listener, [.. Enumerable.Range(0, 400).Select(i => $"service-{i:000}.default:80")]);
        Assert.Equal(400, (await client.ReceiveAsync()).Resources.Count);
    }

    [Fact]
    public async Task AStreamThatIsGoneLeavesNothingBehind()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using (var client = await control.XdsAsync())
        {
            client.Subscribe(Texts.Cluster, "one.default:80");
            await client.ReceiveAndAckAsync();
            Assert.Equal(1, control.Plane.Hub.SubscribersOf(XdsType.Cluster, "one.default:80"));
        }

        await Eventually.TrueAsync(
            () => control.Plane.Hub.SubscribersOf(XdsType.Cluster, "one.default:80") == 0, "the subscription is gone");
        await control.StatusAsync(each => each.Proxies.Count == 0, "a node that runs nothing is forgotten");
    }

    [Fact]
    public async Task HalfClosingEndsTheStreamWell()
    {
        await using var control = await TestControl.StartAsync();
        await using var client = await control.XdsAsync();
        client.HalfClose();
        Assert.Equal(GrpcStatusCode.Ok, await client.EndAsync());
    }

    [Fact]
    public async Task StoppingEndsTheStreamsAsUnavailable()
    {
        await using var control = await TestControl.StartAsync();
        List<XdsClient> clients = [];
        for (var i = 0; i < 40; i++)
        {
            clients.Add(await control.XdsAsync($"default/client/{i}"));
            await clients[i].NothingElseAsync();
        }

        var ends = clients.Select(EndAsync).ToList();
        await control.Plane.StopAsync();
        Assert.All(await Task.WhenAll(ends), end => Assert.Equal("Unavailable the control plane is stopping", end));

        static async Task<string> EndAsync(XdsClient client)
        {
            await using (client)
            {
                return $"{await client.EndAsync()} {client.StatusMessage}";
            }
        }
    }

    private static string AddressOf(DeltaDiscoveryResponse response) => response.Resources[0].Resource_
        .Unpack<ClusterLoadAssignment>().Endpoints[0].LbEndpoints[0].Endpoint.Address.SocketAddress.Address;

    private static Task Settled(TestControl control, string node) => control.StatusAsync(
        each => each.Proxies.Any(proxy => proxy.Node == node && proxy.Synced), "everything is acknowledged");
}
