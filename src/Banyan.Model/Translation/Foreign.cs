using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>
/// Other data planes' forms of a resource. Each is made of Banyan's own form and of nothing else, so that it lives
/// exactly as long as that, and versions are hashes of what is sent.
/// </summary>
public static class Foreign
{
    /// <summary>Renders a resource; null when it has no meaning in that flavour.</summary>
    public static XdsResource? Render(XdsResource resource, Flavour flavour)
    {
        var bytes = resource.Any.Value;
        IMessage? message = (flavour, resource.TypeUrl) switch
        {
            (Flavour.Banyan, _) => null,
            (_, XdsTypes.Secret) => Secret.Parser.ParseFrom(bytes),
            (Flavour.Grpc, XdsTypes.Listener) => GrpcFlavour.Of(Listener.Parser.ParseFrom(bytes)),
            (Flavour.Grpc, XdsTypes.RouteConfiguration) => GrpcRoutes.Of(RouteConfiguration.Parser.ParseFrom(bytes)),
            (Flavour.Grpc, XdsTypes.Cluster) => GrpcFlavour.Of(Cluster.Parser.ParseFrom(bytes)),
            (Flavour.Grpc, _) => GrpcFlavour.Of(ClusterLoadAssignment.Parser.ParseFrom(bytes)),
            (_, XdsTypes.Listener) => EnvoyFlavour.Of(Listener.Parser.ParseFrom(bytes)),
            (_, XdsTypes.RouteConfiguration) => EnvoyFlavour.Of(RouteConfiguration.Parser.ParseFrom(bytes)),
            (_, XdsTypes.Cluster) => EnvoyFlavour.Of(Cluster.Parser.ParseFrom(bytes)),
            _ => ClusterLoadAssignment.Parser.ParseFrom(bytes),
        };
        return flavour == Flavour.Banyan ? resource
            : message is null ? null
            : Encode.Resource(resource.TypeUrl, resource.Name, message, resource.Scope);
    }

    /// <summary>The clusters that a listener leads to by itself, without discovered routes.</summary>
    public static IReadOnlyList<string> ClustersOf(XdsResource listener) =>
    [
        .. Listener.Parser.ParseFrom(listener.Any.Value).FilterChains
            .SelectMany(chain => chain.Filters)
            .SelectMany(filter => ClustersOf(filter.TypedConfig))
            .Where(name => name.Length > 0),
    ];

    private static IEnumerable<string> ClustersOf(Any filter)
    {
        if (filter.TryUnpack<TcpProxy>(out var proxy))
        {
            return [proxy.Cluster];
        }

        return filter.TryUnpack<HttpConnectionManager>(out var manager) && manager.RouteConfig is { } routes
            ? routes.VirtualHosts.SelectMany(host => host.Routes).Select(route => route.Route_?.Cluster ?? "")
            : [];
    }
}
