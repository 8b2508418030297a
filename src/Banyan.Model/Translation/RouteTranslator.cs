using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>The routes attached to a service port to one RouteConfiguration.</summary>
internal sealed class RouteTranslator(MeshSpec mesh)
{
    public RouteConfiguration Translate(string name, ResolvedPort port, List<ResolvedRoute>? routes)
    {
        var host = new VirtualHost { Name = name, Domains = { "*" } };
        if (routes is null || (routes[0].Form.Type == RouteType.Tls && port.IsHttp))
        {
            host.Routes.Add(Default(name));
        }
        else if (routes[0].Form.Type == RouteType.Tls)
        {
            // The listener says where TLS goes, by server name; what is not TLS goes nowhere.
        }
        else if (routes[0].Form.Type == RouteType.Tcp)
        {
            host.Routes.Add(new Route
            {
                Name = routes[0].Rules[0].Name,
                Match = new RouteMatch { Prefix = "/" },
                Route_ = Connections(routes, name),
            });
        }
        else
        {
            foreach (var match in MatchOrder.Of(routes))
            {
                host.Routes.Add(Translate(match, name));
            }

            if (port.Protocol == PortProtocol.Auto)
            {
                // What turns out not to be HTTP takes the last route; requests never do.
                var bytes = Default(name);
                bytes.Match.RuntimeFraction = new RuntimeFractionalPercent { DefaultValue = new FractionalPercent() };
                host.Routes.Add(bytes);
            }
        }

        return new RouteConfiguration { Name = name, VirtualHosts = { host } };
    }

    /// <summary>Where the connections of a port go that has a TCPRoute.</summary>
    public static RouteAction Connections(List<ResolvedRoute> routes, string parent) =>
        Action(new OrderedMatch(routes[0], 0, 0), parent);

    private static Route Default(string cluster) => new()
    {
        Name = "default",
        Match = new RouteMatch { Prefix = "/" },
        Route_ = new RouteAction { Cluster = cluster, Timeout = new Duration() },
    };

    private Route Translate(OrderedMatch match, string parent)
    {
        var route = new Route
        {
            Name = match.Rule.Name,
            Match = MatchTranslator.Translate(match.Match, mesh.PathNormalization),
            Route_ = Action(match, parent),
        };
        foreach (var filter in match.Rule.Rule.Filters)
        {
            HeaderTranslator.Apply(
                filter.RequestHeaderModifier, route.RequestHeadersToAdd, route.RequestHeadersToRemove);
            HeaderTranslator.Apply(
                filter.ResponseHeaderModifier, route.ResponseHeadersToAdd, route.ResponseHeadersToRemove);
        }

        return route;
    }

    private static RouteAction Action(OrderedMatch match, string parent)
    {
        var retry = RetryTranslator.Translate(match.Rule.Rule, match.Match);
        var action = new RouteAction { Timeout = Timeout(match.Rule.Rule.Timeouts, retry), RetryPolicy = retry };
        var backends = match.Rule.Backends;
        if (backends.Length == 0)
        {
            action.Cluster = parent;
        }
        else if (Array.TrueForAll(backends, b => b.Reference.Weight == 0))
        {
            // Nothing may be forwarded; xDS knows no split whose weights are all 0.
            action.Cluster = ClusterTranslator.Blackhole;
        }
        else if (backends is [{ Reference.Filters.Count: 0 } single])
        {
            action.Cluster = single.Cluster ?? ClusterTranslator.Blackhole;
        }
        else
        {
            action.WeightedClusters = new WeightedCluster();
            foreach (var backend in backends)
            {
                action.WeightedClusters.Clusters.Add(Weight(backend));
            }
        }

        return action;
    }

    private static WeightedCluster.Types.ClusterWeight Weight(ResolvedBackend backend)
    {
        var weight = new WeightedCluster.Types.ClusterWeight
        {
            Name = backend.Cluster ?? ClusterTranslator.Blackhole,
            Weight = (uint)backend.Reference.Weight,
        };
        foreach (var filter in backend.Reference.Filters)
        {
            HeaderTranslator.Apply(
                filter.RequestHeaderModifier, weight.RequestHeadersToAdd, weight.RequestHeadersToRemove);
            HeaderTranslator.Apply(
                filter.ResponseHeaderModifier, weight.ResponseHeadersToAdd, weight.ResponseHeadersToRemove);
        }

        return weight;
    }

    /// <summary>
    /// The whole request's limit. Without retries an attempt is all there is: the shorter of the two holds.
    /// </summary>
    private static Duration Timeout(HttpRouteTimeouts? timeouts, RetryPolicy? retry)
    {
        var request = timeouts?.Request ?? TimeSpan.Zero;
        var attempt = retry is null ? timeouts?.BackendRequest ?? TimeSpan.Zero : TimeSpan.Zero;
        var value = request == TimeSpan.Zero || (attempt > TimeSpan.Zero && attempt < request) ? attempt : request;
        return Duration.FromTimeSpan(value);
    }
}
