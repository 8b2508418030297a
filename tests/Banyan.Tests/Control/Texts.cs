using Banyan.Model;

namespace Banyan.Tests.Control;

/// <summary>Configuration for tests of the control plane.</summary>
internal static class Texts
{
    public const string Cluster = XdsTypes.Cluster;
    public const string Endpoint = XdsTypes.ClusterLoadAssignment;
    public const string Listener = XdsTypes.Listener;
    public const string Route = XdsTypes.RouteConfiguration;

    /// <summary>A workload that runs somewhere else: it implies Services NAME and NAME-v1.</summary>
    public static string Workload(string name, string address = "10.0.0.1", int port = 80) =>
        $$"""
        apiVersion: banyan.dev/v1alpha1
        kind: Workload
        metadata: {name: {{name}}-v1}
        spec:
          service: {{name}}
          version: v1
          ports: [{name: http, port: {{port}}}]
          addresses: ["{{address}}"]
        ---

        """;

    /// <summary>A written Service.</summary>
    public static string Service(string name, int port = 80) =>
        $$"""
        apiVersion: v1
        kind: Service
        metadata: {name: {{name}}}
        spec:
          ports: [{name: http, port: {{port}}}]
        ---

        """;

    /// <summary>A route that splits a service's requests between two backends.</summary>
    public static string Split(string service, string one, int weight, string other) =>
        $$"""
        apiVersion: gateway.networking.k8s.io/v1
        kind: HTTPRoute
        metadata: {name: {{service}}}
        spec:
          parentRefs: [{group: "", kind: Service, name: {{service}}}]
          rules:
          - backendRefs:
            - {name: {{one}}, port: 80, weight: {{weight}}}
            - {name: {{other}}, port: 80, weight: {{100 - weight}}}
        ---

        """;

    /// <summary>A replica of a workload, on ports that nobody listens on.</summary>
    public static WorkloadInstance Instance(
        string workload, string service, int port, int replica = 0, InstanceState state = InstanceState.Ready, string admin = "") => new()
        {
            Workload = workload,
            Replica = replica,
            State = state,
            Ports =
            [
                new InstancePort
                {
                    Service = service, Name = "http", Port = 80, App = $"127.0.0.1:{port}", Inbound = $"127.0.0.1:{port + 1}",
                },
            ],
            Outbound = $"127.0.0.1:{port + 2}",
            Admin = admin,
        };
}
