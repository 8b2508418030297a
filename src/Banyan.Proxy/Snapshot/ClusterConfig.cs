namespace Banyan.Proxy.Snapshot;

/// <summary>Where a cluster's endpoints come from.</summary>
public enum ClusterKind : byte
{
    /// <summary>Discovered (EDS).</summary>
    Eds,

    /// <summary>Written in the cluster itself.</summary>
    Static,

    /// <summary>Whatever host the request names, outside the mesh (ORIGINAL_DST).</summary>
    External,

    /// <summary>An invalid or missing backend reference: its share of requests is answered 500.</summary>
    Blackhole,
}

/// <summary>Which protocol is spoken to a cluster's endpoints.</summary>
public enum UpstreamProtocol : byte
{
    /// <summary>The one that the client speaks: the port's protocol is not declared.</summary>
    SameAsClient,

    /// <summary>HTTP/1.1.</summary>
    Http1,

    /// <summary>HTTP/2 with prior knowledge.</summary>
    Http2,
}

/// <summary>A set of endpoints that serve the same. Immutable; the same object while nothing about it changes.</summary>
public sealed class ClusterConfig
{
    /// <summary>Unique name.</summary>
    public required string Name { get; init; }

    /// <summary>Where the endpoints come from.</summary>
    public required ClusterKind Kind { get; init; }

    /// <summary>Time to establish a connection.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>All endpoints that may be used or drained, in the control plane's order; unhealthy ones are left out.</summary>
    public required EndpointConfig[] Endpoints { get; init; }

    /// <summary>Small integer of this cluster's name, the same in every snapshot.</summary>
    public required int Slot { get; init; }

    /// <summary>What the endpoints speak.</summary>
    public UpstreamProtocol Protocol { get; init; }

    /// <summary>How its endpoints are probed; null when they are not.</summary>
    public HealthCheckConfig? Health { get; init; }

    /// <summary>Connections to all endpoints together, per proxy process.</summary>
    public int MaxConnections { get; init; } = 1024;

    /// <summary>Requests that may wait for a connection.</summary>
    public int MaxPending { get; init; } = 1024;
}
