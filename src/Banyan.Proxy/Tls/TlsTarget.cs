namespace Banyan.Proxy.Tls;

/// <summary>Whom a client wants to reach.</summary>
/// <param name="Expected">SPIFFE IDs of which the peer must have one; null when any of a known trust domain will do.</param>
/// <param name="SessionKey">Peers that share tickets, usually an endpoint; null: nothing is resumed.</param>
internal sealed record TlsTarget(IReadOnlyCollection<string>? Expected, string? SessionKey = null);
