using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>One HTTP/2 connection, either role: reads and sends frames, keeps both windows, knows its streams (RFC 9113).</summary>
/// <remarks>What a role adds is in <see cref="Http2Server"/> and <see cref="Http2Client"/>; what single frames mean is in the
/// part <c>Frames</c> of this class, what is sent in <c>Sending</c>. Belongs to one worker.</remarks>
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
    private const int ConnectionWindow = 8 * 1024 * 1024;

    /// <summary>The connection's credit is given back in portions of so much.</summary>
    private const int CreditPortion = 1024 * 1024;

    /// <summary>All streams' windows together: full streams that nobody reads leave the others room.</summary>
    private const int WindowBudget = ConnectionWindow - CreditPortion;
    private const long IdleMs = 300_000;

    /// <summary>So many bytes of a frame tell its type.</summary>
    private const int HeadType = 4;

    /// <summary>A window that is used up faster than this is too small, milliseconds.</summary>
    private const long BusyMs = 50;

    /// <summary>Queued output at which streams wait for the connection, bytes.</summary>
    private const int HighWater = 256 * 1024;

    /// <summary>Queued output that answers to control frames may not exceed.</summary>
    private const int ControlLimit = 1024 * 1024;

    private readonly HpackDecoder _decoder = new();
    private readonly RecentStreams _resets = new();
    private readonly RecentStreams _closed = new();
    private FloodGuard _flood;
    private IoBuffer? _in;
    private int _unreturned;
    private int _granted;
    private long _headUntil = long.MaxValue;
    private int _receiveWindow = ConnectionWindow;
    private bool _ended;
    private bool _pinged;

    /// <summary>Data came or left since the last PING that was free.</summary>
    private bool _moved;

    protected Http2Connection(ReactorContext context, Sock sock, long stallMs)
    {
        Context = context;
        Sock = sock;
        Out = new Output(context, sock, OnProgress, OnBroken) { StallMs = stallMs };
    }

    internal ReactorContext Context { get; }

    internal Sock Sock { get; }

    /// <summary>A peer that sent nothing for so long while streams are open is sent a PING, and given up when it does not answer
    /// within half that time; 0 = never. Milliseconds. Not for applications: servers of gRPC end connections that ask often.</summary>
    internal long KeepAliveMs { get; private protected init; }

    /// <summary>It was given up because the peer did not answer a PING.</summary>
    internal bool WasSilent { get; private set; }

    /// <summary>The peer left because it was asked for too much: too many PINGs, for example.</summary>
    internal bool WasTooMuch { get; private set; }

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

    /// <summary>When the peer said something last, in the loop's milliseconds.</summary>
    private protected long HeardMs { get; private set; }

    /// <summary>For how long a head may come in, milliseconds.</summary>
    private protected virtual long HeadMs => long.MaxValue;

    /// <summary>Reads until the connection is over, then tells every stream.</summary>
    private protected async ReactorTask Read()
    {
        var stretch = 0;
        while (!_ended)
        {
            if (_in is null || _in.Count == 0 || !HasFrame())
            {
                var wait = await Sock.Readable(Math.Min(Context.Loop.NowMs + PatienceMs, _headUntil));
                if (IsHeadLate())
                {
                    Context.Count(Record.Counter.HeadTimeouts);
                    Fail(ErrorCode.EnhanceYourCalm);
                    break;
                }

                if (wait == Wait.TimedOut && !IsAlive())
                {
                    break;
                }

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
                _pinged &= n <= 0;
                HeardMs = n > 0 ? Context.Loop.NowMs : HeardMs;
            }

            var error = Process();
            if (error != ErrorCode.NoError)
            {
                Fail(error);
                break;
            }

            _headUntil = !IsWithinHead() ? long.MaxValue
                : _headUntil == long.MaxValue && HeadMs < long.MaxValue ? Context.Loop.NowMs + HeadMs
                : _headUntil;
            if (_in is not null && _in.Count == 0)
            {
                Context.Buffers.Return(_in);
                _in = null;
            }

            if (stretch >= HighWater)
            {
                stretch = 0;
                await Context.Loop.Yield();
                if (Sock.IsCutOff)
                {
                    break;
                }
            }
        }

        End();
    }

    /// <summary>Time without a byte after which something is to be done, milliseconds.</summary>
    private long PatienceMs => _pinged ? KeepAliveMs / 2 : KeepAliveMs > 0 ? KeepAliveMs : IdleMs;

    /// <summary>Asks a silent peer whether it is there (RFC 9113 §6.7), while streams wait for it; false when it was asked in vain.</summary>
    private bool IsAlive()
    {
        if (_pinged)
        {
            WasSilent = true;
            return false;
        }

        if (KeepAliveMs > 0 && Streams.Count > 0 && IsOpen)
        {
            _pinged = true;
            WriteFrame(FrameType.Ping, FrameFlags.None, 0, stackalloc byte[8]);
        }

        return true;
    }

    /// <summary>The bytes that came before the role was known.</summary>
    private protected void Take(ReadOnlySpan<byte> received)
    {
        _in = Context.Buffers.Rent(BufferPool.Large);
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
        Context.Count(error == ErrorCode.EnhanceYourCalm ? Record.Counter.Http2Floods : Record.Counter.Http2Errors);
        SendGoAway(error);
        Out.Flush();
        _ended = true;
        Sock.Cancel();
    }

    /// <summary>No further streams; the connection ends with the last one.</summary>
    internal void Shutdown()
    {
        if (!GoingAway && !_ended)
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
            OnLessToDo();
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

        var now = Context.Loop.NowMs;
        if (now - stream.ReturnedMs < BusyMs && stream.WindowSize < LargestWindow && _granted + stream.WindowSize <= WindowBudget)
        {
            // Half a window in so short a time: the window holds the sender up.
            _granted += stream.WindowSize;
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
        if (_unreturned >= CreditPortion && IsOpen)
        {
            _receiveWindow += _unreturned;
            WriteWindowUpdate(0, _unreturned);
            _unreturned = 0;
        }
    }

    private protected Http2Stream OpenStream(int id, bool keeps)
    {
        var stream = Context.RentStream();
        stream.Open(this, id, keeps);
        stream.Begun = !IsClient;
        stream.SendWindow = _peerInitialWindow;
        stream.ReceiveWindow = InitialWindow;
        stream.WindowSize = InitialWindow;
        stream.ReturnedMs = Context.Loop.NowMs;
        stream.OpenedMs = Context.Loop.NowMs;
        _granted += InitialWindow;
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
            _granted -= stream.WindowSize;
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
            Context.ReturnStream(stream);
        }

        OnLessToDo();
    }

    /// <summary>A head has come; the text is in the worker's scratch and valid until the next wait.</summary>
    private protected abstract ErrorCode OnHead(int id, FieldBlockStatus status, ReadOnlySpan<byte> text, bool end, RequestKind kind);

    /// <summary>Whether a field block on that stream is a trailer section, a head, or nothing that is expected.</summary>
    private protected abstract BlockUse UseOf(int id, out Http2Stream? stream, out ErrorCode error);

    private protected abstract FieldBlockStatus Decode(HpackDecoder decoder, ReadOnlySpan<byte> block, Span<byte> text, out int length, out RequestKind kind);

    private protected abstract void OnStreamReset(Http2Stream stream);

    /// <summary>This side has reset a stream that had begun.</summary>
    private protected virtual void OnResetSent()
    {
    }

    /// <summary>The peer broke the rules on this one stream.</summary>
    private protected abstract void OnStreamError(Http2Stream stream, ErrorCode code);

    /// <summary>A stream was closed, or all that was queued has left: perhaps the connection is over.</summary>
    private protected abstract void OnLessToDo();

    private protected abstract void OnGoAway(int lastId);

    /// <summary>The peer's settings are in force.</summary>
    private protected abstract void OnPeerSettings();

    /// <summary>The connection is gone; every stream was reset.</summary>
    private protected abstract void OnEnd();

    /// <summary>A wait to read ended without anything to read: true to go on.</summary>
    private protected abstract bool GoesOn(Wait wait);

    private protected bool WasReset(int id) => _resets.Contains(id);

    private protected bool WasClosed(int id) => _closed.Contains(id);

    private protected void MarkReset(int id) => _resets.Add(id);

    private protected ErrorCode SpendRefused() => Spend(FloodGuard.RefusedCost);

    /// <summary>A head has begun and is not complete.</summary>
    private bool IsWithinHead() =>
        _blockStream != 0 || (_in is { Count: >= HeadType } && _in.Valid[HeadType - 1] == (byte)FrameType.Headers);

    private bool IsHeadLate() => Context.Loop.NowMs >= _headUntil && !_ended;

    private bool HasFrame() =>
        _in!.Count >= FrameHeader.Size && _in.Count >= FrameHeader.Size + FrameHeader.Read(_in.Valid).Length;

    private int Fill()
    {
        _in ??= Context.Buffers.Rent(BufferPool.Large);
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
            Context.Buffers.Return(_in);
            _in = null;
        }

        if (_block is not null)
        {
            Context.Buffers.Return(_block);
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
}
