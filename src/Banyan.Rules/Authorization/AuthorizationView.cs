using Banyan.Rules.Tokens;

namespace Banyan.Rules.Authorization;

/// <summary>What a decision may look at: who calls, from where, at which port, and the request if it is HTTP.</summary>
public readonly ref struct AuthorizationView
{
    /// <summary>SPIFFE ID of the peer as its certificate says it; empty for a caller in plaintext.</summary>
    public ReadOnlySpan<byte> Identity { get; init; }

    /// <summary>Address of the peer of the connection, 4 or 16 bytes in network order; empty where nobody knows it.</summary>
    public ReadOnlySpan<byte> Peer { get; init; }

    /// <summary>The port that was called, 1-65535.</summary>
    public int Port { get; init; }

    /// <summary>Whether <see cref="Request"/> is one. Without, what asks of a request matches nothing, inverted or not.</summary>
    public bool IsHttp { get; init; }

    /// <summary>What verified tokens of the request say; of its fields, in their order, empty or null where there is none.</summary>
    public ReadOnlySpan<TokenVerdict?> Tokens { get; init; }

    /// <summary>The request with its canonical path.</summary>
    public RequestView Request { get; init; }
}
