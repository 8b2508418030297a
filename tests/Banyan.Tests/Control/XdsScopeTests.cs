using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>Two clients ask for the same routes and get those of their namespaces.</summary>
public sealed class XdsScopeTests
{
    private const string Target = "one.default:80";

    [Theory]
    [InlineData("banyan")]
    [InlineData("grpc")]
    public async Task RoutesOfANamespaceAreForItsClientsAlone(string flavour)
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one") + Consumer("first")));
        await using var own = await control.WorldAsync("shop/client/0", flavour);
        await using var other = await control.WorldAsync("default/client/0", flavour);
        Assert.Equal("shop/consumer/first", RouteOf(await own.GetAsync(Texts.Route, Target)));
        Assert.Equal("default", RouteOf(await other.GetAsync(Texts.Route, Target)));
    }

    [Fact]
    public async Task AChangeOfThemReachesThoseClientsAndNobodyElse()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await using var own = await control.XdsAsync("shop/client/0");
        await using var other = await control.XdsAsync("default/client/0");
        own.Subscribe(Texts.Route, Target);
        other.Subscribe(Texts.Route, Target);
        Assert.Equal("default", RouteOf(await own.ReceiveAndAckAsync()));
        await other.ReceiveAndAckAsync();

        control.Replace("mesh.yaml", Texts.Workload("one") + Consumer("first"));
        Assert.Equal("shop/consumer/first", RouteOf(await own.ReceiveAndAckAsync()));
        control.Replace("mesh.yaml", Texts.Workload("one") + Consumer("second"));
        Assert.Equal("shop/consumer/second", RouteOf(await own.ReceiveAndAckAsync()));
        control.Replace("mesh.yaml", Texts.Workload("one"));
        Assert.Equal("default", RouteOf(await own.ReceiveAndAckAsync()));
        await own.NothingElseAsync();
        await other.NothingElseAsync();
    }

    private static string RouteOf(DeltaDiscoveryResponse response) => Name(response.Resources.Single().Resource_);

    private static string RouteOf(DiscoveryResponse response) => Name(response.Resources.Single());

    private static string Name(Google.Protobuf.WellKnownTypes.Any packed) =>
        packed.Unpack<RouteConfiguration>().VirtualHosts.Single().Routes.Single().Name;

    private static string Consumer(string rule) =>
        $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: consumer, namespace: shop}
        spec:
          parentRefs: [{group: "", kind: Service, name: one, namespace: default}]
          rules: [{name: {{rule}} }]
        ---

        """;
}
