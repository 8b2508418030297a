namespace Banyan.Control.Xds;

/// <summary>
/// The resource types that are served. The numbers are the order in which additions leave, so that nothing is
/// ever routed to what the proxy does not know yet; removals leave in the reverse order.
/// </summary>
internal enum XdsType
{
    /// <summary>Cluster.</summary>
    Cluster = 0,

    /// <summary>ClusterLoadAssignment.</summary>
    Endpoint = 1,

    /// <summary>Listener.</summary>
    Listener = 2,

    /// <summary>RouteConfiguration.</summary>
    Route = 3,

    /// <summary>Secret: the anchors of a trust domain.</summary>
    Secret = 4,
}

/// <summary>The types' names on the wire and in words.</summary>
internal static class XdsTypeNames
{
    /// <summary>How many types there are.</summary>
    public const int Count = 5;

    private static readonly string[] Urls =
    [
        "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "type.googleapis.com/envoy.config.listener.v3.Listener",
        "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
    ];

    private static readonly string[] Words = ["cluster", "endpoint", "listener", "route", "secret"];

    /// <summary>The type's URL.</summary>
    public static string Url(this XdsType type) => Urls[(int)type];

    /// <summary>The type's name in status and logs.</summary>
    public static string Word(this XdsType type) => Words[(int)type];

    /// <summary>Finds a type by its URL.</summary>
    public static bool TryParse(string url, out XdsType type)
    {
        var index = Array.IndexOf(Urls, url);
        type = (XdsType)Math.Max(index, 0);
        return index >= 0;
    }
}
