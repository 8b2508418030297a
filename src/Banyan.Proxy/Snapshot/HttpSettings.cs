namespace Banyan.Proxy.Snapshot;

/// <summary>What the HTTP connection manager of a listener says about requests.</summary>
/// <param name="NormalizePath">Canonical paths (<see cref="Banyan.Rules.CanonicalPath"/>); false forwards them raw.</param>
/// <param name="RejectEscapedSlashes">%2f and %5c in a path are refused with 400.</param>
/// <param name="StreamIdle">No byte in either direction for this long ends the exchange; zero = never.</param>
/// <param name="HeadTimeout">A request head must be complete within this time; zero = never.</param>
public readonly record struct HttpSettings(
    bool NormalizePath,
    bool RejectEscapedSlashes,
    TimeSpan StreamIdle,
    TimeSpan HeadTimeout)
{
    /// <summary>Canonical paths, 5 minutes idle, 10 seconds for the head.</summary>
    public static HttpSettings Default { get; } =
        new(NormalizePath: true, RejectEscapedSlashes: true, TimeSpan.FromMinutes(5), TimeSpan.FromSeconds(10));
}
