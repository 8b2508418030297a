namespace Banyan.Rules;

/// <summary>Replaces the matched prefix of a path (or the whole path where the match was exact or a regular expression). Immutable.</summary>
public sealed class PathRewrite
{
    private readonly int _matched;
    private readonly byte[] _replacement;

    /// <summary>Replaces the first <paramref name="matched"/> bytes; a negative number means all.</summary>
    internal PathRewrite(int matched, byte[] replacement)
    {
        _matched = matched;
        _replacement = replacement;
    }

    /// <summary>Room that <see cref="Write"/> needs at most for a path of that length.</summary>
    public int MaxLength(int pathLength) => _replacement.Length + pathLength;

    /// <summary>Writes the rewritten path and returns its length.</summary>
    /// <remarks>A slash that ends the replacement and one that starts the rest are merged, so that a canonical path stays canonical.</remarks>
    public int Write(ReadOnlySpan<byte> path, Span<byte> output)
    {
        var rest = _matched < 0 ? default : path[_matched..];
        _replacement.CopyTo(output);
        var length = _replacement.Length;
        if (length > 0 && output[length - 1] == (byte)'/' && rest is [(byte)'/', ..])
        {
            rest = rest[1..];
        }

        rest.CopyTo(output[length..]);
        return length + rest.Length;
    }
}
