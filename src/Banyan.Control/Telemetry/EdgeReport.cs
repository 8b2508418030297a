namespace Banyan.Control.Telemetry;

/// <summary>What a sidecar answers to GET /edges.</summary>
public sealed record EdgeReport
{
    /// <summary>The sidecar's node id.</summary>
    public string Node { get; init; } = "";

    /// <summary>Its SPIFFE ID; empty without one, null from an older sidecar.</summary>
    public string? Identity { get; init; }

    /// <summary>What it counted.</summary>
    public IReadOnlyList<EdgeCount> Edges { get; init; } = [];
}

/// <summary>One row of a sidecar's count.</summary>
public sealed record EdgeCount
{
    /// <summary>client or server.</summary>
    public string Direction { get; init; } = "";

    /// <summary>The service called.</summary>
    public string Service { get; init; } = "";

    /// <summary>Its namespace.</summary>
    public string Namespace { get; init; } = "";

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

    /// <summary>SPIFFE ID of the other side; empty where none was proved, null from an older sidecar.</summary>
    public string? PeerIdentity { get; init; }

    /// <summary>Requests.</summary>
    public long Count { get; init; }

    /// <summary>Their time together, in microseconds.</summary>
    public long SumMicros { get; init; }

    /// <summary>Sparse histogram: [index, count], by the buckets of LogLinear.</summary>
    public IReadOnlyList<long[]> Buckets { get; init; } = [];
}
