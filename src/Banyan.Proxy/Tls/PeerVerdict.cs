namespace Banyan.Proxy.Tls;

/// <summary>What became of a peer's certificate.</summary>
/// <param name="Refusal">Why it is refused; <see cref="TlsRefusal.None"/> when it is good.</param>
/// <param name="Reason">The same in words, with names and times; empty when it is good.</param>
/// <param name="Id">The peer's SPIFFE ID, as far as it could be read.</param>
/// <param name="Error">OpenSSL's number, which chooses the alert that the peer gets.</param>
internal readonly record struct PeerVerdict(TlsRefusal Refusal, string Reason, string Id, int Error)
{
    internal bool IsGood => Refusal == TlsRefusal.None && !string.IsNullOrEmpty(Id);
}

/// <summary>What a peer has to be.</summary>
/// <param name="Anchors">Who vouches for which trust domain.</param>
/// <param name="IsServer">The peer is the server of the connection.</param>
/// <param name="Expected">SPIFFE IDs of which it must have one; null when any of a known trust domain will do.</param>
/// <param name="Now">Seconds since 1970.</param>
/// <param name="Denied">Serials that prove nothing; null: none.</param>
internal readonly record struct PeerTerms(
    TrustAnchors Anchors, bool IsServer, IReadOnlyCollection<string>? Expected, long Now, DeniedSerials? Denied = null);
