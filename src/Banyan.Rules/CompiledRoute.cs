namespace Banyan.Rules;

/// <summary>What a matched route does.</summary>
public enum RouteActionKind : byte
{
    Forward,
    DirectResponse,
    Redirect,
}

/// <summary>A route ready to serve. Immutable.</summary>
public sealed class CompiledRoute
{
    /// <summary>Position in <see cref="RouteTable.Routes"/>.</summary>
    public required int Index { get; init; }

    /// <summary>Name of the route (metric label http_route), or its path pattern when unnamed.</summary>
    public required string Name { get; init; }

    public required RouteActionKind Action { get; init; }

    /// <summary>Backends with weight above 0, in order; empty when every weight is 0 or for other actions.</summary>
    public required WeightedBackend[] Backends { get; init; }

    /// <summary>Sum of the weights.</summary>
    public required uint TotalWeight { get; init; }

    public required HeaderMutation RequestHeaders { get; init; }

    public required HeaderMutation ResponseHeaders { get; init; }

    /// <summary>Status of a direct response or redirect.</summary>
    public int Status { get; init; }

    /// <summary>Body of a direct response, or the Location template parts are resolved by the proxy later.</summary>
    public byte[] Body { get; init; } = [];

    /// <summary>Whole-request timeout; zero = none.</summary>
    public TimeSpan Timeout { get; init; }

    /// <summary>Stream idle timeout; zero = the listener's.</summary>
    public TimeSpan IdleTimeout { get; init; }

    /// <summary>Host to send instead of the received one; null = unchanged.</summary>
    public byte[]? HostRewrite { get; init; }

    /// <summary>The backend for one uniform draw in [0, TotalWeight).</summary>
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

/// <summary>One weighted cluster of a route.</summary>
public sealed class WeightedBackend
{
    /// <summary>Position of the cluster's name in <see cref="RouteTable.Clusters"/>.</summary>
    public required int Cluster { get; init; }

    public required uint Weight { get; init; }

    /// <summary>This weight and all before it.</summary>
    public required uint CumulativeWeight { get; init; }

    public required HeaderMutation RequestHeaders { get; init; }

    public required HeaderMutation ResponseHeaders { get; init; }
}
