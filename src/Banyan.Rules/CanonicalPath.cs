using System.Buffers;

namespace Banyan.Rules;

/// <summary>What <see cref="CanonicalPath.Write"/> did.</summary>
public enum PathOutcome : byte
{
    /// <summary>The path already is canonical: use the received bytes.</summary>
    Unchanged,

    /// <summary>The canonical form was written.</summary>
    Rewritten,

    /// <summary>Refused (400): %2f, %5c, %00, raw backslash, a bad percent-encoding, or dot segments above the root.</summary>
    Refused,
}

/// <summary>One canonical form of the path for matching, authorization and forwarding alike (RFC 3986 §6.2.2).</summary>
/// <remarks>
/// In this order: percent-encodings are upper-cased and those of unreserved characters decoded, dot segments removed,
/// then runs of slashes merged. Everything else (semicolons, sub-delimiters, other encodings, bytes above 0x7F) stays
/// as it is. The form is idempotent. Controls, spaces, '?' and '#' are the request parser's business.
/// </remarks>
public static class CanonicalPath
{
    private static readonly SearchValues<byte> NeverCanonical = SearchValues.Create("%\\"u8);

    /// <summary>Writes the canonical form of <paramref name="path"/> (no query) to <paramref name="output"/>, which must be at least as long.</summary>
    /// <param name="path">The received path: starts with '/', or is the asterisk form <c>*</c>, which is canonical. Anything else is refused.</param>
    /// <param name="output">Scratch; holds the canonical form only when the outcome is <see cref="PathOutcome.Rewritten"/>.</param>
    /// <param name="allowEscapedSlashes">Keep %2f and %5c as they are (upper-cased) instead of refusing them.</param>
    /// <param name="written">Length of the canonical form in <paramref name="output"/>; 0 unless rewritten.</param>
    public static PathOutcome Write(ReadOnlySpan<byte> path, Span<byte> output, bool allowEscapedSlashes, out int written)
    {
        written = 0;
        if (path.IsEmpty || path[0] != (byte)'/')
        {
            return path is [(byte)'*'] ? PathOutcome.Unchanged : PathOutcome.Refused;
        }

        // The three searches are vectorised; nearly every path ends here.
        if (path.IndexOfAny(NeverCanonical) < 0 && path.IndexOf("//"u8) < 0 && path.IndexOf("/."u8) < 0)
        {
            return PathOutcome.Unchanged;
        }

        return Rewrite(path, output, allowEscapedSlashes, out written);
    }

    private static PathOutcome Rewrite(ReadOnlySpan<byte> path, Span<byte> output, bool allowEscapedSlashes, out int written)
    {
        written = 0;
        var changed = false;
        var emptySegments = false;
        var length = 1;
        var segment = 1; // where the segment under construction starts in output
        output[0] = (byte)'/';

        for (var i = 1; i <= path.Length; i++)
        {
            var last = i == path.Length;
            if (last || path[i] == (byte)'/')
            {
                switch (output[segment..length])
                {
                    case [(byte)'.']:
                        length = segment;
                        changed = true;
                        break;
                    case [(byte)'.', (byte)'.']:
                        if (segment == 1)
                        {
                            return PathOutcome.Refused;
                        }

                        segment = output[..(segment - 1)].LastIndexOf((byte)'/') + 1;
                        length = segment;
                        changed = true;
                        break;
                    default:
                        if (!last)
                        {
                            emptySegments |= length == segment;
                            output[length++] = (byte)'/';
                            segment = length;
                        }

                        break;
                }

                continue;
            }

            var b = path[i];
            if (b == (byte)'\\')
            {
                return PathOutcome.Refused;
            }

            if (b != (byte)'%')
            {
                output[length++] = b;
                continue;
            }

            if (i + 2 >= path.Length || !PercentEncoding.TryDecode(path[i + 1], path[i + 2], out var decoded))
            {
                return PathOutcome.Refused;
            }

            if (IsUnreserved(decoded))
            {
                output[length++] = decoded;
                changed = true;
            }
            else if (decoded == 0 || (!allowEscapedSlashes && decoded is (byte)'/' or (byte)'\\'))
            {
                return PathOutcome.Refused;
            }
            else
            {
                var high = PercentEncoding.UpperHex(path[i + 1]);
                var low = PercentEncoding.UpperHex(path[i + 2]);
                changed |= high != path[i + 1] || low != path[i + 2];
                output[length++] = (byte)'%';
                output[length++] = high;
                output[length++] = low;
            }

            i += 2;
        }

        if (emptySegments)
        {
            var merged = MergeSlashes(output[..length]);
            changed |= merged != length;
            length = merged;
        }

        if (!changed)
        {
            return PathOutcome.Unchanged;
        }

        written = length;
        return PathOutcome.Rewritten;
    }

    private static int MergeSlashes(Span<byte> path)
    {
        var length = 1;
        for (var i = 1; i < path.Length; i++)
        {
            if (path[i] != (byte)'/' || path[length - 1] != (byte)'/')
            {
                path[length++] = path[i];
            }
        }

        return length;
    }

    private static bool IsUnreserved(byte b) => char.IsAsciiLetterOrDigit((char)b) || b is (byte)'-' or (byte)'.' or (byte)'_' or (byte)'~';
}
