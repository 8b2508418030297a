using System.Runtime.InteropServices;

namespace Banyan.Wire.Http1;

/// <summary>HTTP-version (RFC 9112 §2.3); what follows it is the caller's.</summary>
internal static class Versions
{
    public const int Length = 8;

    /// <summary>Reads a version that must fill <paramref name="text"/>.</summary>
    public static Malformed Parse(ReadOnlySpan<byte> text, out HttpVersion version)
    {
        version = HttpVersion.Http11;
        if (text.Length == Length && MemoryMarshal.Read<ulong>(text) == MemoryMarshal.Read<ulong>("HTTP/1.1"u8))
        {
            return Malformed.None;
        }

        return ParseOther(text, out version);
    }

    private static Malformed ParseOther(ReadOnlySpan<byte> text, out HttpVersion version)
    {
        version = HttpVersion.Http11;
        if (text.Length == 0)
        {
            return Malformed.RequestLineShort;
        }

        if (text.ContainsAny((byte)' ', (byte)'\t'))
        {
            return Malformed.RequestLineSpace;
        }

        if (text.Length != Length || !text.StartsWith("HTTP/1."u8) || !char.IsAsciiDigit((char)text[^1]))
        {
            return Malformed.Version;
        }

        if (text[^1] == '0')
        {
            version = HttpVersion.Http10;
        }

        return Malformed.None;
    }
}
