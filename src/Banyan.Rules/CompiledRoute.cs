namespace Banyan.Rules;

/// <summary>What a matched route does.</summary>
public enum RouteActionKind : byte
{
    /// <summary>Send the request to one of <see cref="CompiledRoute.Backends"/>.</summary>
    Forward,

    /// <summary>Answer with <see cref="CompiledRoute.Status"/> and <see cref="CompiledRoute.Body"/>.</summary>
    DirectResponse,

    /// <summary>Answer with <see cref="CompiledRoute.Status"/> and the Location of <see cref="CompiledRoute.Redirect"/>.</summary>
    Redirect,
}

/// <summary>A route ready to serve. Immutable.</summary>
public sealed class CompiledRoute
{
    /// <summary>Position in <see cref="RouteTable.Routes"/>.</summary>
    public required int Index { get; init; }

    /// <summary>Name of the route (metric label http_route), or its path pattern when unnamed.</summary>
    public required string Name { get; init; }

    /// <summary>What the route does.</summary>
    public required RouteActionKind Action { get; init; }

    /// <summary>Backends with weight above 0, in order; empty when every weight is 0 or for other actions.</summary>
    public required WeightedBackend[] Backends { get; init; }

    /// <summary>Sum of the weights; 0 when <see cref="Backends"/> is empty.</summary>
    public required uint TotalWeight { get; init; }

    /// <summary>Changes of the route, its virtual host and the configuration together.
    /// A forwarded request uses <see cref="WeightedBackend.RequestHeaders"/> instead, which contains these.</summary>
    public required HeaderMutation RequestHeaders { get; init; }

    /// <summary>Changes of the route, its virtual host and the configuration together, for answers the proxy makes itself
    /// (direct response, redirect). An answer of a backend uses <see cref="WeightedBackend.ResponseHeaders"/> instead.</summary>
    public required HeaderMutation ResponseHeaders { get; init; }

    /// <summary>Status of a direct response or redirect.</summary>
    public int Status { get; init; }

    /// <summary>Body of a direct response.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Where a redirect leads; null for other actions.</summary>
    public RedirectTarget? Redirect { get; init; }

    /// <summary>Whole-request timeout; zero = none. (Envoy's implicit 15 s are not taken over.)</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Stream idle timeout; zero = the listener's, <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> = switched off.</summary>
    public TimeSpan IdleTimeout { get; init; }

    /// <summary>Host to send instead of the received one; null = unchanged. A backend may have its own: <see cref="WeightedBackend.HostRewrite"/>.</summary>
    public byte[]? HostRewrite { get; init; }

    /// <summary>Path to send instead of the received one; null = unchanged.</summary>
    public PathRewrite? PathRewrite { get; init; }

    /// <summary>When failed attempts may be repeated; null = the route says nothing.</summary>
    public RetryRule? Retry { get; init; }

    /// <summary>Status when the picked cluster does not exist.</summary>
    public int MissingClusterStatus { get; init; } = 503;

    /// <summary>The backend for one uniform draw in [0, <see cref="TotalWeight"/>). <see cref="Backends"/> must not be empty.</summary>
    public WeightedBackend Pick(uint draw)
    {
        foreach (var backend in Backends)
        {
            if (draw < backend.CumulativeWeight)
            {
                return backend;
            }
        }

        return Backends[^1];
    }
}

/// <summary>One weighted cluster of a route. Immutable.</summary>
public sealed class WeightedBackend
{
    /// <summary>Position of the cluster's name in <see cref="RouteTable.Clusters"/>.</summary>
    public required int Cluster { get; init; }

    /// <summary>Its share of <see cref="CompiledRoute.TotalWeight"/>; above 0.</summary>
    public required uint Weight { get; init; }

    /// <summary>This weight and all before it.</summary>
    public required uint CumulativeWeight { get; init; }

    /// <summary>All changes of the request on its way to this backend: its own and those of the route, virtual host and configuration.</summary>
    public required HeaderMutation RequestHeaders { get; init; }

    /// <summary>All changes of this backend's response: its own and those of the route, virtual host and configuration.</summary>
    public required HeaderMutation ResponseHeaders { get; init; }

    /// <summary>Host to send instead of the received one: its own, else the route's; null = unchanged.</summary>
    public byte[]? HostRewrite { get; init; }
}
