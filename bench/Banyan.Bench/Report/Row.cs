namespace Banyan.Bench.Report;

/// <summary>One line of a result. Rows beside a peer have <see cref="Peer"/> and ratios, others a metric and a value.</summary>
/// <remarks>In JSON the names are those of the properties in snake_case; what is not known is left out.</remarks>
internal sealed record Row
{
    public required string Test { get; init; }

    /// <summary>The row of Banyan: <c>bare</c> or <c>mesh</c>; for memory the build.</summary>
    [System.Text.Json.Serialization.JsonPropertyName("row")]
    public string? Name { get; init; }

    public string? Peer { get; init; }

    public string? PeerVersion { get; init; }

    public int? Connections { get; init; }

    /// <summary>Requests under way on each connection; missing for HTTP/1.1.</summary>
    public int? Streams { get; init; }

    public int? BodyBytes { get; init; }

    /// <summary>What the cost is for where that is not a request: a MB, a message, a round trip, a connection.</summary>
    public string? Per { get; init; }

    public int? Rounds { get; init; }

    public double? CpuUs { get; init; }

    public double? PeerCpuUs { get; init; }

    public double? Ratio { get; init; }

    public double? RatioLow { get; init; }

    public double? RatioHigh { get; init; }

    /// <summary>Requests a second that were reached; says mostly how fast the load generator is.</summary>
    public double? Rate { get; init; }

    public double? PeerRate { get; init; }

    /// <summary>The part of the proxy's CPU that nobody used; with more than a little of it the load limited the rate.</summary>
    public double? Idle { get; init; }

    public double? PeerIdle { get; init; }

    public string? Metric { get; init; }

    public double? Value { get; init; }

    public double? PeerValue { get; init; }

    public string? Unit { get; init; }

    public double? Bound { get; init; }

    /// <summary>The upper end of the interval (or the value) is within the bound. Missing when noise forbids a verdict.</summary>
    public bool? Ok { get; init; }

    public bool? Noisy { get; init; }

    /// <summary>What a single value is made of, or what is to be known about the peer.</summary>
    public string? Detail { get; init; }

    /// <summary>What the proxy was configured with.</summary>
    public string? Resources { get; init; }
}
