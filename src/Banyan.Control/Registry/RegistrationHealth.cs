using Banyan.Model;

namespace Banyan.Control.Registry;

/// <summary>
/// How the sidecars of its callers probe an endpoint that registered itself: by exactly one of <see cref="Http"/>,
/// <see cref="Tcp"/> and <see cref="Grpc"/>.
/// </summary>
public sealed record RegistrationHealth
{
    /// <summary>A path that answers 2xx while it is healthy; empty = not so.</summary>
    public string Http { get; init; } = "";

    /// <summary>Healthy while it accepts connections.</summary>
    public bool Tcp { get; init; }

    /// <summary>The service name of the gRPC health check, "" for the whole server; null = not so.</summary>
    public string? Grpc { get; init; }

    /// <summary>Seconds between two probes, 0.1 to 3,600.</summary>
    public double Interval { get; init; } = 5;

    /// <summary>Seconds that one may take, 0.1 to 60.</summary>
    public double Timeout { get; init; } = 1;

    /// <summary>Failures in a row that make it unhealthy, 1 to 100.</summary>
    public int UnhealthyAfter { get; init; } = 3;

    /// <summary>Successes in a row that make it healthy again, 1 to 100.</summary>
    public int HealthyAfter { get; init; } = 1;

    internal WorkloadHealth OfWorkload() => new()
    {
        Http = Http,
        Tcp = Tcp,
        Grpc = Grpc,
        Interval = TimeSpan.FromSeconds(Interval),
        Timeout = TimeSpan.FromSeconds(Timeout),
        UnhealthyAfter = UnhealthyAfter,
        HealthyAfter = HealthyAfter,
    };
}
