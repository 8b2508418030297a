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
        var action = ReadAction(proxy, at, problems);
        var table = action is null ? null : Compile(action, at, problems);
        return new HttpManager(ReadSettings(proxy, at, problems), RouteName: null, table);
    }

    /// <summary>How long bytes may pause.</summary>
    public static HttpSettings ReadSettings(TcpProxy proxy, string at, Problems problems) => HttpSettings.Default with
    {
        StreamIdle = Durations.Read(
            proxy.IdleTimeout, DefaultIdle, TimeSpan.Zero, LongestIdle, $"{at}.idle_timeout", problems),
    };

    /// <summary>Where connections go; null when it is not said.</summary>
    public static RouteAction? ReadAction(TcpProxy proxy, string at, Problems problems)
    {
        var action = new RouteAction();
        switch (proxy.ClusterSpecifierCase)
        {
            case TcpProxy.ClusterSpecifierOneofCase.Cluster:
                action.Cluster = proxy.Cluster;
                return action;
            case TcpProxy.ClusterSpecifierOneofCase.WeightedClusters:
                action.WeightedClusters = new WeightedCluster();
                action.WeightedClusters.Clusters.AddRange(proxy.WeightedClusters.Clusters.Select(cluster =>
                    new WeightedCluster.Types.ClusterWeight { Name = cluster.Name, Weight = cluster.Weight }));

                return action;
            default:
                problems.Add(at, "cluster or weighted_clusters is needed");
                return null;
        }
    }

    /// <summary>One route for all connections of these names.</summary>
    public static VirtualHost Host(string name, IEnumerable<string> domains, RouteAction action) => new()
    {
        Name = name,
        Domains = { domains },
        Routes = { new Route { Name = name, Match = new RouteMatch { Prefix = "/" }, Route_ = action } },
    };

    private static RouteTable? Compile(RouteAction action, string at, Problems problems)
    {
        var configuration = new RouteConfiguration { Name = RouteName, VirtualHosts = { Host(RouteName, ["*"], action) } };
        if (RouteTable.TryCompile(configuration, out var table, out var error))
        {
            return table;
        }

        // The places are those of the route that was made here; what is left of them are the fields of the filter.
        problems.Add(at, error.Replace("virtual_hosts[0].routes[0].route.", "", StringComparison.Ordinal));
        return null;
    }
}
