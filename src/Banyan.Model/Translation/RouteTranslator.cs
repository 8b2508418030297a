using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>The routes attached to a service port to one RouteConfiguration.</summary>
internal sealed class RouteTranslator(MeshSpec mesh)
{
    public RouteConfiguration Translate(string name, List<ResolvedRoute>? routes)
    {
        var host = new VirtualHost { Name = name, Domains = { "*" } };
        if (routes is null)
        {
            host.Routes.Add(new Route
            {
                Name = "default",
                Match = new RouteMatch { Prefix = "/" },
                Route_ = new RouteAction { Cluster = name, Timeout = new Duration() },
            });
        }
        else
        {
            foreach (var match in MatchOrder.Of(routes))
            {
                host.Routes.Add(Translate(match, name));
            }
        }

        return new RouteConfiguration { Name = name, VirtualHosts = { host } };
    }

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
