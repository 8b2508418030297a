using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>The client's role: a connection to an endpoint that many exchanges share. Kept by <see cref="Http2Pool"/>.</summary>
internal sealed class Http2Client : Http2Connection
{
    /// <summary>Interim responses to one request: more say nothing and cost each caller a head.</summary>
    private const int MaxInterims = 64;

    private readonly Action<Http2Client> _over;
    private readonly Action _close;
    private readonly Queue<Gate> _awaitSettings = new();
    private FloodGuard _resets;
    private int _nextId = 1;
    private bool _knowsSettings;

    private Http2Client(ReactorContext context, Sock sock, Action<Http2Client> over, Action close)
        : base(context, sock, 300_000)
    {
        _over = over;
        _close = close;
    }

    /// <summary>Who the other side proved to be.</summary>
    internal HopPeer Peer { get; private init; }

    /// <summary>When the last stream ended, in the loop's milliseconds.</summary>
    internal long IdleSince { get; private set; }

    /// <summary>One more request may be sent here.</summary>
    internal bool HasRoom => IsOpen && !GoingAway && Streams.Count < PeerMaxStreams && _nextId < int.MaxValue - 2 && !Sock.PeerFinished;

    /// <summary>It has served before.</summary>
    internal bool IsReused => _nextId > 1;

    private protected override bool IsClient => true;

    /// <summary>Takes over a fresh connection.</summary>
    /// <param name="context">The thread it lives on.</param>
    /// <param name="sock">Connected.</param>
    /// <param name="over">Called when no further stream may begin here, perhaps more than once.</param>
    /// <param name="close">Closes the connection; called once, at its end.</param>
    /// <param name="keepAliveMs">See <see cref="Http2Connection.KeepAliveMs"/>; known from the first read on, for a peer may never
    /// say anything.</param>
    /// <param name="isSecure">Requests have the scheme https.</param>
    /// <param name="peer">Who the other side proved to be.</param>
    internal static Http2Client Start(
        ReactorContext context, Sock sock, Action<Http2Client> over, Action close, long keepAliveMs = 0, bool isSecure = false, HopPeer peer = default)
    {
        var client = new Http2Client(context, sock, over, close)
        {
            IdleSince = context.Loop.NowMs, KeepAliveMs = keepAliveMs, IsSecure = isSecure, Peer = peer,
        };
        client.WritePreface(client: true);
        client.Read().Forget();
        return client;
    }

    internal Http2Stream Open()
    {
        var stream = OpenStream(_nextId, keeps: false);
        _nextId += 2;
        return stream;
    }

    /// <summary>Whether the peer takes extended CONNECT; null when its settings have not come in time.</summary>
    internal async ReactorTask<bool?> TakesConnect(long deadline)
    {
        if (!_knowsSettings && IsOpen)
        {
            var gate = new Gate(Context.Loop);
            _awaitSettings.Enqueue(gate);
            await gate.Until(deadline);
        }

        return _knowsSettings || !IsOpen ? PeerTakesConnect : null;
    }

    /// <summary>A request on that stream was given up for lack of time. Where nothing was heard since it was sent, the peer may be
    /// gone without a word: the connection takes no further requests.</summary>
    internal void TimedOut(Http2Stream stream)
    {
        if (stream.Begun && HeardMs <= stream.OpenedMs)
        {
            Shutdown();
        }
    }

    /// <summary>Callers that go away must not make the endpoint cut off what others share: half of what a peer like this one
    /// takes, and the next requests go to another connection.</summary>
    private protected override void OnResetSent()
    {
        if (!_resets.Allows(2 * FloodGuard.ResetCost, Context.Loop.NowMs))
        {
            Shutdown();
        }
    }

    private protected override bool IsIdle(int id) => id % 2 == 0 || id >= _nextId;

    private protected override BlockUse UseOf(int id, out Http2Stream? stream, out ErrorCode error)
    {
        error = ErrorCode.ProtocolError;
        stream = null;
        if (IsIdle(id))
        {
            return BlockUse.Error;
        }

        if (!Streams.TryGetValue(id, out stream) || stream.IsReset)
        {
            error = ErrorCode.StreamClosed;

            // Every lower id was ours: what comes on one that is forgotten was sent before the peer knew (RFC 9113 §5.1).
            return stream is { ResetByPeer: true } ? BlockUse.Error : BlockUse.Ignored;
        }

        if (stream.EndReceived)
        {
            error = ErrorCode.StreamClosed;
            return BlockUse.Error;
        }

        return stream.HeadComplete ? BlockUse.Trailers : BlockUse.Head;
    }

    private protected override FieldBlockStatus Decode(
        HpackDecoder decoder, ReadOnlySpan<byte> block, Span<byte> text, out int length, out RequestKind kind)
    {
        kind = RequestKind.Plain;
        return decoder.DecodeResponse(block, text, out length);
    }

    private protected override ErrorCode OnHead(int id, FieldBlockStatus status, ReadOnlySpan<byte> text, bool end, RequestKind kind)
    {
        var stream = Streams[id];
        var interim = text.Length > 9 && text[9] == '1';
        if (status != FieldBlockStatus.Ok || (interim && end))
        {
            StreamError(stream, ErrorCode.ProtocolError);
            return ErrorCode.NoError;
        }

        if (interim && ++stream.Interims > MaxInterims)
        {
            StreamError(stream, ErrorCode.EnhanceYourCalm);
            return ErrorCode.NoError;
        }

        if (stream.Head is null)
        {
            stream.Head = Copy(text);
        }
        else
        {
            // An interim response that nobody has read yet: both wait in one buffer, the next one behind.
            return Behind(stream, text, end, interim);
        }

        stream.HeadComplete = !interim;
        stream.EndReceived = end;
        stream.WakeReader();
        return ErrorCode.NoError;
    }

    private protected override void OnStreamReset(Http2Stream stream)
    {
        // Whoever waits on the stream was woken and sees it. A server that has too much of this connection, as Kestrel with the
        // streams it still clears away, would refuse the next ones too: they begin on another.
        if (stream.ResetCode == ErrorCode.EnhanceYourCalm)
        {
            Shutdown();
        }
    }

    private protected override void OnStreamError(Http2Stream stream, ErrorCode code) => stream.Malformed = true;

    private protected override void OnLessToDo()
    {
        IdleSince = Context.Loop.NowMs;
        EndIfDone();
    }

    private protected override void OnGoAway(int lastId)
    {
        _over(this);
        foreach (var stream in Streams.Values)
        {
            if (stream.Id > lastId)
            {
                // Not processed, and safe to be sent again (RFC 9113 §6.8).
                stream.Reset(ErrorCode.RefusedStream, byPeer: true);
            }
        }
    }

    private protected override void OnPeerSettings()
    {
        _knowsSettings = true;
        while (_awaitSettings.TryDequeue(out var gate))
        {
            gate.Open();
        }
    }

    private protected override void OnEnd()
    {
        foreach (var stream in Streams.Values)
        {
            // An endpoint that breaks the rules has not answered: the same as one that does so in HTTP/1.
            stream.Malformed |= Failed && !stream.ResetByPeer;
        }

        _over(this);
        while (_awaitSettings.TryDequeue(out var gate))
        {
            gate.Open(Wait.Cancelled);
        }

        _close();
    }

    private protected override bool GoesOn(Wait wait) => IsOpen;

    private ErrorCode Behind(Http2Stream stream, ReadOnlySpan<byte> text, bool end, bool interim)
    {
        var joined = Context.Buffers.Rent(stream.Head!.Count + text.Length);
        if (joined.Capacity < stream.Head.Count + text.Length)
        {
            Context.Buffers.Return(joined);
            return ErrorCode.EnhanceYourCalm;
        }

        stream.Head.Valid.CopyTo(joined.Bytes);
        text.CopyTo(joined.Bytes.AsSpan(stream.Head.Count));
        joined.End = stream.Head.Count + text.Length;
        Context.Buffers.Return(stream.Head);
        stream.Head = joined;
        stream.HeadComplete = !interim;
        stream.EndReceived = end;
        stream.WakeReader();
        return ErrorCode.NoError;
    }
}
