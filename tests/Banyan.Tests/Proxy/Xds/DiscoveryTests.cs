using Banyan.Proxy.Snapshot;
using Banyan.Xds;
using Xunit;
using static Banyan.Tests.Proxy.Resources;

namespace Banyan.Tests.Proxy.Xds;

public sealed class DiscoveryTests
{
    private const string Payments = "payments.default:80";
    private const string PaymentsV1 = "payments-v1.default:80";
    private const string Orders = "orders.default:80";

    private readonly DiscoveryDriver _driver = new();

    [Fact]
    public void TheFirstRequestNamesTheNodeAndAsksForItsListeners()
    {
        _driver.Discovery.Open();

        var request = Assert.Single(_driver.Requests());
        Assert.Equal("default/web/0", request.Node.Id);
        Assert.Equal(ListenerUrl, request.TypeUrl);
        Assert.Equal(["*"], request.ResourceNamesSubscribe);
    }

    [Fact]
    public void ADestinationIsThereOnlyWithAllItDependsOn()
    {
        _driver.Discovery.Open();
        _driver.Requests();

        _driver.Discovery.Want(Payments);
        Assert.Equal([Payments], _driver.Subscribed(ListenerUrl));

        _driver.Send(Api(Payments));
        Assert.Equal([Payments], _driver.LastSubscribed);
        Assert.Empty(_driver.Snapshot.Targets);

        _driver.Send(Routes(Payments, Split("pay/0", (Payments, 90), (PaymentsV1, 10))));
        Assert.Equal([Payments, PaymentsV1], _driver.LastSubscribed);
        Assert.Empty(_driver.Snapshot.Targets);

        _driver.Send(Eds(Payments), Eds(PaymentsV1));
        Assert.Equal([Payments, PaymentsV1], _driver.LastSubscribed);
        Assert.Empty(_driver.Snapshot.Targets);

        _driver.Send(Endpoints(Payments, "10.0.0.1:80"));
        Assert.Empty(_driver.Snapshot.Targets);

        _driver.Send(Endpoints(PaymentsV1, "10.0.0.2:80", "10.0.0.3:80"));
        var target = Assert.IsType<TargetConfig>(_driver.Snapshot.Find(Payments));
        Assert.Equal(["payments.default:80", "payments-v1.default:80"], target.Clusters.Select(c => c.Name));
        Assert.Equal(2, target.Clusters[1].Endpoints.Length);
        Assert.Equal(("payments", "default", 80), (target.Service, target.Namespace, target.Port));
        Assert.Same(target, _driver.Snapshot.Find("payments.default:80".AsSpan()));
    }

    [Fact]
    public void ANewRouteTakesOverOnlyWhenItsClustersServe()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80");
        var before = _driver.Snapshot.Find(Payments);

        _driver.Send(Routes(Payments, Forward("pay/0", PaymentsV1)));
        Assert.Equal([PaymentsV1], _driver.LastSubscribed);
        Assert.Same(before, _driver.Snapshot.Find(Payments));
        Assert.Empty(_driver.LastUnsubscribed);

        _driver.Send(Eds(PaymentsV1));
        Assert.Same(before, _driver.Snapshot.Find(Payments));

        _driver.Send(Endpoints(PaymentsV1, "10.0.0.2:80"));
        Assert.Equal("pay/0", _driver.Snapshot.Find(Payments)!.Routes.Routes[0].Name);

        // The old cluster and its endpoints are given up only now.
        Assert.Equal([Payments, Payments], _driver.LastUnsubscribed);
        Assert.Equal([ClusterUrl, EndpointsUrl], _driver.LastRequests.Where(r => r.ResourceNamesUnsubscribe.Count > 0).Select(r => r.TypeUrl));
    }

    [Fact]
    public void EndpointsOfTheOldRouteStillFollowWhileTheNewOneWaits()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80");
        _driver.Send(Routes(Payments, Forward("pay/0", PaymentsV1)));

        _driver.Send(Endpoints(Payments, "10.0.0.9:80"));

        Assert.Equal("10.0.0.9:80", _driver.Snapshot.Find(Payments)!.Clusters[0].Endpoints[0].Address.ToString());
    }

    [Fact]
    public void WhatDoesNotChangeStaysTheSameObject()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80", "10.0.0.2:80");
        _driver.Serve(Orders, "10.0.1.1:80");
        var before = _driver.Snapshot;

        _driver.Send(Endpoints(Payments, "10.0.0.2:80", "10.0.0.3:80"));
        var after = _driver.Snapshot;

        Assert.Same(before.Find(Orders), after.Find(Orders));
        Assert.NotSame(before.Find(Payments), after.Find(Payments));
        var (old, now) = (before.Find(Payments)!.Clusters[0], after.Find(Payments)!.Clusters[0]);
        Assert.Equal(old.Slot, now.Slot);
        Assert.Same(old.Endpoints[1], now.Endpoints[0]);
        Assert.DoesNotContain(now.Endpoints[1].Slot, old.Endpoints.Select(e => e.Slot));
        Assert.True(after.Revision > before.Revision);
    }

    [Fact]
    public void ASlotReturnsToItsEndpointAndToNobodyElseUntilItIsGoneForGood()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80");
        var slot = _driver.Snapshot.Find(Payments)!.Clusters[0].Endpoints[0].Slot;

        Assert.NotEqual(slot, SlotOfOnly("10.0.0.2:80"));
        Assert.Equal(slot, SlotOfOnly("10.0.0.1:80"));
        SlotOfOnly("10.0.0.2:80");
        _driver.Time.Advance(SlotTable.Quarantine);
        Assert.Equal(slot, SlotOfOnly("10.0.0.3:80"));
        Assert.True(_driver.Snapshot.EndpointSlots <= 2);

        int SlotOfOnly(string address)
        {
            _driver.Send(Endpoints(Payments, address));
            return _driver.Snapshot.Find(Payments)!.Clusters[0].Endpoints[0].Slot;
        }
    }

    [Fact]
    public void DrainingEndpointsStayUnhealthyOnesGo()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments);
        _driver.Send(new ClusterLoadAssignment
        {
            ClusterName = Payments,
            Endpoints =
            {
                new LocalityLbEndpoints
                {
                    LbEndpoints =
                    {
                        Endpoint("10.0.0.1:80", HealthStatus.Draining),
                        Endpoint("10.0.0.2:80", HealthStatus.Unhealthy),
                        Endpoint("10.0.0.3:80", HealthStatus.Unknown, "v2"),
                    },
                },
            },
        });

        var endpoints = _driver.Snapshot.Find(Payments)!.Clusters[0].Endpoints;
        Assert.Equal(
            [("10.0.0.1:80", true, "payments-v1", "v1"), ("10.0.0.3:80", false, "payments-v2", "v2")],
            endpoints.Select(e => (e.Address.ToString(), e.Draining, e.Workload, e.Version)));
        Assert.All(endpoints, e => Assert.True(e.Meshed));
    }

    [Fact]
    public void AClusterThatDoesNotExistIsABlackhole()
    {
        _driver.Discovery.Open();
        _driver.Discovery.Want(Payments);
        _driver.Send(Api(Payments));
        _driver.Send(Routes(Payments, Forward("pay/0", "nowhere")));

        _driver.Remove(ClusterUrl, "nowhere");

        Assert.Equal(ClusterKind.Blackhole, _driver.Snapshot.Find(Payments)!.Clusters[0].Kind);
    }

    [Fact]
    public void AClusterThatIsTakenAwayServesUntilNothingLeadsThere()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80");

        _driver.Remove(EndpointsUrl, Payments);
        _driver.Remove(ClusterUrl, Payments);

        Assert.Single(_driver.Snapshot.Find(Payments)!.Clusters[0].Endpoints);
    }

    [Fact]
    public void ANameThatDoesNotExistIsKnownForTenSeconds()
    {
        _driver.Discovery.Open();
        _driver.Discovery.Want("nobody.default:80");
        _driver.Requests();

        _driver.Remove(ListenerUrl, "nobody.default:80");
        Assert.True(_driver.Snapshot.IsMissing("nobody.default:80"));
        _driver.Discovery.Want("nobody.default:80");
        Assert.Empty(_driver.Requests());

        _driver.Time.Advance(TimeSpan.FromSeconds(9.9));
        _driver.Discovery.Expire();
        Assert.True(_driver.Snapshot.IsMissing("nobody.default:80"));

        _driver.Time.Advance(TimeSpan.FromSeconds(0.1));
        _driver.Discovery.Expire();
        Assert.Empty(_driver.Snapshot.Missing);
        Assert.Equal(["nobody.default:80"], Assert.Single(_driver.Requests()).ResourceNamesUnsubscribe);

        _driver.Discovery.Want("nobody.default:80");
        Assert.Equal(["nobody.default:80"], _driver.Subscribed(ListenerUrl));
    }

    [Fact]
    public void AMissingNameThatComesIntoBeingServes()
    {
        _driver.Discovery.Open();
        _driver.Discovery.Want(Payments);
        _driver.Remove(ListenerUrl, Payments);

        _driver.Serve(Payments, "10.0.0.1:80");

        Assert.Empty(_driver.Snapshot.Missing);
        Assert.NotNull(_driver.Snapshot.Find(Payments));
    }

    [Fact]
    public void ADestinationThatIsDeletedIsMissing()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80");

        _driver.Remove(ListenerUrl, Payments);

        Assert.Null(_driver.Snapshot.Find(Payments));
        Assert.True(_driver.Snapshot.IsMissing(Payments));
        Assert.Equal([Payments, Payments, Payments], _driver.LastUnsubscribed);
    }

    [Theory]
    [InlineData("payments")]
    [InlineData("payments.default")]
    [InlineData("payments.default:0")]
    [InlineData("payments.default:65536")]
    [InlineData("pay ments.default:80")]
    [InlineData(".default:80")]
    public void WhatCannotBeANameIsMissingWithoutAQuestion(string name)
    {
        _driver.Discovery.Open();
        _driver.Requests();

        _driver.Discovery.Want(name);

        Assert.Empty(_driver.Requests());
        Assert.True(_driver.Snapshot.IsMissing(name));
    }

    [Fact]
    public void SoManyNamesWaitAndSoManyAreMissingButNoMore()
    {
        _driver.Discovery.Open();
        for (var i = 0; i < 1500; i++)
        {
            _driver.Discovery.Want($"s{i}.default:80");
        }

        Assert.Equal(1024, _driver.Discovery.Wants.Pending.Count);
        _driver.Remove(ListenerUrl, [.. _driver.Discovery.Wants.Pending]);
        _driver.Discovery.Want("late.default:80");
        _driver.Remove(ListenerUrl, "late.default:80");
        _driver.Discovery.Expire();
        Assert.Equal(1024, _driver.Snapshot.Missing.Count);
        Assert.True(_driver.Snapshot.IsMissing("late.default:80"));
        Assert.False(_driver.Snapshot.IsMissing("s0.default:80"));
    }

    [Fact]
    public void ANewStreamAsksForEverythingAndSaysWhatIsHeld()
    {
        _driver.Discovery.Open();
        _driver.Send(Inbound(Payments, "127.0.0.1:20001", "127.0.0.1:20002"));
        _driver.Send(Static("app:127.0.0.1:20002", "127.0.0.1:20002"));
        _driver.Serve(Orders, "10.0.0.1:80");
        _driver.Discovery.Close("gone");
        Assert.False(_driver.Snapshot.Connected);
        Assert.NotNull(_driver.Snapshot.Find(Orders));
        Assert.Single(_driver.Snapshot.Listeners);

        // What is asked for in between waits.
        _driver.Discovery.Want(Payments);
        Assert.Empty(_driver.Requests());

        _driver.Discovery.Open();
        var requests = _driver.Requests();
        Assert.Single(requests, r => r.Node is not null);
        var listeners = Assert.Single(requests, r => r.TypeUrl == ListenerUrl);
        Assert.Equal([Orders, Payments, "*"], listeners.ResourceNamesSubscribe);
        Assert.Equal(["inbound/payments.default:80", Orders], listeners.InitialResourceVersions.Keys.Order());
        Assert.Equal("1", listeners.InitialResourceVersions[Orders]);
        Assert.Equal([Orders], Assert.Single(requests, r => r.TypeUrl == RouteUrl).ResourceNamesSubscribe);
        Assert.Equal(2, Assert.Single(requests, r => r.TypeUrl == ClusterUrl).InitialResourceVersions.Count);
        Assert.Equal([Orders], Assert.Single(requests, r => r.TypeUrl == EndpointsUrl).InitialResourceVersions.Keys);
        Assert.All(requests, r => Assert.Empty(r.ResourceNamesUnsubscribe));
    }

    [Fact]
    public void AListenerIsThereOnlyWithItsClusterAndGoesAtOnce()
    {
        _driver.Discovery.Open();
        _driver.Requests();
        _driver.Send(Inbound(Payments, "127.0.0.1:20001", "127.0.0.1:20002"), Outbound("127.0.0.1:20003"));
        Assert.Equal(["app:127.0.0.1:20002", "external"], _driver.LastSubscribed);
        Assert.Empty(_driver.Snapshot.Listeners);

        _driver.Send(
            Static("app:127.0.0.1:20002", "127.0.0.1:20002"),
            new Cluster { Name = "external", Type = Cluster.Types.DiscoveryType.OriginalDst, LbPolicy = Cluster.Types.LbPolicy.ClusterProvided });
        var listeners = _driver.Snapshot.Listeners;
        Assert.Equal(["inbound/payments.default:80", "outbound"], listeners.Select(l => l.Name));
        Assert.Equal([ListenerRole.Inbound, ListenerRole.Outbound], listeners.Select(l => l.Role));
        Assert.Equal(("payments", "default", 80, "v1", "payments-v1"), (listeners[0].Service, listeners[0].Namespace, listeners[0].Port, listeners[0].Version, listeners[0].Workload));
        Assert.Equal("127.0.0.1:20002", listeners[0].Target!.Clusters[0].Endpoints[0].Address.ToString());
        Assert.Null(listeners[1].Target);
        Assert.Equal(("external", ClusterKind.External), (listeners[1].Fallback!.Service, listeners[1].Fallback!.Clusters[0].Kind));

        _driver.Remove(ListenerUrl, "outbound");
        Assert.Same(listeners[0], Assert.Single(_driver.Snapshot.Listeners));
        Assert.Equal(["external"], _driver.LastUnsubscribed);
    }

    [Fact]
    public void AnUpstreamListenerLeadsToItsDestination()
    {
        _driver.Discovery.Open();
        _driver.Send(WithMetadata(Socket("upstream/payments.default:80", "127.0.0.1:20001", TrafficDirection.Outbound, Manager(Payments))));
        _driver.Send(Routes(Payments, Forward("default", Payments)));
        _driver.Send(Eds(Payments));
        _driver.Send(Endpoints(Payments, "10.0.0.1:80"));

        var listener = Assert.Single(_driver.Snapshot.Listeners);
        Assert.Equal((ListenerRole.Upstream, Payments, "payments"), (listener.Role, listener.Target!.Name, listener.Target.Service));
    }

    /// <summary>An application that starts when the first listener serves would find the other port closed.</summary>
    [Fact]
    public void AListenerWithoutItsRoutesIsAwaited()
    {
        var (outbound, upstream) = (Outbound("127.0.0.1:20001"), Socket("upstream/p", "127.0.0.1:20002", TrafficDirection.Outbound, Manager(Payments)));
        _driver.Discovery.Open();
        _driver.Send(outbound, upstream);
        _driver.Send(Static("external", "10.0.0.9:80"));
        Assert.Equal(["outbound"], _driver.Snapshot.Listeners.Select(listener => listener.Name));
        Assert.True(_driver.Snapshot.AwaitsListeners);

        _driver.Discovery.ClearChanged();
        _driver.Remove(ListenerUrl, "upstream/p");
        Assert.True(_driver.Discovery.Changed);
        Assert.False(_driver.Snapshot.AwaitsListeners);

        _driver.Send(upstream);
        _driver.Send(Routes(Payments, Forward("default", Payments)));
        _driver.Send(Eds(Payments));
        Assert.True(_driver.Snapshot.AwaitsListeners);
        _driver.Send(Endpoints(Payments, "10.0.0.1:80"));
        Assert.False(_driver.Snapshot.AwaitsListeners);

        // Routes that do not exist are no reason to wait.
        _driver.Send(Socket("upstream/o", "127.0.0.1:20003", TrafficDirection.Outbound, Manager(Orders)));
        Assert.True(_driver.Snapshot.AwaitsListeners);
        _driver.Discovery.ClearChanged();
        _driver.Remove(RouteUrl, Orders);
        Assert.True(_driver.Discovery.Changed);
        Assert.False(_driver.Snapshot.AwaitsListeners);

        // A destination that is asked for is nobody's port.
        _driver.Discovery.Want(Orders);
        _driver.Send(Api(Orders));
        Assert.False(_driver.Snapshot.AwaitsListeners);
    }

    [Fact]
    public void DestinationsNobodyAskedForAreLeftOut()
    {
        _driver.Discovery.Open();
        _driver.Requests();

        _driver.Send(Api(Orders));

        Assert.Empty(_driver.LastSubscribed);
        Assert.Empty(_driver.Discovery.Tables.Listeners.All);
    }

    [Fact]
    public void WhatIsSavedIsWhatServes()
    {
        _driver.Discovery.Open();
        _driver.Serve(Payments, "10.0.0.1:80");
        _driver.Send(Routes(Payments, Forward("pay/0", PaymentsV1)));
        var saved = _driver.Discovery.Save();

        var later = new DiscoveryDriver();
        Assert.Empty(later.Discovery.Load(saved));

        Assert.Equal("default", later.Snapshot.Find(Payments)!.Routes.Routes[0].Name);
        later.Discovery.Open();
        Assert.Equal(["*", Payments], later.Requests().First(r => r.TypeUrl == ListenerUrl).ResourceNamesSubscribe.Order());
    }
}
