namespace Banyan.Proxy.Tls;

/// <summary>Why there is no connection with a peer. Labels: <see cref="TlsRefusals"/>.</summary>
internal enum TlsRefusal : byte
{
    None,

    /// <summary>The client showed no certificate.</summary>
    NoCertificate,

    /// <summary>A certificate of the chain begins later than now.</summary>
    NotYetValid,

    /// <summary>A certificate of the chain has ended.</summary>
    Expired,

    /// <summary>The certificate names no URI.</summary>
    NoUri,

    /// <summary>The certificate names several URIs: which one is meant is anybody's guess.</summary>
    SeveralUris,

    /// <summary>The URI is no SPIFFE ID of a workload.</summary>
    BadSpiffeId,

    /// <summary>Nobody vouches for the trust domain of the peer.</summary>
    UnknownTrustDomain,

    /// <summary>The chain does not end in an anchor of the peer's own trust domain.</summary>
    UntrustedChain,

    /// <summary>A signature or an extension of the chain is wrong.</summary>
    BadChain,

    /// <summary>The certificate may sign others, which that of a workload must not.</summary>
    AuthorityAsLeaf,

    /// <summary>The key may not be used for signatures, or for those of an authority.</summary>
    KeyUsage,

    /// <summary>The certificate is not meant for this side of TLS.</summary>
    ExtendedKeyUsage,

    /// <summary>A key or a signature of the chain is too weak.</summary>
    WeakKey,

    /// <summary>An authority of the chain may not speak for this name.</summary>
    NameConstraint,

    /// <summary>The certificate was denied: it proves nothing any more.</summary>
    Denied,

    /// <summary>A good identity, and not the one that was expected.</summary>
    UnexpectedPeer,

    /// <summary>The peer does not have the key of its certificate.</summary>
    BadSignature,

    /// <summary>Another version of TLS.</summary>
    Version,

    /// <summary>No application protocol in common.</summary>
    Protocol,

    /// <summary>What came is not TLS.</summary>
    NotTls,

    /// <summary>The peer broke off with an alert: it refuses us.</summary>
    RefusedByPeer,

    /// <summary>The peer went away in the middle.</summary>
    Lost,

    /// <summary>The handshake took too long.</summary>
    Timeout,

    /// <summary>Too many messages that carry nothing.</summary>
    Flood,

    /// <summary>Anything else against the rules.</summary>
    Malformed,
}

/// <summary>Labels of <see cref="TlsRefusal"/> in metrics and logs.</summary>
internal static class TlsRefusals
{
    internal const int Count = (int)TlsRefusal.Malformed + 1;

    /// <summary>By number of the refusal.</summary>
    internal static readonly string[] Labels =
    [
        "none",
        "no-certificate",
        "not-yet-valid",
        "expired",
        "no-uri",
        "several-uris",
        "bad-spiffe-id",
        "unknown-trust-domain",
        "untrusted-chain",
        "bad-chain",
        "authority-as-leaf",
        "key-usage",
        "extended-key-usage",
        "weak-key",
        "name-constraint",
        "denied",
        "unexpected-peer",
        "bad-signature",
        "version",
        "protocol",
        "not-tls",
        "refused-by-peer",
        "lost",
        "timeout",
        "flood",
        "malformed",
    ];

    internal static string Label(this TlsRefusal refusal) => Labels[(int)refusal];
}
