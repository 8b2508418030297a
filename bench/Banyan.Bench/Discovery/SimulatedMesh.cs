using System.Globalization;
using System.Text;

namespace Banyan.Bench.Discovery;

/// <summary>A mesh of services that nobody runs: the control plane cannot tell.</summary>
/// <remarks>
/// A few services are called by everybody (<see cref="Shared"/>); every change that is measured is one of theirs, so
/// that it concerns every proxy. The others give the control plane its size and each proxy destinations of its own.
/// </remarks>
/// <param name="proxies">Proxies, each of them a replica of one of the services.</param>
internal sealed class SimulatedMesh(int proxies)
{
    /// <summary>Services that every proxy calls.</summary>
    public const int Shared = 5;

    /// <summary>Replicas of a shared service that change their address, each by itself.</summary>
    public const int Movers = 4;

    /// <summary>Services that a proxy calls, the shared ones among them.</summary>
    public const int Targets = 10;

    /// <summary>Most services; with fewer proxies there is one for each.</summary>
    public const int MostServices = 200;

    private const int Rules = 5;
    private const int Port = 80;

    public int Proxies => proxies;

    /// <summary>One that is there whatever the size.</summary>
    public const string AnyService = "shared-0";

    public IEnumerable<string> ServiceNames => Enumerable.Range(0, Services).Select(Name);

    public int Services { get; } = Math.Clamp(proxies, 2 * Targets, MostServices);

    public string Describe() =>
        $"{Services} services with {proxies} replicas, {Services - 1} routes of {Rules} rules; "
        + $"each proxy has {Targets} destinations, {Shared} of which all have";

    /// <summary>All objects but the route that changes.</summary>
    public string Yaml()
    {
        var text = new StringBuilder();
        for (var service = 0; service < Services; service++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                apiVersion: banyan.dev/v1alpha1
                kind: Workload
                metadata: {name: {{Name(service)}}-v1}
                spec:
                  service: {{Name(service)}}
                  version: v1
                  ports:
                  - {name: http, port: {{Port}}}
                ---

                """);
            if (service != 0)
            {
                text.Append(Route(service, "r")).Append("---\n");
            }
        }

        return text.ToString();
    }

    /// <summary>The route of the first service; its number stands in the name of its rules.</summary>
    public string ChangingRoute(int number) => Route(0, $"n{number}-");

    /// <summary>Destinations of a proxy as it names them: the shared ones first.</summary>
    public IEnumerable<string> TargetsOf(int proxy)
    {
        for (var i = 0; i < Targets; i++)
        {
            var own = Shared + (((proxy * 7) + ((i - Shared) * 13)) % (Services - Shared));
            yield return $"{Name(i < Shared ? i : own)}.default:{Port}";
        }
    }

    /// <summary>The node id of a proxy.</summary>
    public string NodeOf(int proxy) => $"default/{Name(proxy % Services)}-v1/{proxy / Services}";

    /// <summary>The registration of a proxy's replica.</summary>
    public string InstanceOf(int proxy) =>
        Instance(proxy % Services, proxy / Services, $"172.16.{(proxy >> 8) & 255}.{proxy & 255}");

    /// <summary>Node id of a replica that moves; no proxy belongs to it.</summary>
    public static string MoverNode(int slot) => $"default/{Name(slot / Movers)}-v1/{MoverReplica(slot)}";

    /// <summary>The registration of a replica that moves; its number is its address.</summary>
    public static string MoverInstance(int slot, int number) =>
        Instance(slot / Movers, MoverReplica(slot), $"10.{slot}.{(number >> 8) & 255}.{number & 255}");

    private static int MoverReplica(int slot) => 10_000 + (slot % Movers);

    private static string Name(int service) => service < Shared ? $"shared-{service}" : $"service-{service}";

    private static string Instance(int service, int replica, string ip) => $$"""
        {"namespace":"default","workload":"{{Name(service)}}-v1","replica":{{replica}},"state":"ready",
        "ports":[{"service":"{{Name(service)}}","serviceNamespace":"default","name":"http","port":{{Port}},
        "app":"{{ip}}:8080","inbound":"{{ip}}:15080"}],"outbound":"{{ip}}:15001"}
        """;

    private static string Route(int service, string rule)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $$"""
            apiVersion: gateway.networking.k8s.io/v1
            kind: HTTPRoute
            metadata: {name: {{Name(service)}}}
            spec:
              parentRefs:
              - {group: "", kind: Service, name: {{Name(service)}}, port: {{Port}}}
              rules:

            """);
        for (var i = 0; i < Rules; i++)
        {
            text.Append(CultureInfo.InvariantCulture, $$"""
                - name: {{rule}}{{i}}
                  matches:
                  - path: {type: PathPrefix, value: /api/v{{i}}}
                  backendRefs:
                  - {name: {{Name(service)}}-v1, port: {{Port}}, weight: 90}
                  - {name: {{Name(service)}}, port: {{Port}}, weight: 10}

              """);
        }

        return text.ToString().TrimEnd(' ');
    }
}
