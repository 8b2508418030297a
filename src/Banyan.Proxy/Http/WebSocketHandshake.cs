using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Http;

/// <summary>Key and accept of WebSocket over HTTP/1.1 (RFC 6455 §4), which HTTP/2 leaves out (RFC 8441 §5): the proxy speaks them
/// on the side that needs them.</summary>
internal static class WebSocketHandshake
{
    /// <summary>Bytes of a key as text: 16 random bytes in base64.</summary>
    internal const int KeyLength = 24;

    private const int AcceptLength = 28;

    private static ReadOnlySpan<byte> Suffix => "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"u8;

    /// <summary>The protocol that the request asks to change to: the first of its list.</summary>
    internal static ReadOnlySpan<byte> Protocol(RequestHead head, ReadOnlySpan<byte> bytes)
    {
        var list = head.Fields[head.IndexOf(KnownField.Upgrade)].Value(bytes);
        var comma = list.IndexOf((byte)',');
        return (comma < 0 ? list : list[..comma]).Trim(" \t"u8);
    }

    /// <summary>The request asks for WebSocket.</summary>
    internal static bool IsAskedFor(RequestHead head, ReadOnlySpan<byte> bytes) =>
        head.Upgrade && Ascii.EqualsIgnoreCase(Protocol(head, bytes), "websocket"u8);

    /// <summary>The handshake's field is one of a single connection, not of the message.</summary>
    internal static bool IsKey(ReadOnlySpan<byte> name) => Ascii.EqualsIgnoreCase(name, "sec-websocket-key"u8);

    /// <summary>The client's key; empty when it sent none.</summary>
    internal static ReadOnlySpan<byte> ClientKey(RequestHead head, ReadOnlySpan<byte> bytes)
    {
        foreach (ref readonly var line in head.Lines)
        {
            if (IsKey(line.Name(bytes)))
            {
                return line.Value(bytes);
            }
        }

        return default;
    }

    /// <summary>Writes a field with a fresh key and keeps it.</summary>
    internal static void WriteKey(ref HeadBuilder builder, Exchange x)
    {
        Span<byte> random = stackalloc byte[16];
        RandomNumberGenerator.Fill(random);
        x.WebSocketKey ??= new byte[KeyLength];
        Base64.EncodeToUtf8(random, x.WebSocketKey, out _, out _);
        builder.Append("sec-websocket-key: "u8);
        builder.Append(x.WebSocketKey);
        builder.Append("\r\n"u8);
    }

    /// <summary>Writes the field that answers the client's key.</summary>
    internal static void WriteAccept(ref HeadBuilder builder, ReadOnlySpan<byte> key)
    {
        Span<byte> accept = stackalloc byte[AcceptLength];
        Accept(key, accept);
        builder.Append("sec-websocket-accept: "u8);
        builder.Append(accept);
        builder.Append("\r\n"u8);
    }

    /// <summary>The response accepts the key that was written last.</summary>
    internal static bool IsAccepted(Exchange x)
    {
        Span<byte> expected = stackalloc byte[AcceptLength];
        Accept(x.WebSocketKey, expected);
        var bytes = x.ResponseBytes;
        foreach (ref readonly var line in x.Response.Lines)
        {
            if (Ascii.EqualsIgnoreCase(line.Name(bytes), "sec-websocket-accept"u8))
            {
                return line.Value(bytes).SequenceEqual(expected);
            }
        }

        return false;
    }

    private static void Accept(ReadOnlySpan<byte> key, Span<byte> accept)
    {
        // Longer than any key that a server takes: what is cut off is refused all the same.
        Span<byte> text = stackalloc byte[128];
        key = key[..Math.Min(key.Length, text.Length - Suffix.Length)];
        key.CopyTo(text);
        Suffix.CopyTo(text[key.Length..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // The RFC's choice; nothing is protected by it.
        SHA1.HashData(text[..(key.Length + Suffix.Length)], hash);
#pragma warning restore CA5350
        Base64.EncodeToUtf8(hash, accept, out _, out _);
    }
}
