
namespace Banyan.Proxy.Xds;

/// <summary>The types of resource this proxy asks for, in the order of their dependency: each needs only later ones.</summary>
internal enum ResourceType
{
    Listener,
    Route,
    Cluster,
    Endpoints,
    Secret,
}

/// <summary>Names of the types.</summary>
internal static class ResourceTypes
{
    public const int Count = 5;

    private static readonly string[] Urls =
    [
        "type.googleapis.com/envoy.config.listener.v3.Listener",
        "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
    ];

    public static string Url(ResourceType type) => Urls[(int)type];

    /// <summary>The message's full name.</summary>
    public static string FullName(ResourceType type) => Url(type)[(Url(type).LastIndexOf('/') + 1)..];

    /// <summary>The message's name, for people.</summary>
    public static string Word(ResourceType type) => Url(type)[(Url(type).LastIndexOf('.') + 1)..];

    public static bool TryParse(string url, out ResourceType type)
    {
        var index = Array.IndexOf(Urls, url);
        type = (ResourceType)Math.Max(index, 0);
        return index >= 0;
    }
}
