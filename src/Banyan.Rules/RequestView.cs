using Banyan.Wire.Http1;

namespace Banyan.Rules;

/// <summary>What routes may look at: a request head and its canonical path, without copying.</summary>
public readonly ref struct RequestView
{
    /// <summary>The parsed head.</summary>
    public required RequestHead Head { get; init; }

    /// <summary>The bytes that <see cref="Head"/>'s offsets point into.</summary>
    public required ReadOnlySpan<byte> Bytes { get; init; }

    /// <summary>Authority with port as received (compared without case).</summary>
    public required ReadOnlySpan<byte> Authority { get; init; }

    /// <summary>Canonical path, without query.</summary>
    public required ReadOnlySpan<byte> Path { get; init; }

    /// <summary>Raw query without '?', empty when there is none.</summary>
    public required ReadOnlySpan<byte> Query { get; init; }

    /// <summary>The request came by https; answers <c>:scheme</c> and the scheme of redirects.</summary>
    public bool Secure { get; init; }
}
