using Banyan.Proxy.Http;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;

namespace Banyan.Proxy.Match;

/// <summary>Stage "match", second half, and "decide": the route, its backend by weight, its timeout.</summary>
internal static class RouteStage
{
    internal static Failure Match(Exchange x)
    {
        var route = x.Target!.Routes.Match(View(x));
        if (route is null)
        {
            return Failure.NoRoute;
        }

        return Use(x, route);
    }

    /// <summary>The route of bytes that are not HTTP: the last one, which every destination has.</summary>
    internal static Failure Default(Exchange x)
    {
        var routes = x.Target!.Routes.Routes;
        return routes.Length == 0 ? Failure.NoRoute : Use(x, routes[^1]);
    }

    /// <summary>What routes look at.</summary>
    internal static RequestView View(Exchange x)
    {
        var bytes = x.RequestBytes;
        return new RequestView
        {
            Head = x.Request,
            Bytes = bytes,
            Authority = x.Request.Authority(bytes),
            Path = x.AsksServer ? "/"u8 : x.Path(bytes),
            Query = x.Request.Query(bytes),
        };
    }

    /// <summary>Takes the route: its backend by weight, its times.</summary>
    internal static Failure Use(Exchange x, CompiledRoute route)
    {
        x.Route = route;
        if (route.Action != RouteActionKind.Forward)
        {
            // The catch-all of an outbound listener is the mesh's policy for the outside, not somebody's route.
            return ReferenceEquals(x.Target, x.Listener.Fallback) && route.Status == 403 ? Failure.OutboundDenied : Failure.None;
        }

        if (route.Backends.Length == 0)
        {
            return Failure.InvalidBackend;
        }

        if (route.Timeout > TimeSpan.Zero)
        {
            // A deadline only ever shortens.
            x.Deadline = Math.Min(x.Deadline, x.Worker.Loop.NowMs + (long)route.Timeout.TotalMilliseconds);
        }

        if (route.IdleTimeout != TimeSpan.Zero)
        {
            x.IdleMs = route.IdleTimeout == Timeout.InfiniteTimeSpan ? int.MaxValue : (long)route.IdleTimeout.TotalMilliseconds;
        }

        x.Backend = route.Backends.Length == 1 ? route.Backends[0] : route.Pick(x.Worker.Loop.Random.Below(route.TotalWeight));
        x.Cluster = x.Target!.Clusters[x.Backend.Cluster];
        return x.Cluster.Kind == ClusterKind.Blackhole ? Failure.InvalidBackend : Failure.None;
    }
}
