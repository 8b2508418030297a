using System.Buffers.Binary;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>What each received frame means (RFC 9113 §6). Every method returns the error that ends the connection, or none.</summary>
internal abstract partial class Http2Connection
{
    /// <summary>CONTINUATION frames of one field block; a block of 64 KiB needs four.</summary>
    private const int MaxContinuations = 16;

    /// <summary>WINDOW_UPDATE of fewer bytes costs tokens.</summary>
    private const int LeastCredit = 16;

    private IoBuffer? _block;
    private int _blockStream;
    private bool _blockEnds;
    private int _continuations;
    private int _peerInitialWindow = DefaultWindow;
    private bool _sawSettings;

    private ErrorCode Process()
    {
        while (_in is { Count: >= FrameHeader.Size } && !_ended)
        {
            var header = FrameHeader.Read(_in.Valid);
            if (header.Length > MaxFrame)
            {
                return ErrorCode.FrameSizeError;
            }

            if (_in.Count < FrameHeader.Size + header.Length)
            {
                break;
            }

            var payload = (ReadOnlySpan<byte>)_in.Valid.Slice(FrameHeader.Size, header.Length);
            _in.Start += FrameHeader.Size + header.Length;
            var error = OnFrame(header, payload);
            if (error != ErrorCode.NoError)
            {
                return error;
            }
        }

        return Out.Count > ControlLimit ? ErrorCode.EnhanceYourCalm : ErrorCode.NoError;
    }

    private ErrorCode OnFrame(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_blockStream != 0 && (header.Type != FrameType.Continuation || header.StreamId != _blockStream))
        {
            return ErrorCode.ProtocolError;
        }

        if (!_sawSettings)
        {
            if (header.Type != FrameType.Settings || (header.Flags & FrameFlags.Ack) != 0)
            {
                return ErrorCode.ProtocolError;
            }

            _sawSettings = true;
        }

        return header.Type switch
        {
            FrameType.Data => OnData(header, payload),
            FrameType.Headers => OnHeaders(header, payload),
            FrameType.Priority => OnPriority(header, payload),
            FrameType.RstStream => OnRstStream(header, payload),
            FrameType.Settings => OnSettings(header, payload),
            FrameType.PushPromise => ErrorCode.ProtocolError,
            FrameType.Ping => OnPing(header, payload),
            FrameType.GoAway => OnGoAwayFrame(header, payload),
            FrameType.WindowUpdate => OnWindowUpdate(header, payload),
            FrameType.Continuation => OnContinuation(header, payload),
            _ => Spend(FloodGuard.IgnoredCost),
        };
    }

    private ErrorCode Spend(int cost) =>
        _flood.Allows(cost, Context.Loop.NowMs) ? ErrorCode.NoError : ErrorCode.EnhanceYourCalm;

    /// <summary>A stream that was never begun.</summary>
    private protected abstract bool IsIdle(int id);

    private static bool TryUnpad(FrameHeader header, ref ReadOnlySpan<byte> payload)
    {
        if ((header.Flags & FrameFlags.Padded) == 0)
        {
            return true;
        }

        if (payload.IsEmpty || payload[0] >= payload.Length)
        {
            return false;
        }

        payload = payload[1..^payload[0]];
        return true;
    }

    private ErrorCode OnData(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        var id = header.StreamId;
        if (id == 0 || IsIdle(id))
        {
            return ErrorCode.ProtocolError;
        }

        var flow = payload.Length;
        if (flow > _receiveWindow)
        {
            return ErrorCode.FlowControlError;
        }

        _receiveWindow -= flow;
        if (!TryUnpad(header, ref payload))
        {
            return ErrorCode.ProtocolError;
        }

        var end = (header.Flags & FrameFlags.EndStream) != 0;
        if (payload.IsEmpty && !end && Spend(FloodGuard.EmptyFrameCost) is not ErrorCode.NoError and var flood)
        {
            return flood;
        }

        if (!Streams.TryGetValue(id, out var stream) || stream.IsReset)
        {
            ReturnCredit(flow);
            var ours = stream is null ? IsClient || _resets.Contains(id) : !stream.ResetByPeer;
            return ours ? ErrorCode.NoError : ErrorCode.StreamClosed;
        }

        if (stream.EndReceived || !stream.HeadComplete)
        {
            ReturnCredit(flow);
            StreamError(stream, stream.EndReceived ? ErrorCode.StreamClosed : ErrorCode.ProtocolError);
            return ErrorCode.NoError;
        }

        if (flow > stream.ReceiveWindow)
        {
            ReturnCredit(flow);
            StreamError(stream, ErrorCode.FlowControlError);
            return ErrorCode.NoError;
        }

        stream.ReceiveWindow -= flow;
        _moved |= !payload.IsEmpty;
        if (stream.Expected >= 0 && (payload.Length > stream.Expected || (end && payload.Length != stream.Expected)))
        {
            ReturnCredit(flow);
            StreamError(stream, ErrorCode.ProtocolError);
            return ErrorCode.NoError;
        }

        stream.Expected -= stream.Expected < 0 ? 0 : payload.Length;
        stream.Append(payload);
        stream.EndReceived = end;
        if (flow > payload.Length)
        {
            ReturnCredit(stream, flow - payload.Length);
        }

        stream.WakeReader();
        return ErrorCode.NoError;
    }

    private ErrorCode OnHeaders(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0 || !TryUnpad(header, ref payload))
        {
            return ErrorCode.ProtocolError;
        }

        if ((header.Flags & FrameFlags.Priority) != 0)
        {
            if (payload.Length < 5)
            {
                return ErrorCode.FrameSizeError;
            }

            if ((BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue) == header.StreamId)
            {
                return ErrorCode.ProtocolError;
            }

            payload = payload[5..];
        }

        var end = (header.Flags & FrameFlags.EndStream) != 0;
        if ((header.Flags & FrameFlags.EndHeaders) != 0)
        {
            return OnBlock(header.StreamId, payload, end);
        }

        _blockStream = header.StreamId;
        _blockEnds = end;
        _continuations = 0;
        _block = Context.Buffers.Rent(BufferPool.Large);
        payload.CopyTo(_block.Room);
        _block.End = payload.Length;
        return ErrorCode.NoError;
    }

    private ErrorCode OnContinuation(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (_blockStream == 0)
        {
            return ErrorCode.ProtocolError;
        }

        if (++_continuations > MaxContinuations || payload.Length > _block!.Room.Length)
        {
            // CVE-2024-27316 and its family: a field block without end.
            return ErrorCode.EnhanceYourCalm;
        }

        payload.CopyTo(_block.Room);
        _block.End += payload.Length;
        if ((header.Flags & FrameFlags.EndHeaders) == 0)
        {
            return ErrorCode.NoError;
        }

        var id = _blockStream;
        var block = _block;
        _blockStream = 0;
        _block = null;
        var error = OnBlock(id, block.Valid, _blockEnds);
        Context.Buffers.Return(block);
        return error;
    }

    private ErrorCode OnBlock(int id, ReadOnlySpan<byte> block, bool end)
    {
        var use = UseOf(id, out var stream, out var error);
        var text = Context.Scratch.AsSpan();
        switch (use)
        {
            case BlockUse.Error:
                return error;
            case BlockUse.Trailers:
                return OnTrailers(stream!, block, text, end);
            default:
                break;
        }

        var status = Decode(_decoder, block, text, out var length, out var kind);
        if (status == FieldBlockStatus.CompressionError)
        {
            return ErrorCode.CompressionError;
        }

        return use == BlockUse.Ignored ? Spend(FloodGuard.IgnoredCost) : OnHead(id, status, text[..length], end, kind);
    }

    private ErrorCode OnTrailers(Http2Stream stream, ReadOnlySpan<byte> block, Span<byte> text, bool end)
    {
        var status = _decoder.DecodeTrailers(block, text, out var length);
        if (status == FieldBlockStatus.CompressionError)
        {
            return ErrorCode.CompressionError;
        }

        if (status != FieldBlockStatus.Ok || !end || stream.Expected > 0)
        {
            StreamError(stream, status == FieldBlockStatus.TooLarge ? ErrorCode.EnhanceYourCalm : ErrorCode.ProtocolError);
            return ErrorCode.NoError;
        }

        stream.Trailers = Copy(text[..length]);
        stream.EndReceived = true;
        stream.WakeReader();
        return ErrorCode.NoError;
    }

    /// <summary>A buffer of our own with these bytes.</summary>
    private protected IoBuffer Copy(ReadOnlySpan<byte> text)
    {
        var buffer = Context.Buffers.Rent(text.Length);
        text.CopyTo(buffer.Bytes);
        buffer.End = text.Length;
        return buffer;
    }

    private protected void StreamError(Http2Stream stream, ErrorCode code)
    {
        Context.Count(Counter.Http2Errors);
        SendReset(stream, code);
        OnStreamError(stream, code);
    }

    private ErrorCode OnPriority(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0)
        {
            return ErrorCode.ProtocolError;
        }

        if (payload.Length != 5)
        {
            return ErrorCode.FrameSizeError;
        }

        return (BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue) == header.StreamId
            ? ErrorCode.ProtocolError
            : Spend(FloodGuard.PriorityCost);
    }

    private ErrorCode OnRstStream(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId == 0 || IsIdle(header.StreamId))
        {
            return ErrorCode.ProtocolError;
        }

        if (payload.Length != 4)
        {
            return ErrorCode.FrameSizeError;
        }

        var alive = Streams.TryGetValue(header.StreamId, out var stream) && !stream.IsReset;
        if (alive)
        {
            stream!.Reset((ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload), byPeer: true);
            OnStreamReset(stream);
        }

        // A server that resets what it was asked costs nobody but itself, once a request.
        return !IsClient ? Spend(FloodGuard.ResetCost) : alive ? ErrorCode.NoError : Spend(FloodGuard.IgnoredCost);
    }

    private ErrorCode OnPing(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0)
        {
            return ErrorCode.ProtocolError;
        }

        if (payload.Length != 8)
        {
            return ErrorCode.FrameSizeError;
        }

        if ((header.Flags & FrameFlags.Ack) != 0)
        {
            return Spend(FloodGuard.IgnoredCost);
        }

        WriteFrame(FrameType.Ping, FrameFlags.Ack, 0, payload);
        if (_moved)
        {
            // Clients of gRPC measure their path with a PING beside the data, as often as an answer comes: traffic pays for it.
            _moved = false;
            return ErrorCode.NoError;
        }

        return Spend(FloodGuard.PingCost);
    }

    private ErrorCode OnGoAwayFrame(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0)
        {
            return ErrorCode.ProtocolError;
        }

        if (payload.Length < 8)
        {
            return ErrorCode.FrameSizeError;
        }

        GoingAway = true;
        WasTooMuch |= (ErrorCode)BinaryPrimitives.ReadUInt32BigEndian(payload[4..]) == ErrorCode.EnhanceYourCalm;
        OnGoAway(BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
        EndIfDone();
        return Spend(FloodGuard.IgnoredCost);
    }

    private ErrorCode OnWindowUpdate(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (payload.Length != 4)
        {
            return ErrorCode.FrameSizeError;
        }

        var increment = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
        if (header.StreamId == 0)
        {
            _sendWindow += increment;
            if (increment == 0 || _sendWindow > int.MaxValue)
            {
                return increment == 0 ? ErrorCode.ProtocolError : ErrorCode.FlowControlError;
            }

            WakeSenders();
            return SpendOnCredit(increment);
        }

        if (IsIdle(header.StreamId))
        {
            return ErrorCode.ProtocolError;
        }

        if (!Streams.TryGetValue(header.StreamId, out var stream) || stream.IsReset)
        {
            // Of a response that is out, credit comes late: that is how every client does it.
            return SpendOnCredit(increment);
        }

        stream.SendWindow += increment;
        if (increment == 0 || stream.SendWindow > int.MaxValue)
        {
            StreamError(stream, increment == 0 ? ErrorCode.ProtocolError : ErrorCode.FlowControlError);
            return ErrorCode.NoError;
        }

        stream.WakeWriter();
        return SpendOnCredit(increment);
    }

    /// <summary>Credit for a few bytes is hardly worth its frame (CVE-2019-9511).</summary>
    private ErrorCode SpendOnCredit(int increment) =>
        increment < LeastCredit && !_moved ? Spend(FloodGuard.IgnoredCost) : ErrorCode.NoError;

    private ErrorCode OnSettings(FrameHeader header, ReadOnlySpan<byte> payload)
    {
        if (header.StreamId != 0)
        {
            return ErrorCode.ProtocolError;
        }

        if ((header.Flags & FrameFlags.Ack) != 0)
        {
            return payload.IsEmpty ? Spend(FloodGuard.IgnoredCost) : ErrorCode.FrameSizeError;
        }

        if (payload.Length % 6 != 0)
        {
            return ErrorCode.FrameSizeError;
        }

        for (; !payload.IsEmpty; payload = payload[6..])
        {
            var error = OnSetting((SettingId)BinaryPrimitives.ReadUInt16BigEndian(payload), BinaryPrimitives.ReadUInt32BigEndian(payload[2..]));
            if (error != ErrorCode.NoError)
            {
                return error;
            }
        }

        WriteFrame(FrameType.Settings, FrameFlags.Ack, 0, default);
        OnPeerSettings();
        return Spend(FloodGuard.SettingsCost);
    }

    private ErrorCode OnSetting(SettingId id, uint value)
    {
        switch (id)
        {
            case SettingId.HeaderTableSize:
                _encoder.SetMaxTableSize((int)Math.Min(value, 4096));
                return ErrorCode.NoError;
            case SettingId.EnablePush:
                return value > 1 || (value == 1 && IsClient) ? ErrorCode.ProtocolError : ErrorCode.NoError;
            case SettingId.MaxConcurrentStreams:
                PeerMaxStreams = (int)Math.Min(value, MaxStreams);
                return ErrorCode.NoError;
            case SettingId.InitialWindowSize:
                return value > int.MaxValue ? ErrorCode.FlowControlError : OnInitialWindow((int)value);
            case SettingId.MaxFrameSize:
                return value is < MaxFrame or > 0xFFFFFF ? ErrorCode.ProtocolError : ErrorCode.NoError;
            case SettingId.EnableConnectProtocol:
                // What was offered stays offered (RFC 8441 §3).
                var good = value == 1 || (value == 0 && !PeerTakesConnect);
                PeerTakesConnect = value == 1;
                return good ? ErrorCode.NoError : ErrorCode.ProtocolError;
            default:
                return ErrorCode.NoError;
        }
    }

    private protected abstract bool IsClient { get; }

    private ErrorCode OnInitialWindow(int size)
    {
        var change = (long)size - _peerInitialWindow;
        _peerInitialWindow = size;
        foreach (var stream in Streams.Values)
        {
            if (stream.IsReset)
            {
                // It sends nothing more, and its window may be what it was reset for.
                continue;
            }

            stream.SendWindow += change;
            if (stream.SendWindow > int.MaxValue)
            {
                return ErrorCode.FlowControlError;
            }

            stream.WakeWriter();
        }

        return ErrorCode.NoError;
    }
}
