using System.Text.Json.Serialization;

namespace Banyan.Cli.Traffic;

/// <summary>What was seen of one version of one service, from the side of its callers.</summary>
/// <param name="Service">The service that was called; with its namespace unless that is <c>default</c>.</param>
/// <param name="Version">The version that answered; empty when none did.</param>
/// <param name="Requests">How many requests.</param>
/// <param name="Success">The part of them that did not fail, 0 to 1.</param>
/// <param name="P50">Median, in milliseconds.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
/// <param name="Share">The part of the service's requests that went to this version, 0 to 1.</param>
internal sealed record ServiceRow(
    string Service,
    string Version,
    long Requests,
    double Success,
    [property: JsonPropertyName("p50_ms")] double P50,
    [property: JsonPropertyName("p95_ms")] double P95,
    [property: JsonPropertyName("p99_ms")] double P99,
    double Share)
{
    /// <summary>Requests that were answered with a server's error or not at all.</summary>
    [JsonIgnore]
    public long Failed { get; init; }

    /// <summary>Requests a second, over the last interval.</summary>
    [JsonIgnore]
    public double Rate { get; init; }
}
