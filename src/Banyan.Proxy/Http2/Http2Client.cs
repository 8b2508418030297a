using Banyan.Proxy.Forward;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>The client's role: a connection to an endpoint that many exchanges share. Kept by <see cref="Http2Pool"/>.</summary>
internal sealed class Http2Client : Http2Connection
{
    private readonly Upstream _upstream;
    private readonly Http2Pool _pool;
    private int _nextId = 1;

    private Http2Client(Worker worker, Upstream upstream, Http2Pool pool)
        : base(worker, upstream.Sock, 300_000)
    {
        _upstream = upstream;
        _pool = pool;
    }

    /// <summary>When the last stream ended, in the loop's milliseconds.</summary>
    internal long IdleSince { get; private set; }

    /// <summary>One more request may be sent here.</summary>
    internal bool HasRoom => IsOpen && !GoingAway && Streams.Count < PeerMaxStreams && _nextId < int.MaxValue - 2 && !Sock.PeerFinished;

    /// <summary>It has served before.</summary>
    internal bool IsReused => _nextId > 1;

    private protected override bool IsClient => true;

    /// <summary>Takes over a fresh connection.</summary>
    internal static Http2Client Start(Worker worker, Upstream upstream, Http2Pool pool)
    {
        var client = new Http2Client(worker, upstream, pool) { IdleSince = worker.Loop.NowMs };
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
            SendReset(stream, ErrorCode.ProtocolError);
            OnStreamError(stream, ErrorCode.ProtocolError);
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
        // Whoever waits on the stream was woken and sees it.
    }

    private protected override void OnStreamError(Http2Stream stream, ErrorCode code) => stream.Malformed = true;

    private protected override void OnStreamClosed()
    {
        IdleSince = Worker.Loop.NowMs;
        EndIfDone();
    }

    private protected override void OnGoAway(int lastId)
    {
        _pool.Remove(this);
        foreach (var stream in Streams.Values)
        {
            if (stream.Id > lastId)
            {
                // Not processed, and safe to be sent again (RFC 9113 §6.8).
                stream.Reset(ErrorCode.RefusedStream, byPeer: true);
            }
        }
    }

    private protected override void OnEnd()
    {
        _pool.Remove(this);
        _upstream.Close();
    }

    private protected override bool GoesOn(Wait wait) => IsOpen;

    private ErrorCode Behind(Http2Stream stream, ReadOnlySpan<byte> text, bool end, bool interim)
    {
        var joined = Worker.Buffers.Rent(stream.Head!.Count + text.Length);
        if (joined.Capacity < stream.Head.Count + text.Length)
        {
            Worker.Buffers.Return(joined);
            return ErrorCode.EnhanceYourCalm;
        }

        stream.Head.Valid.CopyTo(joined.Bytes);
        text.CopyTo(joined.Bytes.AsSpan(stream.Head.Count));
        joined.End = stream.Head.Count + text.Length;
        Worker.Buffers.Return(stream.Head);
        stream.Head = joined;
        stream.HeadComplete = !interim;
        stream.EndReceived = end;
        stream.WakeReader();
        return ErrorCode.NoError;
    }
}
