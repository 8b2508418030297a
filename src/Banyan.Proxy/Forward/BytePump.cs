using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>How a relay ended.</summary>
internal enum PumpEnd : byte
{
    /// <summary>Both sides have said all.</summary>
    Finished,

    /// <summary>The left side broke off.</summary>
    LeftReset,

    /// <summary>The right side broke off.</summary>
    RightReset,

    /// <summary>No byte moved for too long.</summary>
    Idle,
}

/// <summary>Told of what a relay moves.</summary>
internal interface IPumpObserver
{
    /// <summary>So many bytes were handed to the left or to the right side.</summary>
    void Moved(bool toRight, int bytes);
}

/// <summary>Relays bytes between two sockets until both directions are finished or one side breaks; a half-close travels on.</summary>
/// <remarks>Nothing is read from one side before the other has taken what came before: that is the back-pressure. Buffers and
/// pipes are held only while bytes are in them. Long streams go through a pipe, docs/decisions/0012-splice.md has the figures.</remarks>
internal sealed class BytePump
{
    /// <summary>No byte in either direction for this long ends a relay, unless somebody says otherwise.</summary>
    internal const long DefaultIdleMs = 3_600_000;

    /// <summary>Bytes that are relayed before the loop looks at other sockets.</summary>
    internal const int Stretch = 256 * 1024;

    /// <summary>Full reads of 64 KiB in a row after which a stream counts as long.</summary>
    private const int LongAfter = 4;

    /// <summary>Bytes found at once below which a pipe costs more than it saves.</summary>
    private const int ShortBurst = 16 * 1024;

    /// <summary>Short bursts in a row after which a stream is no longer long.</summary>
    private const int ShortBurstsToLeave = 4;

    private static volatile bool _splices = true;

    private readonly Worker _worker;
    private readonly Sock _left;
    private readonly Sock _right;
    private readonly IPumpObserver? _observer;
    private readonly long _idleMs;
    private readonly Gate _done;
    private long _lastMs;
    private int _running = 2;
    private bool _broken;
    private PumpEnd _end;

    internal BytePump(Worker worker, Sock left, Sock right, IPumpObserver? observer = null, long idleMs = DefaultIdleMs)
    {
        _worker = worker;
        _left = left;
        _right = right;
        _observer = observer;
        _idleMs = idleMs;
        _done = new Gate(worker.Loop);
        _lastMs = worker.Loop.NowMs;
    }

    /// <summary>Whether long streams go through a pipe; false from the first time that the kernel refuses. One for the process.</summary>
    internal static bool Splices
    {
        get => _splices;
        set => _splices = value;
    }

    /// <summary>Relays; the buffers hold what was received before and stay the caller's. The sockets stay open.</summary>
    internal async ReactorTask<PumpEnd> Run(IoBuffer? fromLeft, IoBuffer? fromRight)
    {
        _ = _done.Until(long.MaxValue);

        // While a direction waits to write it does not read, and would not hear of a reset.
        _left.IdleEvent = () => CheckReset(_left, PumpEnd.LeftReset);
        _right.IdleEvent = () => CheckReset(_right, PumpEnd.RightReset);
        Direction(toRight: true, fromLeft).Forget();
        Direction(toRight: false, fromRight).Forget();
        await _done;
        _left.IdleEvent = null;
        _right.IdleEvent = null;
        return _end;
    }

    private async ReactorTask Direction(bool toRight, IoBuffer? first)
    {
        if ((first is null || await Write(toRight, first)) && await Copy(toRight))
        {
            (toRight ? _right : _left).ShutdownWrite();
        }

        if (--_running == 0)
        {
            _done.Open();
        }
    }

    /// <summary>True at the end of the stream, false when the relay is over.</summary>
    private async ReactorTask<bool> Copy(bool toRight)
    {
        var from = toRight ? _left : _right;
        var size = BufferPool.Small;
        var stretch = 0;
        var full = 0;
        while (await MayGoOn(from.Readable(_lastMs + _idleMs)))
        {
            if (stretch >= Stretch)
            {
                stretch = 0;
                await _worker.Loop.Yield();
            }

            if (full >= LongAfter && _splices && _left.MaySplice && _right.MaySplice)
            {
                full = 0;
                if (await Splice(toRight))
                {
                    return true;
                }

                continue;
            }

            var buffer = _worker.Buffers.Rent(size);
            var n = from.TryRead(buffer.Room);
            buffer.End = Math.Max(n, 0);
            var sent = n <= 0 || await Write(toRight, buffer);
            full = n == BufferPool.Large ? full + 1 : 0;
            size = n == buffer.Capacity ? BufferPool.Large : n > BufferPool.Small ? size : BufferPool.Small;
            _worker.Buffers.Return(buffer);
            stretch += Math.Max(n, 0);
            if (n == 0)
            {
                return true;
            }

            if (n == Sock.Failed)
            {
                Break(toRight ? PumpEnd.LeftReset : PumpEnd.RightReset);
            }

            if (!sent)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>Copies through a pipe while the stream is long. True at its end; false when it is to go on through buffers, or
    /// the relay is over.</summary>
    private async ReactorTask<bool> Splice(bool toRight)
    {
        var from = toRight ? _left : _right;
        var shortBursts = 0;
        while (shortBursts < ShortBurstsToLeave && await MayGoOn(from.Readable(_lastMs + _idleMs)))
        {
            var pipe = _worker.Pipes.TryRent();
            if (pipe is null)
            {
                return false;
            }

            var burst = 0;
            int n;
            do
            {
                n = from.TryMoveTo(pipe);
                burst += Math.Max(n, 0);
            }
            while (n > 0 && await WritePipe(toRight, pipe) && burst < Stretch);

            _worker.Pipes.Return(pipe);
            switch (n)
            {
                case 0:
                    return true;
                case Sock.Failed:
                    Break(toRight ? PumpEnd.LeftReset : PumpEnd.RightReset);
                    return false;
                case Sock.Unsupported:
                    _splices = false;
                    return false;
                default:
                    break;
            }

            shortBursts = burst < ShortBurst ? shortBursts + 1 : 0;
            if (burst >= Stretch)
            {
                await _worker.Loop.Yield();
            }
        }

        return false;
    }

    /// <summary>Writes what the buffer holds; false when the relay is over.</summary>
    private async ReactorTask<bool> Write(bool toRight, IoBuffer buffer)
    {
        var to = toRight ? _right : _left;
        while (buffer.Count > 0)
        {
            var n = to.TryWrite(buffer.Valid);
            buffer.Start += Math.Max(n, 0);
            if (!Wrote(toRight, n) || (n == Sock.WouldBlock && !await MayGoOn(to.Writable(_lastMs + _idleMs))))
            {
                return false;
            }
        }

        return !_broken;
    }

    /// <summary>Writes what the pipe holds; false when the relay is over.</summary>
    private async ReactorTask<bool> WritePipe(bool toRight, SplicePipe pipe)
    {
        var to = toRight ? _right : _left;
        while (pipe.Held > 0)
        {
            var n = to.TryMoveFrom(pipe);
            if (!Wrote(toRight, n) || (n == Sock.WouldBlock && !await MayGoOn(to.Writable(_lastMs + _idleMs))))
            {
                return false;
            }
        }

        return !_broken;
    }

    /// <summary>Takes note of the result of a write; false when it broke the relay.</summary>
    private bool Wrote(bool toRight, int n)
    {
        if (n > 0)
        {
            _lastMs = _worker.Loop.NowMs;
            _observer?.Moved(toRight, n);
        }
        else if (n == Sock.Failed)
        {
            Break(toRight ? PumpEnd.RightReset : PumpEnd.LeftReset);
            return false;
        }

        return true;
    }

    /// <summary>Waits; false when the relay is over. A wait that ends early because the other direction moved is repeated by
    /// the caller, who finds nothing to do and asks again.</summary>
    private async ReactorTask<bool> MayGoOn(SockWait wait)
    {
        if (_broken)
        {
            return false;
        }

        if (await wait == Wait.TimedOut && _worker.Loop.NowMs >= _lastMs + _idleMs)
        {
            Break(PumpEnd.Idle);
        }

        return !_broken;
    }

    private void CheckReset(Sock sock, PumpEnd end)
    {
        // A hang-up alone may be the normal end of both directions, with bytes still to be read.
        if (sock.Broken && sock.TakeError() != 0)
        {
            Break(end);
        }
    }

    private void Break(PumpEnd end)
    {
        if (!_broken)
        {
            _broken = true;
            _end = end;
            _left.Cancel();
            _right.Cancel();
        }
    }
}
