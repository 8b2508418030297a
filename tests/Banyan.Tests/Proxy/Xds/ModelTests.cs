using Banyan.Model;
using Banyan.Proxy.Snapshot;
using Banyan.Tests.Model;
using Banyan.Xds;
using Google.Protobuf;
using Xunit;
using PortProtocol = Banyan.Proxy.Snapshot.PortProtocol;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>What the model writes, the proxy can serve.</summary>
public sealed class ModelTests
{
    private const string Text = """
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: payments-v1}
        spec: {service: payments, version: v1, ports: [{name: http, port: 80}]}
        ---
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: payments-v2}
        spec: {service: payments, version: v2, ports: [{name: http, port: 80}]}
        ---
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: db}
        spec: {service: db, ports: [{name: main, port: 5432}, {name: grpc, port: 81}, {name: any, port: 82}]}
        ---
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: payments}
        spec:
          parentRefs: [{kind: Service, group: "", name: payments}]
          rules:
            - matches: [{path: {type: PathPrefix, value: /v2}}]
              backendRefs: [{name: payments-v2, port: 80}]
            - backendRefs:
                - {name: payments-v1, port: 80, weight: 90}
                - {name: payments-v2, port: 80, weight: 10}
                - {name: nowhere, port: 80, weight: 1}
        """;

    [Fact]
    public void EveryResourceOfTheModelIsAccepted()
    {
        var instance = Configs.Instance("payments-v1", 0, 20100, "payments");
        var mesh = Configs.Compile(Text, instance, Configs.Instance("payments-v2", 0, 20200, "payments"));
        var saved = new SavedResources { NodeId = instance.NodeId };
        saved.Resources.AddRange(mesh.Resources.Values.Concat(mesh.NodeListeners[instance.NodeId]).Select(r => new Resource
        {
            Name = r.Name,
            Version = r.Version,
            Resource_ = r.Any,
        }));
        var driver = new DiscoveryDriver();

        Assert.Empty(driver.Discovery.Load(SavedResources.Parser.ParseFrom(saved.ToByteArray())));

        var snapshot = driver.Snapshot;
        Assert.Equal([ListenerRole.Inbound, ListenerRole.Outbound], snapshot.Listeners.Select(l => l.Role));
        var target = snapshot.Find("payments.default:80")!;
        Assert.Equal(ClusterKind.Blackhole, target.Clusters.Single(c => c.Name == "blackhole").Kind);
        Assert.Equal(
            ["127.0.0.1:20102"],
            target.Clusters.Single(c => c.Name == "payments-v1.default:80").Endpoints.Select(e => e.Address.ToString()));
        Assert.Equal(UpstreamProtocol.Http1, target.Clusters[0].Protocol);
        Assert.Equal(
            [PortProtocol.Tcp, PortProtocol.Http, PortProtocol.Detect],
            ((string[])["db.default:5432", "db.default:81", "db.default:82"]).Select(name => snapshot.Find(name)!.Protocol));
        Assert.Equal(UpstreamProtocol.Http2, snapshot.Find("db.default:81")!.Clusters[0].Protocol);
        Assert.Equal(TimeSpan.FromHours(1), snapshot.Find("db.default:5432")!.Http.StreamIdle);
        var inbound = snapshot.Listeners[0];
        Assert.Equal(("payments", "v1", "payments-v1"), (inbound.Service, inbound.Version, inbound.Workload));
    }
}
