namespace Banyan.Proxy.Tls;

/// <summary>How the stream from a peer ended.</summary>
internal enum TlsEnd : byte
{
    None,

    /// <summary>The peer said that this is all (close_notify).</summary>
    Clean,

    /// <summary>The wire ended without a word: somebody may have cut the end off.</summary>
    Truncated,

    /// <summary>The connection broke.</summary>
    Reset,

    /// <summary>The peer or this side broke off: <see cref="TlsConnection.Refusal"/> says why.</summary>
    Refused,
}
