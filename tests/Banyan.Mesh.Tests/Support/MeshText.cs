using Banyan.Testing;

namespace Banyan.Mesh.Tests.Support;

/// <summary>Configuration for tests, a line for each object.</summary>
internal static class MeshText
{
    /// <summary>The test application's program.</summary>
    public static readonly string App = Repository.Binary("Banyan.TestApp", "Banyan.TestApp");

    /// <summary>Who calls: no service, only a sidecar to go through.</summary>
    public static string Client { get; } =
        """
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: client},
         spec: {run: {command: sleep, args: [infinity]}}}
        """;

    /// <summary>One document of all objects.</summary>
    public static string Of(params IEnumerable<string> objects) => string.Join("\n---\n", objects) + "\n";

    /// <summary>The test application as VERSION of SERVICE, named SERVICE-VERSION.</summary>
    public static string Workload(string service, string version, int replicas = 1, string ports = "{name: http, port: 80}") =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: {{service}}-{{version}} },
         spec: {service: {{service}}, version: {{version}}, ports: [{{ports}}],
                run: {command: {{App}}, replicas: {{replicas}}, readiness: {http: /healthz} } } }
        """;

    /// <summary>VERSION of SERVICE inside the process of another workload.</summary>
    public static string Guest(string service, string version, string process) =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: {{service}}-{{version}} },
         spec: {service: {{service}}, version: {{version}}, process: {{process}}, ports: [{name: http, port: 80}] } }
        """;

    /// <summary>A route that divides a service's requests among its versions.</summary>
    public static string Split(string service, params IEnumerable<(string Version, int Weight)> shares) =>
        $$"""
        {apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: {{service}} },
         spec: {parentRefs: [{group: "", kind: Service, name: {{service}}, port: 80}],
                rules: [{backendRefs: [{{string.Join(", ", shares.Select(share => Backend(service, share.Version, share.Weight)))}}]}] } }
        """;

    private static string Backend(string service, string version, int weight) =>
        $"{{name: {service}-{version}, port: 80, weight: {weight}}}";
}
