using System.Buffers;

namespace Banyan.Wire.Http1;

/// <summary>Byte sets and comparisons of the HTTP grammar (RFC 9110 §5.6).</summary>
internal static class Syntax
{
    /// <summary>Where a line ends or is refused: every control byte except HTAB.</summary>
    public static readonly SearchValues<byte> LineStops = SearchValues.Create(
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 127]);

    /// <summary>tchar.</summary>
    public static readonly SearchValues<byte> Token = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>Bytes of a request target; see <see cref="Malformed.TargetByte"/>.</summary>
    public static readonly SearchValues<byte> Target = SearchValues.Create(
        "!$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    /// <summary>Bytes of a registered name or IPv4 address; see <see cref="Malformed.Host"/>.</summary>
    public static readonly SearchValues<byte> RegisteredName = SearchValues.Create(
        "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    public static bool IsSpace(byte b) => b is (byte)' ' or (byte)'\t';

    public static bool IsToken(ReadOnlySpan<byte> value) => value.Length > 0 && !value.ContainsAnyExcept(Token);

    /// <summary>Takes optional white space off both ends.</summary>
    public static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> value)
    {
        while (value.Length > 0 && IsSpace(value[0]))
        {
            value = value[1..];
        }

        while (value.Length > 0 && IsSpace(value[^1]))
        {
            value = value[..^1];
        }

        return value;
    }

    /// <summary>Takes the next element off a comma-separated list; elements come trimmed and can be empty.</summary>
    public static ReadOnlySpan<byte> NextElement(ref ReadOnlySpan<byte> list) => NextElement(ref list, out _);

    /// <param name="list">The list; what is left of it afterwards.</param>
    /// <param name="more">Whether another element follows, be it empty.</param>
    public static ReadOnlySpan<byte> NextElement(ref ReadOnlySpan<byte> list, out bool more)
    {
        var comma = list.IndexOf((byte)',');
        var element = comma < 0 ? list : list[..comma];
        more = comma >= 0;
        list = comma < 0 ? default : list[(comma + 1)..];
        return Trim(element);
    }

    /// <summary>Compares with a literal in lower case.</summary>
    public static bool Is(ReadOnlySpan<byte> value, ReadOnlySpan<byte> lower) =>
        value.Length == lower.Length && System.Text.Ascii.EqualsIgnoreCase(value, lower);
}
