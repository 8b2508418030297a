using Banyan.Rules;
using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads a TcpProxy: bytes go to one cluster, or to several by weight. It becomes one route for everything.</summary>
internal static class TcpProxyFilter
{
    public const string TypeUrl = "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy";

    /// <summary>Name of the route in metrics and logs.</summary>
    private const string RouteName = "tcp";

    private static readonly TimeSpan DefaultIdle = TimeSpan.FromHours(1);

    private static readonly TimeSpan LongestIdle = TimeSpan.FromDays(30);

    public static HttpManager Read(Any packed, string at, Problems problems)
    {
        var proxy = TcpProxy.Parser.ParseFrom(packed.Value);
        problems.AddIf(proxy.HasMetadataMatch, $"{at}.metadata_match", "not supported");
        problems.AddIf(proxy.HashPolicy.Count > 0, $"{at}.hash_policy", "not supported");
        problems.AddIf(proxy.HasTunnelingConfig, $"{at}.tunneling_config", "not supported");
        problems.AddIf(
            proxy.MaxDownstreamConnectionDuration is not null,
            $"{at}.max_downstream_connection_duration",
            "not supported");
        problems.AddIf(proxy.HasOnDemand, $"{at}.on_demand", "not supported");
        var idle = Durations.Read(
            proxy.IdleTimeout, DefaultIdle, TimeSpan.Zero, LongestIdle, $"{at}.idle_timeout", problems);
        var settings = HttpSettings.Default with { StreamIdle = idle };
        return new HttpManager(settings, RouteName: null, ReadRoute(proxy, at, problems));
    }

    private static RouteTable? ReadRoute(TcpProxy proxy, string at, Problems problems)
    {
        var action = new RouteAction();
        switch (proxy.ClusterSpecifierCase)
        {
            case TcpProxy.ClusterSpecifierOneofCase.Cluster:
                action.Cluster = proxy.Cluster;
                break;
            case TcpProxy.ClusterSpecifierOneofCase.WeightedClusters:
                action.WeightedClusters = new WeightedCluster();
                for (var i = 0; i < proxy.WeightedClusters.Clusters.Count; i++)
                {
                    var cluster = proxy.WeightedClusters.Clusters[i];
                    problems.AddIf(
                        cluster.HasMetadataMatch, $"{at}.weighted_clusters.clusters[{i}].metadata_match", "not supported");
                    action.WeightedClusters.Clusters.Add(
                        new WeightedCluster.Types.ClusterWeight { Name = cluster.Name, Weight = cluster.Weight });
                }

                break;
            default:
                problems.Add(at, "cluster or weighted_clusters is needed");
                return null;
        }

        var configuration = new RouteConfiguration
        {
            Name = RouteName,
            VirtualHosts =
            {
                new VirtualHost
                {
                    Name = RouteName,
                    Domains = { "*" },
                    Routes = { new Route { Name = RouteName, Match = new RouteMatch { Prefix = "/" }, Route_ = action } },
                },
            },
        };
        if (RouteTable.TryCompile(configuration, out var table, out var error))
        {
            return table;
        }

        // The places are those of the route that was made here; what is left of them are the fields of the filter.
        problems.Add(at, error.Replace("virtual_hosts[0].routes[0].route.", "", StringComparison.Ordinal));
        return null;
    }
}
