using Banyan.Control.Keys;
using Banyan.Control.Store;
using Banyan.Model;

namespace Banyan.Control.Api;

/// <summary>Answer of GET /api/v1/status.</summary>
public sealed record StatusDocument(
    string Version,
    long Revision,
    bool Ready,
    IReadOnlyList<SourceStatus> Sources,
    IReadOnlyList<ProxyStatus> Proxies,
    int Objects,
    IReadOnlyList<string> Warnings,
    StoreStatus? Store = null,
    IReadOnlyList<KeySetStatus>? KeySets = null);

/// <summary>The database.</summary>
/// <param name="Name">A path, or an address without its password.</param>
/// <param name="Problem">Why something is in effect and not stored; absent when all is stored.</param>
public sealed record StoreStatus(string Name, string? Problem);

/// <summary>A configured path and what became of it.</summary>
/// <param name="Path">The path as it was given.</param>
/// <param name="State">loading, ok, refused (the last good state serves), held (a removal waits) or missing.</param>
/// <param name="Held">Files whose removal waits for accept-removal.</param>
/// <param name="Problems">What is wrong, one text a problem, in the form FILE:LINE:COLUMN: field: message.</param>
/// <param name="Objects">Objects that this source holds.</param>
public sealed record SourceStatus(
    string Path, string State, IReadOnlyList<HeldFile> Held, IReadOnlyList<ProblemEntry> Problems, int Objects);

/// <summary>A file whose removal waits for the user's word.</summary>
public sealed record HeldFile(string Path, int Objects, string Reason);

/// <summary>One mistake in a text.</summary>
public sealed record ProblemEntry(string File, int Line, int Column, string Field, string Message)
{
    internal static ProblemEntry Of(Problem problem) =>
        new(problem.File, problem.Line, problem.Column, problem.Field, problem.Message);
}

/// <summary>A proxy that is or was connected.</summary>
/// <param name="Node">The node id, NAMESPACE/WORKLOAD/REPLICA.</param>
/// <param name="Connected">Whether a stream is open.</param>
/// <param name="Since">When that began.</param>
/// <param name="Synced">Whether everything that was sent is acknowledged and nothing waits.</param>
/// <param name="Acked">By type (listener, route, cluster, endpoint): what was acknowledged last.</param>
/// <param name="LastNack">The last refusal, if it still stands.</param>
/// <param name="Streams">
/// How many streams are open: more than one when several clients say the same name. Then all of them are synced or
/// none, and what was acknowledged is that of the one which came last.
/// </param>
public sealed record ProxyStatus(
    string Node,
    bool Connected,
    DateTimeOffset Since,
    bool Synced,
    IReadOnlyDictionary<string, AckedType> Acked,
    NackEntry? LastNack,
    int Streams);

/// <summary>The last acknowledged version of a type and how many resources of it the proxy is subscribed to.</summary>
public sealed record AckedType(string Version, int Count);

/// <summary>A resource that a proxy refused.</summary>
public sealed record NackEntry(
    string Type, string Resource, string Message, DateTimeOffset At);

/// <summary>Answer of POST /api/v1/apply.</summary>
public sealed record ApplyResult(IReadOnlyList<ChangedObject> Changed, IReadOnlyList<string> Warnings);

/// <summary>What happened to one object: created, configured, unchanged, deleted.</summary>
public sealed record ChangedObject(string Kind, string Namespace, string Name, string Action)
{
    internal static ChangedObject Of(ObjectChange change) => new(
        change.Key.Kind, change.Key.Namespace, change.Key.Name, change.Action.Word());
}

/// <summary>An error answer, RFC 9457.</summary>
public sealed record ProblemDocument(
    string Type, string Title, int Status, string? Detail = null, IReadOnlyList<ProblemEntry>? Problems = null);

/// <summary>Answer of GET /api/v1/traffic.</summary>
public sealed record TrafficDocument(
    DateTimeOffset At, IReadOnlyList<TrafficEdge> Edges, IReadOnlyList<string> Unreachable);

/// <summary>Traffic between a source workload and a destination, counted since the sidecars started.</summary>
public sealed record TrafficEdge
{
    /// <summary>NAMESPACE/WORKLOAD whose sidecar counted.</summary>
    public required string Source { get; init; }

    /// <summary>client (the caller's sidecar counted) or server.</summary>
    public required string Direction { get; init; }

    /// <summary>The service called.</summary>
    public required string Service { get; init; }

    /// <summary>Its namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Its port.</summary>
    public int Port { get; init; }

    /// <summary>The version that answered.</summary>
    public string Version { get; init; } = "";

    /// <summary>The workload that answered.</summary>
    public string Workload { get; init; } = "";

    /// <summary>The route that was taken.</summary>
    public string Route { get; init; } = "";

    /// <summary>The request's method.</summary>
    public string Method { get; init; } = "";

    /// <summary>The answer's status.</summary>
    public int Status { get; init; }

    /// <summary>Whether the hop was mutual TLS.</summary>
    public bool Mtls { get; init; }

    /// <summary>SPIFFE ID of the caller; empty where the hop proved none.</summary>
    public string SourceIdentity { get; init; } = "";

    /// <summary>SPIFFE ID of who was called; empty where the hop proved none.</summary>
    public string DestinationIdentity { get; init; } = "";

    /// <summary>Requests.</summary>
    public long Count { get; init; }

    /// <summary>Their time together, in microseconds.</summary>
    public long SumMicros { get; init; }

    /// <summary>Sparse histogram [index, count], only in raw answers.</summary>
    public IReadOnlyList<long[]>? Buckets { get; init; }

    /// <summary>Median in milliseconds.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("p50_ms")]
    public double P50 { get; init; }

    /// <summary>95th percentile in milliseconds.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("p95_ms")]
    public double P95 { get; init; }

    /// <summary>99th percentile in milliseconds.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("p99_ms")]
    public double P99 { get; init; }
}
