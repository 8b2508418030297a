using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Banyan.Testing;
using Banyan.Wire.Http2;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>One end of an HTTP/2 connection that says exactly the frames it is told to, right or wrong.</summary>
internal sealed class FramePeer : IDisposable
{
    private readonly Socket _socket;
    private readonly HpackEncoder _encoder = new();
    private readonly HpackDecoder _decoder = new();
    private readonly byte[] _buffer = new byte[256 * 1024];
    private int _length;

    internal FramePeer(Socket socket)
    {
        _socket = socket;
        _socket.NoDelay = true;
    }

    private static byte[] Start { get; } = [.. Preface.Bytes, .. Frame(FrameType.Settings, FrameFlags.None, 0)];

    /// <summary>Connects and exchanges prefaces; further settings are the caller's.</summary>
    public static async Task<FramePeer> ConnectAsync(int port, bool preface = true)
    {
        var peer = new FramePeer(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await peer._socket.ConnectAsync(IPAddress.Loopback, port);
        if (preface)
        {
            await peer.SendAsync(Start);
        }

        return peer;
    }

    public static byte[] Frame(FrameType type, FrameFlags flags, int stream, params byte[] payload)
    {
        var bytes = new byte[FrameHeader.Size + payload.Length];
        FrameHeader.Write(bytes, payload.Length, type, flags, stream);
        payload.CopyTo(bytes, FrameHeader.Size);
        return bytes;
    }

    public static byte[] Number(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    public static byte[] Setting(ushort id, uint value) => [(byte)(id >> 8), (byte)id, .. Number(value)];

    /// <summary>A block without compression: a name and a value after each other.</summary>
    public static byte[] Literal(params string[] namesAndValues)
    {
        var bytes = new List<byte>();
        foreach (var text in namesAndValues.Index())
        {
            if (text.Index % 2 == 0)
            {
                bytes.Add(0);
            }

            bytes.Add((byte)text.Item.Length);
            bytes.AddRange(Encoding.Latin1.GetBytes(text.Item));
        }

        return [.. bytes];
    }

    /// <summary>A request that is right.</summary>
    public static byte[] Get(int stream, bool end = true, string path = "/") => Frame(
        FrameType.Headers,
        FrameFlags.EndHeaders | (end ? FrameFlags.EndStream : FrameFlags.None),
        stream,
        Literal(":method", end ? "GET" : "POST", ":scheme", "http", ":path", path, ":authority", "web"));

    /// <summary>A response that is right, its body in one frame.</summary>
    public static byte[] Ok(int stream, string body = "ok") =>
    [
        .. Frame(FrameType.Headers, FrameFlags.EndHeaders, stream, Literal(":status", "200")),
        .. Frame(FrameType.Data, FrameFlags.EndStream, stream, Encoding.Latin1.GetBytes(body)),
    ];

    /// <summary>The code in the payload of RST_STREAM, or behind the id in that of GOAWAY.</summary>
    public static ErrorCode CodeOf(ReadOnlySpan<byte> payload) => (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload);

    /// <summary>Blocks must be decoded in the order in which they came. Text as of HTTP/1.1.</summary>
    public string DecodeRequest(ReadOnlySpan<byte> block)
    {
        var text = new byte[64 * 1024];
        _decoder.DecodeRequest(block, text, out var length, out _);
        return Encoding.Latin1.GetString(text, 0, length);
    }

    /// <inheritdoc cref="DecodeRequest"/>
    public string DecodeResponse(ReadOnlySpan<byte> block)
    {
        var text = new byte[64 * 1024];
        _decoder.DecodeResponse(block, text, out var length);
        return Encoding.Latin1.GetString(text, 0, length);
    }

    /// <inheritdoc cref="DecodeRequest"/>
    public string DecodeTrailers(ReadOnlySpan<byte> block)
    {
        var text = new byte[64 * 1024];
        _decoder.DecodeTrailers(block, text, out var length);
        return Encoding.Latin1.GetString(text, 0, length);
    }

    /// <summary>The block of a request as HTTP/1.1 text.</summary>
    public byte[] Encode(string head)
    {
        var output = new byte[128 * 1024];
        return output[.._encoder.EncodeRequest(Encoding.Latin1.GetBytes(head), output)];
    }

    public Task SendAsync(byte[] bytes) => SendAsync(bytes.AsMemory());

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            while (!bytes.IsEmpty)
            {
                bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None)..];
            }
        }
        catch (SocketException)
        {
            // Cut off in the middle of a flood: what was answered before is still to be read.
        }
    }

    /// <summary>Says no more; what comes is still read.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Reads the preface of a client.</summary>
    public async Task<bool> ReadPrefaceAsync()
    {
        while (_length < Preface.Bytes.Length)
        {
            if (!await FillAsync())
            {
                return false;
            }
        }

        _buffer.AsSpan(Preface.Bytes.Length, _length - Preface.Bytes.Length).CopyTo(_buffer);
        _length -= Preface.Bytes.Length;
        return true;
    }

    /// <summary>Reads frames until one fits; null when the connection ends before.</summary>
    public async Task<(FrameHeader Header, byte[] Payload)?> FindAsync(Func<FrameHeader, bool> fits)
    {
        while (await NextAsync() is { } frame)
        {
            if (fits(frame.Header))
            {
                return frame;
            }
        }

        return null;
    }

    /// <summary>The next frame, or null at the end of the connection.</summary>
    public async Task<(FrameHeader Header, byte[] Payload)?> NextAsync()
    {
        while (true)
        {
            if (_length >= FrameHeader.Size)
            {
                var header = FrameHeader.Read(_buffer);
                var size = FrameHeader.Size + header.Length;
                if (_length >= size)
                {
                    var payload = _buffer[FrameHeader.Size..size];
                    _buffer.AsSpan(size, _length - size).CopyTo(_buffer);
                    _length -= size;
                    return (header, payload);
                }
            }

            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task<bool> FillAsync()
    {
        using var cancel = new CancellationTokenSource(Eventually.Deadline);
        try
        {
            var n = await _socket.ReceiveAsync(_buffer.AsMemory(_length), SocketFlags.None, cancel.Token);
            _length += n;
            return n > 0;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
