using Banyan.Xds;
using Banyan.Xds.Forward;
using Google.Protobuf;

namespace Banyan.Model;

/// <summary>
/// What Envoy takes: socket listeners, and what its defaults would do otherwise said in words. It has no API listeners
/// and asks for no names: which clusters it gets follows from its listeners.
/// </summary>
internal static class EnvoyFlavour
{
    private const string HttpOptions = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions";

    private const string ForwardName = "envoy.filters.http.dynamic_forward_proxy";

    private const string ForwardCluster = "envoy.clusters.dynamic_forward_proxy";

    private const uint NoBackend = 500;

    private static readonly DnsCacheConfig Names = new()
    {
        Name = "outside", DnsLookupFamily = DnsCacheConfig.Types.DnsLookupFamily.V4Preferred,
    };

    /// <summary>A listener of a sidecar.</summary>
    public static Listener? Of(Listener source)
    {
        if (source.ApiListener is not null)
        {
            return null;
        }

        foreach (var filter in source.FilterChains.SelectMany(chain => chain.Filters))
        {
            if (filter.TypedConfig.Is(HttpConnectionManager.Descriptor))
            {
                filter.TypedConfig = Encode.Any(Of(filter.TypedConfig.Unpack<HttpConnectionManager>()));
            }
        }

        return source;
    }

    /// <summary>
    /// Answers 500 itself where a route leads nowhere: Envoy would answer 503 for a cluster without endpoints.
    /// </summary>
    public static RouteConfiguration Of(RouteConfiguration source)
    {
        foreach (var route in source.VirtualHosts.SelectMany(host => host.Routes))
        {
            if (route.Route_ is { ClusterSpecifierCase: RouteAction.ClusterSpecifierOneofCase.Cluster } action
                && action.Cluster == ClusterTranslator.Blackhole)
            {
                route.DirectResponse = new DirectResponseAction { Status = NoBackend };
            }
        }

        return source;
    }

    /// <summary>A cluster: of the outside as Envoy's forward proxy has it, else with the protocol said.</summary>
    public static Cluster Of(Cluster source)
    {
        if (source.Name == ClusterTranslator.External)
        {
            return new Cluster
            {
                Name = source.Name,
                ConnectTimeout = source.ConnectTimeout,
                LbPolicy = Cluster.Types.LbPolicy.ClusterProvided,
                ClusterType = new Cluster.Types.CustomClusterType
                {
                    Name = ForwardCluster, TypedConfig = Encode.Any(new ClusterConfig { DnsCacheConfig = Names }),
                }.ToByteString(),
            };
        }

        // It has no certificate to show.
        source.TransportSocketMatches.Clear();
        if (source.TypedExtensionProtocolOptions.Count == 0)
        {
            // What the client speaks: without this Envoy would say HTTP/1.1 to all.
            source.TypedExtensionProtocolOptions.Add(HttpOptions, Encode.Any(new HttpProtocolOptions
            {
                UseDownstreamProtocolConfig = new HttpProtocolOptions.Types.UseDownstreamHttpConfig
                {
                    HttpProtocolOptions = new Http1ProtocolOptions(), Http2ProtocolOptions = new Http2ProtocolOptions(),
                },
            }));
        }

        return source;
    }

    private static HttpConnectionManager Of(HttpConnectionManager manager)
    {
        // Banyan's proxy lets every upgrade pass that an application asks for; Envoy wants to be told.
        manager.UpgradeConfigs.Add(new HttpConnectionManager.Types.UpgradeConfig { UpgradeType = "websocket" });
        foreach (var filter in manager.HttpFilters)
        {
            if (filter.TypedConfig.Is(Router.Descriptor))
            {
                filter.TypedConfig = Encode.Any(new Router { SuppressEnvoyHeaders = true });
            }
        }

        if (manager.RouteConfig is { } routes && LeadsOutside(routes))
        {
            manager.HttpFilters.Insert(0, new HttpFilter
            {
                Name = ForwardName, TypedConfig = Encode.Any(new FilterConfig { DnsCacheConfig = Names }),
            });
        }

        return manager;
    }

    private static bool LeadsOutside(RouteConfiguration routes) =>
        routes.VirtualHosts.SelectMany(host => host.Routes)
            .Any(route => route.Route_?.Cluster == ClusterTranslator.External);
}
