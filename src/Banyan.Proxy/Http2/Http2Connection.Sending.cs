using System.Buffers.Binary;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>What is sent: heads, data within the windows, and the frames about them.</summary>
internal abstract partial class Http2Connection
{
    private readonly HpackEncoder _encoder = new();

    /// <summary>The scheme of requests is https: servers at the edge of TLS compare it. Between sidecars it is the application's.</summary>
    private protected bool IsSecure
    {
        set => _encoder.IsSecure = value;
    }
    private readonly Queue<Http2Stream> _senders = new();
    private long _sendWindow = DefaultWindow;

    /// <summary>Sends a head; false when it is too large to be encoded. Text: see <see cref="HpackEncoder"/>.</summary>
    internal bool SendHead(Http2Stream stream, ReadOnlySpan<byte> text, bool end, bool request, bool connect = false)
    {
        if (stream.IsReset || stream.EndSent)
        {
            // Not even encoded: what the encoder remembers must reach the peer.
            return true;
        }

        var scratch = Context.FieldBlock;
        var length = request ? _encoder.EncodeRequest(text, scratch, connect) : _encoder.EncodeResponse(text, scratch);
        return SendBlock(stream, scratch.AsSpan(0, length), end);
    }

    internal bool SendTrailers(Http2Stream stream, ReadOnlySpan<byte> lines)
    {
        if (stream.IsReset || stream.EndSent)
        {
            return true;
        }

        var scratch = Context.FieldBlock;
        var length = _encoder.EncodeTrailers(lines, scratch);
        if (length == 0)
        {
            // Every field was one that HTTP/2 does not carry.
            SendData(stream, default, end: true);
            return true;
        }

        return SendBlock(stream, scratch.AsSpan(0, length), end: true);
    }

    /// <summary>Sends as much as the windows and the queue allow; what is left waits for <see cref="Http2Stream.Writable"/>.
    /// END_STREAM goes with the last byte when <paramref name="end"/> is set.</summary>
    internal int SendData(Http2Stream stream, ReadOnlySpan<byte> data, bool end)
    {
        if (stream.IsReset || stream.EndSent)
        {
            return 0;
        }

        if (data.IsEmpty)
        {
            if (end)
            {
                WriteFrame(FrameType.Data, FrameFlags.EndStream, stream.Id, default);
                stream.EndSent = true;
            }

            return 0;
        }

        var allowed = (int)Math.Min(Math.Min(stream.SendWindow, _sendWindow), Math.Min(data.Length, HighWater - Out.Count));
        if (allowed <= 0)
        {
            if (stream.SendWindow > 0)
            {
                Queue(stream);
            }

            return 0;
        }

        var sent = 0;
        while (sent < allowed)
        {
            var size = Math.Min(MaxFrame, allowed - sent);
            var last = end && sent + size == data.Length;
            WriteFrame(FrameType.Data, last ? FrameFlags.EndStream : FrameFlags.None, stream.Id, data.Slice(sent, size));
            stream.EndSent |= last;
            sent += size;
        }

        _moved |= sent > 0;
        stream.SendWindow -= sent;
        _sendWindow -= sent;
        if (sent < data.Length && stream.SendWindow > 0)
        {
            Queue(stream);
        }

        return sent;
    }

    /// <summary>Resets a stream from this side.</summary>
    internal void SendReset(Http2Stream stream, ErrorCode code)
    {
        if (!stream.IsReset)
        {
            if (stream.Begun)
            {
                WriteReset(stream.Id, code);
                OnResetSent();
            }

            stream.Reset(code, byPeer: false);
        }
    }

    private protected void WritePreface(bool client)
    {
        if (client)
        {
            Preface.Bytes.CopyTo(Out.Room(Preface.Bytes.Length));
            Out.Commit(Preface.Bytes.Length);
        }

        Span<byte> settings = stackalloc byte[5 * 6];
        var n = 0;
        n += Setting(settings[n..], SettingId.MaxConcurrentStreams, client ? 0 : MaxStreams);
        n += Setting(settings[n..], SettingId.InitialWindowSize, InitialWindow);
        n += Setting(settings[n..], SettingId.MaxHeaderListSize, Wire.Http1.HeadLimits.MaxBytes);
        n += client ? Setting(settings[n..], SettingId.EnablePush, 0) : Setting(settings[n..], SettingId.EnableConnectProtocol, 1);
        WriteFrame(FrameType.Settings, FrameFlags.None, 0, settings[..n]);
        WriteWindowUpdate(0, ConnectionWindow - DefaultWindow);
    }

    private static int Setting(Span<byte> output, SettingId id, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output, (ushort)id);
        BinaryPrimitives.WriteInt32BigEndian(output[2..], value);
        return 6;
    }

    private void Queue(Http2Stream stream)
    {
        if (!stream.QueuesToSend)
        {
            stream.QueuesToSend = true;
            _senders.Enqueue(stream);
        }
    }

    /// <summary>There is room again: those that waited longest first.</summary>
    private void WakeSenders()
    {
        if (Out.Count > HighWater / 2 || _sendWindow <= 0)
        {
            return;
        }

        for (var i = _senders.Count; i > 0; i--)
        {
            var stream = _senders.Dequeue();
            if (Released(stream))
            {
                stream.WakeWriter();
            }
        }
    }

    private bool Released(Http2Stream stream)
    {
        stream.QueuesToSend = false;
        if (Streams.GetValueOrDefault(stream.Id) == stream)
        {
            return true;
        }

        // It was closed while it stood in the queue.
        Context.ReturnStream(stream);
        return false;
    }

    private bool SendBlock(Http2Stream stream, ReadOnlySpan<byte> block, bool end)
    {
        if (block.IsEmpty)
        {
            return false;
        }

        var type = FrameType.Headers;
        var flags = end ? FrameFlags.EndStream : FrameFlags.None;
        while (true)
        {
            var size = Math.Min(block.Length, MaxFrame);
            flags |= size == block.Length ? FrameFlags.EndHeaders : FrameFlags.None;
            WriteFrame(type, flags, stream.Id, block[..size]);
            block = block[size..];
            if (block.IsEmpty)
            {
                break;
            }

            type = FrameType.Continuation;
            flags = FrameFlags.None;
        }

        stream.Begun = true;
        stream.EndSent |= end;
        return true;
    }

    private void WriteFrame(FrameType type, FrameFlags flags, int id, ReadOnlySpan<byte> payload)
    {
        var room = Out.Room(FrameHeader.Size + payload.Length);
        FrameHeader.Write(room, payload.Length, type, flags, id);
        payload.CopyTo(room[FrameHeader.Size..]);
        Out.Commit(FrameHeader.Size + payload.Length);
    }

    private void WriteWindowUpdate(int id, int increment)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, increment);
        WriteFrame(FrameType.WindowUpdate, FrameFlags.None, id, payload);
    }

    private protected void WriteReset(int id, ErrorCode code)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(payload, (uint)code);
        WriteFrame(FrameType.RstStream, FrameFlags.None, id, payload);
    }

    private void SendGoAway(ErrorCode code)
    {
        GoingAway = true;
        Span<byte> payload = stackalloc byte[8];
        BinaryPrimitives.WriteInt32BigEndian(payload, LastPeerId);
        BinaryPrimitives.WriteUInt32BigEndian(payload[4..], (uint)code);
        WriteFrame(FrameType.GoAway, FrameFlags.None, 0, payload);
    }
}
