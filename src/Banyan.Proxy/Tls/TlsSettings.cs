namespace Banyan.Proxy.Tls;

/// <summary>Which side of TLS.</summary>
internal enum TlsRole : byte
{
    Server,
    Client,
}

/// <summary>A key and the certificates that lead from it towards an anchor.</summary>
/// <param name="Key">Private key, DER (PKCS#8 or SEC1). A secret: never logged, never shown.</param>
/// <param name="Chain">DER, the leaf first, then intermediates, without the anchor.</param>
internal sealed record TlsIdentity(byte[] Key, IReadOnlyList<byte[]> Chain)
{
    /// <summary>Nothing of the key, in whatever text this ends up.</summary>
    public override string ToString() => $"TlsIdentity of {Chain.Count} certificates";
}

/// <summary>What a <see cref="TlsContext"/> is made of.</summary>
internal sealed record TlsSettings
{
    public required TlsRole Role { get; init; }

    /// <summary>What this side proves itself with; null for a client that has nothing yet.</summary>
    public required TlsIdentity? Identity { get; init; }

    /// <summary>For each trust domain its anchors, DER.</summary>
    public required IReadOnlyDictionary<string, byte[][]> Bundles { get; init; }

    /// <summary>Of a client: the server's chain is judged later, by whoever uses the connection
    /// (<see cref="TlsConnection.PeerChain"/>); until then nothing that matters may be sent.</summary>
    public bool JudgesLater { get; init; }

    /// <summary>Counts the certificates that this process has had.</summary>
    public int IdentityGeneration { get; init; }

    /// <summary>Counts the bundles that this process has had.</summary>
    public int BundleGeneration { get; init; }

    /// <summary>Application protocols (ALPN), the most wanted first: a server requires one of them, a client offers them.</summary>
    public required IReadOnlyList<string> Protocols { get; init; }

    /// <summary>80 random bytes that a server's tickets are sealed with: the same for all reactors, other ones for each generation
    /// of the certificate or the bundle. Null: of this context alone.</summary>
    public byte[]? TicketKeys { get; init; }

    /// <summary>Certificates of peers that prove nothing; may change while the context lives.</summary>
    public DeniedSerials Denied { get; init; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
