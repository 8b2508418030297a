using System.Buffers.Binary;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>One HTTP/2 connection, either role: reads and sends frames, keeps both windows, knows its streams (RFC 9113).</summary>
/// <remarks>What a role adds is in <see cref="Http2Server"/> and <see cref="Http2Client"/>; what single frames mean is in the
/// other part of this class. Belongs to one worker.</remarks>
internal abstract partial class Http2Connection
{
    /// <summary>Payload bytes of a frame, received or sent: the default of RFC 9113 §6.5.2 is kept.</summary>
    protected const int MaxFrame = 16 * 1024;

    /// <summary>Streams that a peer may have open.</summary>
    protected const int MaxStreams = 100;

    /// <summary>A stream's first window; it grows to <see cref="LargestWindow"/> while its reader keeps up.</summary>
    protected const int InitialWindow = 64 * 1024;

    private const int DefaultWindow = 65_535;
    private const int LargestWindow = 1024 * 1024;
    private const int ConnectionWindow = 4 * 1024 * 1024;
    private const long IdleMs = 300_000;

    /// <summary>A window that is used up faster than this is too small, milliseconds.</summary>
    private const long BusyMs = 50;

    /// <summary>Queued output at which streams wait for the connection, bytes.</summary>
    private const int HighWater = 256 * 1024;

    /// <summary>Queued output that answers to control frames may not exceed.</summary>
    private const int ControlLimit = 1024 * 1024;

    private readonly HpackDecoder _decoder = new();
    private readonly HpackEncoder _encoder = new();
    private readonly Queue<Http2Stream> _senders = new();
    private readonly RecentStreams _resets = new();
    private readonly RecentStreams _closed = new();
    private FloodGuard _flood;
    private IoBuffer? _in;
    private int _unreturned;
    private int _receiveWindow = ConnectionWindow;
    private long _sendWindow = DefaultWindow;
    private bool _ended;

    protected Http2Connection(Worker worker, Sock sock, long stallMs)
    {
        Worker = worker;
        Sock = sock;
        Out = new Output(worker, sock, OnProgress, OnBroken) { StallMs = stallMs };
    }

    internal Worker Worker { get; }

    internal Sock Sock { get; }

    /// <summary>Neither broken nor closed.</summary>
    internal bool IsOpen => !_ended && Sock.IsOpen;

    /// <summary>The peer broke the rules, and a GOAWAY said so.</summary>
    private protected bool Failed { get; private set; }

    /// <summary>GOAWAY was sent or received: no further stream begins here.</summary>
    internal bool GoingAway { get; private protected set; }

    /// <summary>The streams that are not finished on both sides.</summary>
    internal Dictionary<int, Http2Stream> Streams { get; } = [];

    /// <summary>Streams that the peer allows at a time.</summary>
    internal int PeerMaxStreams { get; private set; } = MaxStreams;

    /// <summary>The peer takes extended CONNECT (RFC 8441).</summary>
    internal bool PeerTakesConnect { get; private set; }

    private protected Output Out { get; }

    /// <summary>Highest stream id that the peer has begun.</summary>
    private protected int LastPeerId { get; set; }

    /// <summary>Reads until the connection is over, then tells every stream.</summary>
    private protected async ReactorTask Read()
    {
        var stretch = 0;
        while (!_ended)
        {
            if (_in is null || _in.Count == 0 || !HasFrame())
            {
                var wait = await Sock.Readable(Worker.Loop.NowMs + IdleMs);
                if (_ended || (wait != Wait.Ready && !GoesOn(wait)))
                {
                    break;
                }

                var n = wait == Wait.Ready ? Fill() : Sock.WouldBlock;
                if (n is 0 or Sock.Failed)
                {
                    break;
                }

                stretch += Math.Max(n, 0);
            }

            var error = Process();
            if (error != ErrorCode.NoError)
            {
                Fail(error);
                break;
            }

            if (_in is not null && _in.Count == 0)
            {
                Worker.Buffers.Return(_in);
                _in = null;
            }

            if (stretch >= HighWater)
            {
                stretch = 0;
                await Worker.Loop.Yield();
            }
        }

        End();
    }

    /// <summary>The bytes that came before the role was known.</summary>
    private protected void Take(ReadOnlySpan<byte> received)
    {
        _in = Worker.Buffers.Rent(BufferPool.Large);
        received.CopyTo(_in.Bytes);
        _in.End = received.Length;
    }

    /// <summary>Ends the connection with GOAWAY, as far as the peer still reads.</summary>
    internal void Fail(ErrorCode error)
    {
        if (_ended)
        {
            return;
        }

        Failed = true;
        Worker.Count(error == ErrorCode.EnhanceYourCalm ? Record.Counter.Http2Floods : Record.Counter.Http2Errors);
        SendGoAway(error);
        Out.Flush();
        _ended = true;
        Sock.Cancel();
    }

    /// <summary>No further streams; the connection ends with the last one.</summary>
    internal void Shutdown()
    {
        if (!GoingAway)
        {
            SendGoAway(ErrorCode.NoError);
        }

        EndIfDone();
    }

    private protected void EndIfDone()
    {
        if (!GoingAway || Streams.Count > 0 || _ended)
        {
            return;
        }

        Out.Flush();
        if (Out.Count == 0 || !Sock.IsOpen)
        {
            _ended = true;
            Sock.Cancel();
        }
    }

    private void OnProgress()
    {
        WakeSenders();
        if (Out.Count == 0)
        {
            OnStreamClosed();
        }
    }

    /// <summary>Sends a head; false when it is too large to be encoded. Text: see <see cref="HpackEncoder"/>.</summary>
    internal bool SendHead(Http2Stream stream, ReadOnlySpan<byte> text, bool end, bool request, bool connect = false)
    {
        if (stream.IsReset || stream.EndSent)
        {
            // Not even encoded: what the encoder remembers must reach the peer.
            return true;
        }

        var scratch = Worker.FieldBlock;
        var length = request ? _encoder.EncodeRequest(text, scratch, connect) : _encoder.EncodeResponse(text, scratch);
        return SendBlock(stream, scratch.AsSpan(0, length), end);
    }

    internal bool SendTrailers(Http2Stream stream, ReadOnlySpan<byte> lines)
    {
        if (stream.IsReset || stream.EndSent)
        {
            return true;
        }

        var scratch = Worker.FieldBlock;
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
            }

            stream.Reset(code, byPeer: false);
        }
    }

    /// <summary>Received data was passed on: gives the peer room for as much more, in halves of the window.</summary>
    internal void ReturnCredit(Http2Stream stream, int count)
    {
        ReturnCredit(count);
        if (stream.EndReceived || stream.IsReset)
        {
            return;
        }

        stream.Unreturned += count;
        if (stream.Unreturned < stream.WindowSize / 2)
        {
            return;
        }

        var now = Worker.Loop.NowMs;
        if (now - stream.ReturnedMs < BusyMs && stream.WindowSize < LargestWindow)
        {
            // Half a window in so short a time: the window holds the sender up.
            stream.Unreturned += stream.WindowSize;
            stream.WindowSize *= 2;
        }

        stream.ReturnedMs = now;
        stream.ReceiveWindow += stream.Unreturned;
        WriteWindowUpdate(stream.Id, stream.Unreturned);
        stream.Unreturned = 0;
    }

    private protected void ReturnCredit(int count)
    {
        _unreturned += count;
        if (_unreturned >= ConnectionWindow / 2 && IsOpen)
        {
            _receiveWindow += _unreturned;
            WriteWindowUpdate(0, _unreturned);
            _unreturned = 0;
        }
    }

    private protected Http2Stream OpenStream(int id, bool keeps)
    {
        var stream = Worker.RentStream();
        stream.Open(this, id, keeps);
        stream.Begun = !IsClient;
        stream.SendWindow = _peerInitialWindow;
        stream.ReceiveWindow = InitialWindow;
        stream.WindowSize = InitialWindow;
        stream.ReturnedMs = Worker.Loop.NowMs;
        Streams.Add(id, stream);
        return stream;
    }

    /// <summary>Forgets a stream; one that is not finished on both sides is reset.</summary>
    internal void CloseStream(Http2Stream stream, ErrorCode unfinished)
    {
        if (!stream.IsReset && !(stream.EndSent && stream.EndReceived) && IsOpen)
        {
            SendReset(stream, unfinished);
        }

        if (Streams.Remove(stream.Id))
        {
            (stream.IsReset && !stream.ResetByPeer ? _resets : _closed).Add(stream.Id);
        }

        // Data that nobody passed on is room again.
        var unread = stream.Unread.Length;
        while (unread > 0)
        {
            stream.Consume(unread);
            unread = stream.Unread.Length;
        }

        if (!stream.QueuesToSend)
        {
            Worker.ReturnStream(stream);
        }

        OnStreamClosed();
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
        n += client ? Setting(settings[n..], SettingId.EnablePush, 0) : 0;
        WriteFrame(FrameType.Settings, FrameFlags.None, 0, settings[..n]);
        WriteWindowUpdate(0, ConnectionWindow - DefaultWindow);
    }

    /// <summary>A head has come; the text is in the worker's scratch and valid until the next wait.</summary>
    private protected abstract ErrorCode OnHead(int id, FieldBlockStatus status, ReadOnlySpan<byte> text, bool end, RequestKind kind);

    /// <summary>Whether a field block on that stream is a trailer section, a head, or nothing that is expected.</summary>
    private protected abstract BlockUse UseOf(int id, out Http2Stream? stream, out ErrorCode error);

    private protected abstract FieldBlockStatus Decode(HpackDecoder decoder, ReadOnlySpan<byte> block, Span<byte> text, out int length, out RequestKind kind);

    private protected abstract void OnStreamReset(Http2Stream stream);

    /// <summary>The peer broke the rules on this one stream.</summary>
    private protected abstract void OnStreamError(Http2Stream stream, ErrorCode code);

    private protected abstract void OnStreamClosed();

    private protected abstract void OnGoAway(int lastId);

    /// <summary>The connection is gone; every stream was reset.</summary>
    private protected abstract void OnEnd();

    /// <summary>A wait to read ended without anything to read: true to go on.</summary>
    private protected abstract bool GoesOn(Wait wait);

    private protected bool WasReset(int id) => _resets.Contains(id);

    private protected bool WasClosed(int id) => _closed.Contains(id);

    private protected void MarkReset(int id) => _resets.Add(id);

    private protected ErrorCode SpendRefused() => Spend(FloodGuard.RefusedCost);

    private static int Setting(Span<byte> output, SettingId id, int value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(output, (ushort)id);
        BinaryPrimitives.WriteInt32BigEndian(output[2..], value);
        return 6;
    }

    private bool HasFrame() =>
        _in!.Count >= FrameHeader.Size && _in.Count >= FrameHeader.Size + FrameHeader.Read(_in.Valid).Length;

    private int Fill()
    {
        _in ??= Worker.Buffers.Rent(BufferPool.Large);
        if (_in.Start > 0)
        {
            _in.Valid.CopyTo(_in.Bytes);
            _in.End = _in.Count;
            _in.Start = 0;
        }

        var n = Sock.TryRead(_in.Room);
        _in.End += Math.Max(n, 0);
        return n;
    }

    private void End()
    {
        _ended = true;
        if (_in is not null)
        {
            Worker.Buffers.Return(_in);
            _in = null;
        }

        if (_block is not null)
        {
            Worker.Buffers.Return(_block);
            _block = null;
        }

        foreach (var stream in Streams.Values)
        {
            stream.Reset(ErrorCode.InternalError, byPeer: false);
        }

        while (_senders.TryDequeue(out var waiting))
        {
            Released(waiting);
        }

        Out.Clear();
        OnEnd();
    }

    private void OnBroken()
    {
        _ended = true;
        Sock.Cancel();
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
        Worker.ReturnStream(stream);
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
