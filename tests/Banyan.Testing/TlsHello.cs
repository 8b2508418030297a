using System.Buffers.Binary;
using System.Text;

namespace Banyan.Testing;

/// <summary>ClientHello messages as bytes, good ones and others.</summary>
public static class TlsHello
{
    /// <summary>The extension server_name with these host names.</summary>
    public static byte[] ServerName(params IEnumerable<string> names) =>
        Extension(0, Vector16([.. names.SelectMany(name => (byte[])[0, .. Vector16(Encoding.Latin1.GetBytes(name))])]));

    /// <summary>The extension of ALPN with these protocols.</summary>
    public static byte[] Alpn(params IEnumerable<string> protocols) =>
        Extension(16, Vector16([.. protocols.SelectMany(protocol => (byte[])[(byte)protocol.Length, .. Encoding.Latin1.GetBytes(protocol)])]));

    /// <summary>Any extension.</summary>
    public static byte[] Extension(int type, byte[] data) => [(byte)(type >> 8), (byte)type, .. Vector16(data)];

    /// <summary>The message with its handshake header; null extensions leave even their length out.</summary>
    public static byte[] Message(params byte[][]? extensions)
    {
        var random = Enumerable.Range(0, 32).Select(i => (byte)(i * 7)).ToArray();
        byte[] body =
        [
            3, 3, .. random, 32, .. random, .. Vector16([0x13, 1, 0x13, 2]), 1, 0,
            .. extensions is null ? [] : Vector16([.. extensions.SelectMany(each => each)]),
        ];
        return [1, 0, (byte)(body.Length >> 8), (byte)body.Length, .. body];
    }

    /// <summary>The message in records, each of so many bytes at most.</summary>
    public static byte[] Records(byte[] message, int size = 16 * 1024) =>
        [.. message.Chunk(size).SelectMany(part => (byte[])[22, 3, 1, .. Vector16(part)])];

    /// <summary>What a client sends that asks for this server; empty = it names none.</summary>
    public static byte[] For(string name, int recordSize = 16 * 1024, int padding = 0)
    {
        byte[][] others = [Extension(10, [0, 2, 0, 29]), Alpn("h2", "http/1.1"), Extension(21, new byte[padding])];
        return Records(Message(name.Length == 0 ? others : [others[0], ServerName(name), .. others[1..]]), recordSize);
    }

    /// <summary>Bytes behind their length in two bytes.</summary>
    public static byte[] Vector16(byte[] bytes)
    {
        var result = new byte[bytes.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(result, checked((ushort)bytes.Length));
        bytes.CopyTo(result, 2);
        return result;
    }
}
