using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Http2;

/// <summary>Frames on their way out: a chain of buffers that leaves at the end of the loop's turn, all streams together.</summary>
internal sealed class Output
{
    private readonly ReactorContext _context;
    private readonly Sock _sock;
    private readonly Action _flush;
    private readonly Action _onProgress;
    private readonly Action _onBroken;
    private IoBuffer? _first;
    private IoBuffer? _last;
    private bool _scheduled;
    private bool _waiting;
    private bool _cleared;

    /// <param name="context">Owner of the buffers.</param>
    /// <param name="sock">Where the bytes go.</param>
    /// <param name="onProgress">Called when bytes have left.</param>
    /// <param name="onBroken">Called when the connection broke, or its peer read nothing for <see cref="StallMs"/>.</param>
    internal Output(ReactorContext context, Sock sock, Action onProgress, Action onBroken)
    {
        _context = context;
        _sock = sock;
        _onProgress = onProgress;
        _onBroken = onBroken;
        _flush = Flush;
    }

    /// <summary>Bytes that wait.</summary>
    internal int Count { get; private set; }

    /// <summary>A peer that reads nothing for so long is given up, milliseconds.</summary>
    internal long StallMs { get; init; } = 300_000;

    /// <summary>Room for that many bytes in one piece (at most 64 KiB); say <see cref="Commit"/> when they are written.</summary>
    internal Span<byte> Room(int size)
    {
        if (_last is null || _last.Room.Length < size)
        {
            var fresh = _context.Buffers.Rent(BufferPool.Large);
            if (_last is null)
            {
                _first = fresh;
            }
            else
            {
                _last.NextFree = fresh;
            }

            _last = fresh;
        }

        return _last.Room;
    }

    internal void Commit(int size)
    {
        _last!.End += size;
        Count += size;
        if (!_scheduled && !_waiting)
        {
            _scheduled = true;
            _context.Loop.AtEndOfTurn(_flush);
        }
    }

    /// <summary>Sends what the kernel takes, now.</summary>
    internal void Flush()
    {
        _scheduled = false;
        if (_waiting || _cleared || !_sock.IsOpen)
        {
            return;
        }

        if (Write())
        {
            return;
        }

        _waiting = true;
        Wait().Forget();
    }

    /// <summary>Gives the buffers back; nothing is sent any more.</summary>
    internal void Clear()
    {
        while (_first is not null)
        {
            FreeFirst();
        }

        Count = 0;
        _cleared = true;
    }

    private async ReactorTask Wait()
    {
        while (_sock.IsOpen)
        {
            var wait = await _sock.Writable(_context.Loop.NowMs + StallMs);
            if (_cleared)
            {
                break;
            }

            if (wait == Reactor.Wait.TimedOut)
            {
                _waiting = false;
                _onBroken();
                return;
            }

            // Cancelled: somebody ended other waits of this socket.
            if (Write())
            {
                break;
            }
        }

        _waiting = false;
    }

    /// <summary>True when everything left, or nothing ever will.</summary>
    private bool Write()
    {
        var before = Count;
        while (_first is not null)
        {
            var n = _sock.TryWrite(_first.Valid);
            if (n == Sock.Failed)
            {
                _onBroken();
                return true;
            }

            if (n < 0)
            {
                break;
            }

            Count -= n;
            _first.Start += n;
            if (_first.Count > 0)
            {
                break;
            }

            FreeFirst();
        }

        if (Count < before)
        {
            _onProgress();
        }

        return Count == 0;
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
}
