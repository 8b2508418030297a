using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>
/// What is spoken on a port: what is declared, then what its name begins with, then what its number is known for.
/// </summary>
internal static class Protocols
{
    // Ports of mail, databases and caches: opaque unless declared. Several of them wait for the server to speak first.
    private static readonly int[] WellKnown = [25, 587, 3306, 4444, 5432, 6379, 9300, 11211];

    // What Kubernetes and Istio know of appProtocol. gRPC-Web is HTTP of either version, with a body of its own.
    private static readonly Dictionary<string, PortProtocol> AppProtocols = new(StringComparer.OrdinalIgnoreCase)
    {
        ["http"] = PortProtocol.Http,
        ["http2"] = PortProtocol.Http2,
        ["h2c"] = PortProtocol.Http2,
        ["kubernetes.io/h2c"] = PortProtocol.Http2,
        ["grpc"] = PortProtocol.Grpc,
        ["grpc-web"] = PortProtocol.Http,
        ["ws"] = PortProtocol.Http,
        ["kubernetes.io/ws"] = PortProtocol.Http,
        ["wss"] = PortProtocol.Tls,
        ["kubernetes.io/wss"] = PortProtocol.Tls,
        ["https"] = PortProtocol.Tls,
        ["tls"] = PortProtocol.Tls,
        ["tcp"] = PortProtocol.Tcp,
        ["mongo"] = PortProtocol.Tcp,
        ["mysql"] = PortProtocol.Tcp,
        ["postgres"] = PortProtocol.Tcp,
        ["postgresql"] = PortProtocol.Tcp,
        ["redis"] = PortProtocol.Tcp,
    };

    // The longer of two that fit comes first: "grpc-web-front" is not gRPC.
    private static readonly (string Prefix, PortProtocol Protocol)[] NamePrefixes =
    [
        .. AppProtocols.Where(each => !each.Key.Contains('/', StringComparison.Ordinal))
            .OrderByDescending(each => each.Key.Length)
            .ThenBy(each => each.Key, StringComparer.Ordinal)
            .Select(each => (each.Key, each.Value)),
    ];

    /// <summary>Whether requests are read on such a port, or may be: all but what is relayed unread.</summary>
    public static bool IsHttp(PortProtocol protocol) => protocol is not (PortProtocol.Tcp or PortProtocol.Tls);

    /// <summary>
    /// What the workload's port declares, by its field or its name; <see cref="PortProtocol.Auto"/> where it does not.
    /// </summary>
    public static PortProtocol Declared(WorkloadPort port) =>
        port.Protocol == PortProtocol.Auto ? ByName(port.Name) : port.Protocol;

    /// <summary>
    /// What the service's port declares, by <c>appProtocol</c> or its name; <see cref="PortProtocol.Auto"/> where it
    /// does not. What is declared and unknown is opaque: that is right whatever it means.
    /// </summary>
    public static PortProtocol Declared(ServicePort port) => port.AppProtocol.Length == 0
        ? ByName(port.Name)
        : AppProtocols.GetValueOrDefault(port.AppProtocol, PortProtocol.Tcp);

    /// <summary>
    /// What is spoken on a service's port: what the service declares, else the first workload behind it that does.
    /// </summary>
    /// <param name="declared">What the service declares.</param>
    /// <param name="backings">The workloads behind it, the oldest first.</param>
    /// <param name="port">The number that callers name.</param>
    public static PortProtocol Resolve(PortProtocol declared, List<Backing> backings, int port)
    {
        foreach (var backing in backings)
        {
            if (declared != PortProtocol.Auto)
            {
                break;
            }

            declared = Declared(backing.Port);
        }

        return OrByNumber(declared, port);
    }

    /// <summary>What is spoken on a workload's port, when no Service says otherwise.</summary>
    public static PortProtocol OfWorkload(WorkloadPort port) => OrByNumber(Declared(port), port.Port);

    /// <summary>
    /// The protocol that an unknown <c>appProtocol</c> was probably meant to be; null where none is near.
    /// </summary>
    public static string? Slip(string appProtocol) => AppProtocols.ContainsKey(appProtocol)
        ? null
        : Suggestion.Nearest(appProtocol, AppProtocols.Keys);

    private static PortProtocol OrByNumber(PortProtocol declared, int port) =>
        declared == PortProtocol.Auto && WellKnown.Contains(port) ? PortProtocol.Tcp : declared;

    private static PortProtocol ByName(string name)
    {
        foreach (var (prefix, protocol) in NamePrefixes)
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal)
                && (name.Length == prefix.Length || name[prefix.Length] == '-'))
            {
                return protocol;
            }
        }

        return PortProtocol.Auto;
    }
}
