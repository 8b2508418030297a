using Banyan.Control.Xds;
using Banyan.Model;
using Banyan.Testing;
using Banyan.Tests.Model;
using Banyan.Tests.Proxy;
using Banyan.Xds;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>Changes leave at once, unless those before have used more than their share of the processors.</summary>
public sealed class PushPaceTests
{
    [Fact]
    public void TheWaitFollowsFromWhatWasUsed()
    {
        var time = new ManualTime();
        var used = TimeSpan.Zero;
        var pace = new PushPace(time, () => used, cores: 0.5);
        used = TimeSpan.FromSeconds(9);
        Assert.Equal(TimeSpan.Zero, pace.Wait());
        pace.Begin(streams: 1_000);
        Assert.Equal(TimeSpan.Zero, pace.Wait());
        used += TimeSpan.FromMilliseconds(20);
        Assert.Equal(TimeSpan.FromMilliseconds(40), pace.Wait());
        time.Advance(TimeSpan.FromMilliseconds(30));
        Assert.Equal(TimeSpan.FromMilliseconds(10), pace.Wait());
        time.Advance(TimeSpan.FromMilliseconds(30));
        Assert.Equal(TimeSpan.Zero, pace.Wait());

        // Whatever else is busy: 1,000 pushes have not cost more than this.
        used += TimeSpan.FromHours(1);
        Assert.Equal(TimeSpan.FromMilliseconds(140), pace.Wait());
        pace.Begin(streams: 10_000);
        used += TimeSpan.FromHours(1);
        Assert.Equal(PushPace.Longest, pace.Wait());
    }

    [Fact]
    public async Task WhatWaitsLeavesAsOne()
    {
        var used = TimeSpan.Zero;
        var hub = new XdsHub(
            NullLogger.Instance, TimeProvider.System, new PushPace(TimeProvider.System, () => used, cores: 0.0001));
        Publish(hub, 1, 1);
        var stream = hub.Open();
        stream.Accept(new DeltaDiscoveryRequest
        {
            Node = new Node { Id = "default/x/0" },
            TypeUrl = Texts.Endpoint,
            ResourceNamesSubscribe = { "one.default:80", "two.default:80" },
        });
        Acknowledge(stream, stream.Take()!);

        // At rest.
        Publish(hub, 2, 1);
        Acknowledge(stream, stream.Take()!);

        // With so little of a processor that is a second.
        used += TimeSpan.FromHours(1);
        Publish(hub, 3, 1);
        Publish(hub, 3, 2);
        Assert.Null(stream.Take());
        DeltaPlan? plan = null;
        await Eventually.TrueAsync(() => (plan = stream.Take()) is not null, "the changes leave");
        Assert.Equal(
            ["one.default:80", "two.default:80"],
            plan!.Resources.Select(resource => resource.Name).Order(StringComparer.Ordinal));
    }

    private static void Publish(XdsHub hub, int one, int two) => hub.Open(
        MeshCompiler.Compile(
            Configs.Objects(Texts.Workload("one", $"10.0.0.{one}") + Texts.Workload("two", $"10.0.1.{two}")), []),
        "1");

    private static void Acknowledge(DeltaStream stream, DeltaPlan plan) =>
        stream.Accept(new DeltaDiscoveryRequest { TypeUrl = plan.TypeUrl, ResponseNonce = plan.Nonce });
}
