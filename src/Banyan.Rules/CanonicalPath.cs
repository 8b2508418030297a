namespace Banyan.Rules;

/// <summary>What <see cref="CanonicalPath.Write"/> did.</summary>
public enum PathOutcome : byte
{
    /// <summary>The path already is canonical; nothing was written.</summary>
    Unchanged,

    /// <summary>The canonical form was written.</summary>
    Rewritten,

    /// <summary>Refused (400): %2f, %5c, %00, raw backslash, a bad percent-encoding, or dot segments above the root.</summary>
    Refused,
}

/// <summary>One canonical form of the path for matching, authorization and forwarding alike (RFC 3986 §6.2.2).</summary>
public static class CanonicalPath
{
    /// <summary>Writes the canonical form of <paramref name="path"/> (no query) to <paramref name="output"/>, which must be at least as long.</summary>
    /// <param name="allowEscapedSlashes">Keep %2f and %5c as they are instead of refusing them.</param>
    public static PathOutcome Write(ReadOnlySpan<byte> path, Span<byte> output, bool allowEscapedSlashes, out int written) =>
        throw new NotSupportedException();
}
