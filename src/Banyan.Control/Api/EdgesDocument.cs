using System.Text.Json.Serialization;

namespace Banyan.Control.Api;

/// <summary>Answer of GET /api/v1/edges.</summary>
/// <param name="From">Begin of the first hour that counts.</param>
/// <param name="To">Now.</param>
/// <param name="Edges">By reporter, destination, route, method and status.</param>
public sealed record EdgesDocument(DateTimeOffset From, DateTimeOffset To, IReadOnlyList<ReportedEdge> Edges);

/// <summary>Exchanges, or connections, that have everything but their number and time in common.</summary>
public sealed record ReportedEdge
{
    /// <summary>NAMESPACE/WORKLOAD whose sidecar saw it: the caller where <see cref="Direction"/> is client.</summary>
    public string Reporter { get; init; } = "";

    /// <summary>SERVICE.NAMESPACE of that workload; empty where it has none, or is not known any more.</summary>
    public string ReporterService { get; init; } = "";

    /// <summary>client (the caller's sidecar saw it) or server.</summary>
    public string Direction { get; init; } = "";

    /// <summary>http, grpc or tcp.</summary>
    public string Protocol { get; init; } = "";

    /// <summary>The service called; empty for what is not in the mesh.</summary>
    public string Service { get; init; } = "";

    /// <summary>Its namespace.</summary>
    public string Namespace { get; init; } = "";

    /// <summary>Its port.</summary>
    public int Port { get; init; }

    /// <summary>The workload that answered; empty when none did.</summary>
    public string Workload { get; init; } = "";

    /// <summary>Its version.</summary>
    public string Version { get; init; } = "";

    /// <summary>The route that was taken.</summary>
    public string Route { get; init; } = "";

    /// <summary>The request's method; empty for connections.</summary>
    public string Method { get; init; } = "";

    /// <summary>The answer's status; 0 when the caller went before it, and for connections.</summary>
    public int Status { get; init; }

    /// <summary>The status of gRPC.</summary>
    public int? GrpcStatus { get; init; }

    /// <summary>SPIFFE ID of the caller; empty where there was none, or it is not known.</summary>
    public string SourceIdentity { get; init; } = "";

    /// <summary>SPIFFE ID of who was called; empty where there was none, or it is not known.</summary>
    public string DestinationIdentity { get; init; } = "";

    /// <summary>Whether the hop was mutual TLS.</summary>
    public bool Mtls { get; init; }

    /// <summary>Exchanges that ended, or connections that were begun.</summary>
    public long Count { get; init; }

    /// <summary>Their time together, in microseconds.</summary>
    public long SumMicros { get; init; }

    /// <summary>Bytes handed to the destination, of connections.</summary>
    public long BytesToDestination { get; init; }

    /// <summary>Bytes handed to the source, of connections.</summary>
    public long BytesToSource { get; init; }

    /// <summary>When it was first seen in the time asked for, to the period of a report (5 s).</summary>
    public DateTimeOffset FirstSeen { get; init; }

    /// <summary>When it was last seen.</summary>
    public DateTimeOffset LastSeen { get; init; }

    /// <summary>Median in milliseconds.</summary>
    [JsonPropertyName("p50_ms")]
    public double P50 { get; init; }

    /// <summary>95th percentile in milliseconds.</summary>
    [JsonPropertyName("p95_ms")]
    public double P95 { get; init; }

    /// <summary>99th percentile in milliseconds.</summary>
    [JsonPropertyName("p99_ms")]
    public double P99 { get; init; }
}
