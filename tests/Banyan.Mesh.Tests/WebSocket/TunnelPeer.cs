using System.Buffers.Binary;
using System.Text;
using Banyan.Mesh.Tests.Http2;
using Banyan.Testing;
using Banyan.Wire.Http2;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.WebSocket;

/// <summary>A client with one tunnel on stream 1 of a connection of its own: what it sends and hears, byte by byte and end by end.</summary>
internal sealed class TunnelPeer : IDisposable
{
    private const int Stream = 1;

    private readonly FramePeer _peer;
    private readonly HpackDecoder _decoder = new();
    private readonly StringBuilder _text = new();
    private long _window = 65_535;
    private long _streamWindow = 65_535;

    private TunnelPeer(FramePeer peer) => _peer = peer;

    /// <summary>Head of the answer, once it has come.</summary>
    public string Head { get; private set; } = "";

    /// <summary>How the stream ended: <c>END_STREAM</c>, <c>RST_STREAM CODE</c> or <c>closed</c>; empty while it has not.</summary>
    public string End { get; private set; } = "";

    /// <summary>Asks for a tunnel with these fields.</summary>
    public static async Task<TunnelPeer> OpenAsync(int port, params string[] fields)
    {
        var peer = await ConnectAsync(port);
        await peer.SendAsync(Frame(FrameType.Headers, FrameFlags.EndHeaders, Stream, Literal(fields)));
        return new TunnelPeer(peer);
    }

    /// <summary>Asks for <c>web</c> by extended CONNECT.</summary>
    public static Task<TunnelPeer> UpgradeAsync(int port, string protocol = "websocket") => OpenAsync(
        port, ":method", "CONNECT", ":protocol", protocol, ":scheme", "http", ":path", "/chat", ":authority", "web", "sec-websocket-version", "13");

    /// <summary>Waits for the answer; its status.</summary>
    public async Task<int> StatusAsync()
    {
        while (Head.Length == 0)
        {
            await StepAsync("an answer");
        }

        return int.Parse(Head.AsSpan(9, 3), System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Sends as the windows allow.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes, bool end = false)
    {
        do
        {
            var size = (int)Math.Min(Math.Min(_window, _streamWindow), Math.Min(16_384, bytes.Length));
            if (size == 0 && bytes.Length > 0)
            {
                await StepAsync("room to send");
                continue;
            }

            var last = end && size == bytes.Length;
            await _peer.SendAsync(Frame(FrameType.Data, last ? FrameFlags.EndStream : FrameFlags.None, Stream, bytes[..size].ToArray()));
            _window -= size;
            _streamWindow -= size;
            bytes = bytes[size..];
        }
        while (!bytes.IsEmpty);
    }

    public Task SendAsync(string text, bool end = false) => SendAsync(Encoding.Latin1.GetBytes(text), end);

    public Task ResetAsync(ErrorCode code) => _peer.SendAsync(Frame(FrameType.RstStream, FrameFlags.None, Stream, Number((uint)code)));

    /// <summary>Reads exactly so many characters, each a byte.</summary>
    public async Task<string> ReadAsync(int count)
    {
        while (_text.Length < count)
        {
            await StepAsync($"{count} bytes");
        }

        var text = _text.ToString(0, count);
        _text.Remove(0, count);
        return text;
    }

    /// <summary>Reads up to and including <paramref name="mark"/>.</summary>
    public async Task<string> ReadUntilAsync(string mark)
    {
        int at;
        while ((at = _text.ToString().IndexOf(mark, StringComparison.Ordinal)) < 0)
        {
            await StepAsync($"\"{mark}\"");
        }

        return await ReadAsync(at + mark.Length);
    }

    /// <summary>Reads to the end; how that came.</summary>
    public async Task<string> EndAsync()
    {
        while (End.Length == 0)
        {
            await StepAsync("the end");
        }

        return End;
    }

    /// <summary>What was received and not read.</summary>
    public string Rest() => _text.ToString();

    public void Dispose() => _peer.Dispose();

    private async Task StepAsync(string wanted)
    {
        if (End.Length > 0)
        {
            throw new EndOfStreamException($"{End} before {wanted}; got \"{_text}\"");
        }

        if (await _peer.NextAsync() is not var (header, payload))
        {
            End = "closed";
            return;
        }

        switch (header.Type)
        {
            case FrameType.Headers:
                var text = new byte[128 * 1024];
                _decoder.DecodeResponse(payload, text, out var length);
                Head = Encoding.Latin1.GetString(text, 0, length);
                break;
            case FrameType.Data:
                _text.Append(Encoding.Latin1.GetString(payload));
                if (payload.Length > 0)
                {
                    var credit = Number((uint)payload.Length);
                    await _peer.SendAsync((byte[])[.. Frame(FrameType.WindowUpdate, FrameFlags.None, 0, credit), .. Frame(FrameType.WindowUpdate, FrameFlags.None, Stream, credit)]);
                }

                break;
            case FrameType.WindowUpdate when header.StreamId == 0:
                _window += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
            case FrameType.WindowUpdate:
                _streamWindow += BinaryPrimitives.ReadInt32BigEndian(payload);
                break;
            case FrameType.RstStream:
                End = $"RST_STREAM {(ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload)}";
                return;
            default:
                break;
        }

        var ends = header.Type is FrameType.Headers or FrameType.Data && (header.Flags & FrameFlags.EndStream) != 0;
        End = ends ? "END_STREAM" : End;
    }
}
