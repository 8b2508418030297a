using Banyan.Model;
using Banyan.Xds;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>The same configuration, asked for by gRPC's libraries and by Envoy.</summary>
public sealed class FlavourTests
{
    private const string Route =
        """
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: one}
        spec:
          parentRefs: [{group: "", kind: Service, name: one}]
          rules:
          - matches: [{path: {value: /pkg.Service}, headers: [{name: x-a, value: b}]}]
            backendRefs: [{name: one-v1, port: 80}]
          - backendRefs: [{name: missing, port: 80}]
        ---

        """;

    [Fact]
    public async Task AGrpcLibraryGetsWhatItUnderstands()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one") + Route));
        await using var client = await control.WorldAsync(flavour: "grpc");
        var listener = (await client.GetAsync(Texts.Listener, "one.default:80")).Resources[0].Unpack<Banyan.Xds.Listener>();
        Assert.Null(listener.Metadata);
        var manager = listener.ApiListener.ApiListener_.Unpack<HttpConnectionManager>();
        Assert.Equal("one.default:80", manager.Rds.RouteConfigName);

        var routes = (await client.GetAsync(Texts.Route, "one.default:80")).Resources[0].Unpack<RouteConfiguration>();
        Assert.Equal(
            ["/pkg.Service", "/pkg.Service/", "/"],
            routes.VirtualHosts[0].Routes.Select(each => each.Match.Path + each.Match.Prefix));
        Assert.Equal("b", routes.VirtualHosts[0].Routes[0].Match.Headers[0].ExactMatch);
        Assert.Equal("blackhole", routes.VirtualHosts[0].Routes[2].Route_.Cluster);

        // What goes nowhere is discovered like everything else.
        var cluster = (await client.GetAsync(Texts.Cluster, "blackhole")).Resources[0].Unpack<Cluster>();
        Assert.Equal(Cluster.Types.DiscoveryType.Eds, cluster.Type);
        var endpoints = (await client.GetAsync(Texts.Endpoint, "blackhole")).Resources[0].Unpack<ClusterLoadAssignment>();
        Assert.Empty(endpoints.Endpoints);
    }

    [Fact]
    public async Task AChangeThatAGrpcLibraryDoesNotSeeIsNotSent()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one") + Route));
        await using var client = await control.WorldAsync(flavour: "grpc");
        await using var proxy = await control.WorldAsync("default/proxy/0");
        await client.GetAsync(Texts.Route, "one.default:80");
        await proxy.GetAsync(Texts.Route, "one.default:80");
        control.Replace("mesh.yaml", Texts.Workload("one") + Route.Replace(
            "\n---",
            "\n  - matches: [{path: {value: /x}, queryParams: [{name: a, value: b}]}]\n---",
            StringComparison.Ordinal));
        await proxy.ReceiveAsync();
        await client.NothingElseAsync();
    }

    [Fact]
    public async Task EnvoyGetsItsListenersAndTheClustersTheyMayNeed()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await control.RegisterAsync(Texts.Instance("one-v1", "one", 20100));
        await control.RegisterAsync(Texts.Instance("one-v1", "one", 20200, replica: 1));
        await using var client = await control.WorldAsync("default/one-v1/0", "envoy");
        Assert.Equal(
            ["app:127.0.0.1:20100", "blackhole", "external", "one-v1.default:80", "one.default:80"],
            WorldClient.Names(await client.GetAsync(Texts.Cluster)));
        Assert.Equal(
            ["inbound/one.default:80", "outbound"], WorldClient.Names(await client.GetAsync(Texts.Listener)));

        control.Write("late.yaml", Texts.Workload("late"));
        var more = await client.ReceiveAsync();
        Assert.Contains("late.default:80", WorldClient.Names(more));
    }
}
