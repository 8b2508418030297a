namespace Banyan.Proxy.Xds;

/// <summary>A refusal this proxy sent.</summary>
internal sealed record Nack(DateTimeOffset At, string Type, string Resource, string Message, string Nonce);

/// <summary>What GET /xds tells: a copy, made by the housekeeping thread.</summary>
internal sealed record XdsStatus
{
    public required bool Connected { get; init; }

    public required string Control { get; init; }

    public DateTimeOffset? Since { get; init; }

    public DateTimeOffset? LastAck { get; init; }

    public required Nack[] Nacks { get; init; }

    /// <summary>By type URL, then by name.</summary>
    public required KeyValuePair<string, KeyValuePair<string, string>[]>[] Versions { get; init; }

    /// <summary>Names asked for that have no answer yet.</summary>
    public required string[] Pending { get; init; }

    /// <summary>Why the last stream ended.</summary>
    public string LastError { get; init; } = "";
}
