namespace Banyan.Proxy.Snapshot;

/// <summary>What a probe does.</summary>
public enum HealthCheckKind : byte
{
    /// <summary>Connects, no more.</summary>
    Tcp,

    /// <summary>Asks for a path and looks at the status.</summary>
    Http,

    /// <summary>Calls grpc.health.v1.Health/Check.</summary>
    Grpc,
}

/// <summary>How the endpoints of a cluster are probed. Immutable.</summary>
public sealed record HealthCheckConfig
{
    /// <summary>What a probe does.</summary>
    public required HealthCheckKind Kind { get; init; }

    /// <summary>Path of an HTTP probe.</summary>
    public string Path { get; init; } = "/";

    /// <summary>Service that a gRPC probe asks about; empty = the whole server.</summary>
    public string Service { get; init; } = "";

    /// <summary>Host of HTTP and gRPC probes; empty = the address.</summary>
    public string Host { get; init; } = "";

    /// <summary>HTTP probes speak HTTP/2 with prior knowledge.</summary>
    public bool Http2 { get; init; }

    /// <summary>Statuses that mean healthy, each from and below; empty = 200.</summary>
    public (int From, int Below)[] Expected { get; init; } = [];

    /// <summary>Statuses that count as one failure; any other makes the endpoint unhealthy at once.</summary>
    public (int From, int Below)[] Retriable { get; init; } = [];

    /// <summary>Time between two probes, from the end of one to the next.</summary>
    public required TimeSpan Interval { get; init; }

    /// <summary>Time that a probe may take.</summary>
    public required TimeSpan Timeout { get; init; }

    /// <summary>Failures in a row that make an endpoint unhealthy, at least 1.</summary>
    public required int UnhealthyAfter { get; init; }

    /// <summary>Successes in a row that make it healthy again, at least 1.</summary>
    public required int HealthyAfter { get; init; }
}
