using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Http2;

/// <summary>One stream of a connection: what was received and not yet passed on, both windows, and who waits. Pooled per worker.</summary>
internal sealed class Http2Stream
{
    /// <summary>Data kept of a request so that it can be sent again, bytes.</summary>
    private const int ReplayLimit = 64 * 1024;

    private readonly ReactorContext _context;
    private readonly Gate _read;
    private readonly Gate _write;
    private IoBuffer? _first;
    private IoBuffer? _last;
    private IoBuffer? _cursor;
    private int _at;
    private int _kept;
    private long _passed;
    private long _credited;

    internal Http2Stream(ReactorContext context)
    {
        _context = context;
        _read = new Gate(context.Loop);
        _write = new Gate(context.Loop);
    }

    internal Http2Connection Connection { get; private set; } = null!;

    internal int Id { get; private set; }

    /// <summary>The exchange that a request on this stream began; null on the client's side of a connection.</summary>
    internal Exchange? Exchange { get; set; }

    /// <summary>Decoded head as HTTP/1.1 text: of the request, or of the response that came last (an interim one is taken away).</summary>
    internal IoBuffer? Head { get; set; }

    /// <summary>Decoded trailer section as HTTP/1.1 text.</summary>
    internal IoBuffer? Trailers { get; set; }

    /// <summary>The final head is here: what comes now are trailers.</summary>
    internal bool HeadComplete { get; set; }

    /// <summary>The peer has sent END_STREAM.</summary>
    internal bool EndReceived { get; set; }

    /// <summary>A head was sent or received: before that a stream of ours is idle, and a reset of it would break a rule.</summary>
    internal bool Begun { get; set; }

    /// <summary>END_STREAM was sent.</summary>
    internal bool EndSent { get; set; }

    /// <summary>The stream was reset, by whom ever, or its connection is gone: nothing can be sent any more.</summary>
    internal bool IsReset { get; private set; }

    /// <summary>The peer sent RST_STREAM.</summary>
    internal bool ResetByPeer { get; private set; }

    internal ErrorCode ResetCode { get; private set; }

    /// <summary>What the peer sent broke the rules.</summary>
    internal bool Malformed { get; set; }

    /// <summary>Interim responses received.</summary>
    internal int Interims { get; set; }

    /// <summary>Bytes that the peer still takes; negative after it lowered its initial window.</summary>
    internal long SendWindow { get; set; }

    /// <summary>Bytes that the peer may still send.</summary>
    internal int ReceiveWindow { get; set; }

    /// <summary>Size that <see cref="ReceiveWindow"/> is refilled to.</summary>
    internal int WindowSize { get; set; }

    /// <summary>Bytes passed on whose credit was not given back yet.</summary>
    internal int Unreturned { get; set; }

    /// <summary>When it was begun, in the loop's milliseconds.</summary>
    internal long OpenedMs { get; set; }

    /// <summary>When credit was given back last.</summary>
    internal long ReturnedMs { get; set; }

    /// <summary>Body bytes that Content-Length still announces; -1 when it was not there or does not count.</summary>
    internal long Expected { get; set; } = -1;

    /// <summary>Body bytes received.</summary>
    internal long Received { get; private set; }

    /// <summary>Told of a reset, by whom ever, also of the connection's end; set by who may wait for something else.</summary>
    internal Action? ResetEvent { get; set; }

    /// <summary>It is in its connection's queue of those that wait to send.</summary>
    internal bool QueuesToSend { get; set; }

    /// <summary>Passed-on data is kept, so that <see cref="Rewind"/> can begin again.</summary>
    internal bool Keeps { get; private set; }

    /// <summary>Received data that was not passed on.</summary>
    internal ReadOnlySpan<byte> Unread
    {
        get
        {
            while (_cursor is not null && _at == _cursor.End && _cursor.NextFree is not null)
            {
                Step();
            }

            return _cursor is null ? default : _cursor.Bytes.AsSpan(_at, _cursor.End - _at);
        }
    }

    /// <summary>Array and offset of <see cref="Unread"/>, for writes that outlast a wait.</summary>
    internal byte[] UnreadBytes => _cursor!.Bytes;

    internal int UnreadStart => _at;

    /// <summary>More than one buffer is unread.</summary>
    internal bool HasMore => _cursor?.NextFree is not null;

    internal void Open(Http2Connection connection, int id, bool keeps)
    {
        Connection = connection;
        Id = id;
        Keeps = keeps;
    }

    /// <summary>Wait until something was received or the stream ended. Look first, then wait.</summary>
    internal Gate Readable(long deadline) => _read.Until(deadline);

    /// <summary>Wait until sending is worth another try.</summary>
    internal Gate Writable(long deadline) => _write.Until(deadline);

    internal void WakeReader() => _read.Open();

    internal void WakeWriter() => _write.Open();

    internal void Wake()
    {
        _read.Open();
        _write.Open();
    }

    internal void Reset(ErrorCode code, bool byPeer)
    {
        if (!IsReset)
        {
            IsReset = true;
            ResetByPeer = byPeer;
            ResetCode = code;
            ResetEvent?.Invoke();
        }

        Wake();
    }

    /// <summary>Keeps a copy of received data.</summary>
    internal void Append(ReadOnlySpan<byte> data)
    {
        Received += data.Length;
        if (Keeps)
        {
            _kept += data.Length;
            if (_kept > ReplayLimit)
            {
                Forget();
            }
        }

        while (!data.IsEmpty)
        {
            if (_last is null || _last.Room.IsEmpty)
            {
                var fresh = _context.Buffers.Rent(data.Length);
                if (_last is null)
                {
                    _first = fresh;
                    _cursor = fresh;
                    _at = 0;
                }
                else
                {
                    _last.NextFree = fresh;
                }

                _last = fresh;
            }

            var n = Math.Min(data.Length, _last.Room.Length);
            data[..n].CopyTo(_last.Room);
            _last.End += n;
            data = data[n..];
        }
    }

    /// <summary>The first bytes of <see cref="Unread"/> were passed on: the peer may send as many more.</summary>
    internal void Consume(int count)
    {
        _at += count;
        if (!Keeps && _cursor is not null && _at == _cursor.End)
        {
            Step();
        }

        _passed += count;
        if (_passed > _credited)
        {
            // Not for what is passed on a second time.
            Connection.ReturnCredit(this, (int)(_passed - _credited));
            _credited = _passed;
        }
    }

    /// <summary>Everything received is passed on again.</summary>
    internal void Rewind()
    {
        _cursor = _first;
        _at = _first?.Start ?? 0;
        _passed = 0;
    }

    /// <summary>Stops keeping: what was passed on is given back.</summary>
    internal void Forget()
    {
        Keeps = false;
        while (_first is not null && _first != _cursor)
        {
            FreeFirst();
        }

        if (_cursor is not null && _at == _cursor.End)
        {
            Step();
        }
    }

    /// <summary>Gives everything back, ready for the pool.</summary>
    internal void Clear()
    {
        _cursor = null;
        while (_first is not null)
        {
            FreeFirst();
        }

        _last = null;
        _at = 0;
        _kept = 0;
        _passed = 0;
        _credited = 0;
        Received = 0;
        Free(Head);
        Free(Trailers);
        Head = null;
        Trailers = null;
        Connection = null!;
        Exchange = null;
        ResetEvent = null;
        HeadComplete = false;
        EndReceived = false;
        EndSent = false;
        Begun = false;
        IsReset = false;
        ResetByPeer = false;
        Malformed = false;
        Interims = 0;
        Unreturned = 0;
        Expected = -1;
        QueuesToSend = false;
    }

    private void Step()
    {
        var next = _cursor!.NextFree;
        _cursor = next;
        _at = next?.Start ?? 0;
        if (!Keeps)
        {
            FreeFirst();
        }
    }

    private void FreeFirst()
    {
        var buffer = _first!;
        _first = buffer.NextFree;
        if (_first is null)
        {
            _last = null;
        }

        buffer.NextFree = null;
        _context.Buffers.Return(buffer);
    }

    private void Free(IoBuffer? buffer)
    {
        if (buffer is not null)
        {
            _context.Buffers.Return(buffer);
        }
    }
}
