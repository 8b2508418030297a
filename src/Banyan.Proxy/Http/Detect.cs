using System.Buffers.Binary;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http;

/// <summary>What the first bytes of a connection are.</summary>
internal enum DetectedProtocol : byte
{
    /// <summary>Fewer bytes than the question needs.</summary>
    Incomplete,

    /// <summary>An HTTP/1 request line.</summary>
    Http1,

    /// <summary>The preface of HTTP/2 (RFC 9113 §3.4).</summary>
    Http2,

    /// <summary>A TLS ClientHello: the application's own TLS, to be passed through untouched.</summary>
    Tls,

    /// <summary>Something else: bytes to be relayed unread.</summary>
    Other,
}

/// <summary>Stage "detect": what the first bytes of a connection are. Looks, consumes nothing.</summary>
/// <remarks>Biased to <see cref="DetectedProtocol.Other"/>: a connection relayed unread always works, one taken for HTTP by
/// mistake is answered 400.</remarks>
internal static class Detect
{
    /// <summary>Longer methods are not looked for.</summary>
    private const int LongestMethod = 24;

    /// <summary>A method, a space and so many bytes of a target: nothing but a request line begins like that.</summary>
    private const int LongestTarget = 2_048;

    private const byte TlsHandshake = 22;
    private const byte TlsClientHello = 1;
    private const byte TlsMajor = 3;
    private const byte TlsHighestMinor = 4;

    /// <summary>A ClientHello has a version, a random of 32 bytes, a session, a cipher and a compression at least.</summary>
    private const int TlsShortestHello = 42;

    /// <summary>Most that one TLS record carries (RFC 8446 §5.1).</summary>
    private const int TlsLongestRecord = 16 * 1024;

    private static ReadOnlySpan<byte> Http1Version => "HTTP/1."u8;

    /// <summary>What is spoken where nothing was declared.</summary>
    internal static DetectedProtocol Protocol(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return DetectedProtocol.Incomplete;
        }

        if (bytes[0] == TlsHandshake)
        {
            return ClientHello(bytes);
        }

        return BeginsHttp2(bytes, out var complete)
            ? complete ? DetectedProtocol.Http2 : DetectedProtocol.Incomplete
            : RequestLine(bytes);
    }

    /// <summary>Which HTTP is spoken where HTTP was declared: all that is not version 2 is version 1, good or malformed.</summary>
    internal static DetectedProtocol Version(ReadOnlySpan<byte> bytes)
    {
        if (!BeginsHttp2(bytes, out var complete))
        {
            return DetectedProtocol.Http1;
        }

        return complete ? DetectedProtocol.Http2 : DetectedProtocol.Incomplete;
    }

    private static bool BeginsHttp2(ReadOnlySpan<byte> bytes, out bool complete)
    {
        complete = bytes.Length >= Preface.Bytes.Length;
        var length = complete ? Preface.Bytes.Length : bytes.Length;
        return bytes[..length].SequenceEqual(Preface.Bytes[..length]);
    }

    /// <summary>Record header (type, version, length) and the type of the handshake message in it.</summary>
    private static DetectedProtocol ClientHello(ReadOnlySpan<byte> bytes)
    {
        if ((bytes.Length > 1 && bytes[1] != TlsMajor)
            || (bytes.Length > 2 && bytes[2] > TlsHighestMinor)
            || (bytes.Length > 4 && BinaryPrimitives.ReadUInt16BigEndian(bytes[3..]) is < TlsShortestHello or > TlsLongestRecord)
            || (bytes.Length > 5 && bytes[5] != TlsClientHello))
        {
            return DetectedProtocol.Other;
        }

        return bytes.Length > 5 ? DetectedProtocol.Tls : DetectedProtocol.Incomplete;
    }

    /// <summary>METHOD SP target SP "HTTP/1.": a method alone would not do, Redis and NATS have a GET and a CONNECT too.</summary>
    private static DetectedProtocol RequestLine(ReadOnlySpan<byte> bytes)
    {
        // One empty line before the request is to be ignored (RFC 9112 §2.2).
        if (bytes[0] == '\r')
        {
            if (bytes.Length < 3)
            {
                return bytes.Length == 1 || bytes[1] == '\n' ? DetectedProtocol.Incomplete : DetectedProtocol.Other;
            }

            bytes = bytes[1] == '\n' ? bytes[2..] : bytes;
        }

        var method = bytes.IndexOf((byte)' ');
        var token = method < 0 ? bytes : bytes[..method];
        if (method == 0 || token.Length > LongestMethod || !IsMethod(token))
        {
            return DetectedProtocol.Other;
        }

        return method < 0 ? DetectedProtocol.Incomplete : AfterMethod(bytes[(method + 1)..]);
    }

    private static DetectedProtocol AfterMethod(ReadOnlySpan<byte> bytes)
    {
        var target = bytes.IndexOfAnyInRange((byte)0, (byte)' ');
        if (target < 0)
        {
            return bytes.Length < LongestTarget ? DetectedProtocol.Incomplete : DetectedProtocol.Http1;
        }

        if (target == 0 || bytes[target] != ' ')
        {
            return DetectedProtocol.Other;
        }

        var version = bytes[(target + 1)..];
        var length = Math.Min(version.Length, Http1Version.Length);
        if (!version[..length].SequenceEqual(Http1Version[..length]))
        {
            return DetectedProtocol.Other;
        }

        return length == Http1Version.Length ? DetectedProtocol.Http1 : DetectedProtocol.Incomplete;
    }

    /// <summary>Methods in use are of capitals; a few extensions have a hyphen or an underscore.</summary>
    private static bool IsMethod(ReadOnlySpan<byte> token)
    {
        foreach (var c in token)
        {
            if (!char.IsAsciiLetterUpper((char)c) && c is not ((byte)'-' or (byte)'_'))
            {
                return false;
            }
        }

        return true;
    }
}
