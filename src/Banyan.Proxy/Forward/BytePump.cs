using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>Relays bytes between two sockets until both directions are finished or one breaks; a half-close travels on.</summary>
internal sealed class BytePump(Worker worker, Sock left, Sock right)
{
    /// <summary>No byte in either direction for this long ends the relay.</summary>
    private const long IdleMs = 3_600_000;

    /// <summary>Bytes that are relayed before the loop looks at other sockets.</summary>
    private const int Stretch = 256 * 1024;

    private readonly Gate _done = new(worker.Loop);
    private long _lastMs = worker.Loop.NowMs;
    private int _running = 2;
    private bool _broken;

    /// <summary>Relays; the buffers hold what was received before and stay the caller's.</summary>
    internal async ReactorTask Run(IoBuffer? fromLeft, IoBuffer? fromRight)
    {
        _ = _done.Until(long.MaxValue);
        Direction(left, right, fromLeft).Forget();
        Direction(right, left, fromRight).Forget();
        await _done;
    }

    private async ReactorTask Direction(Sock from, Sock to, IoBuffer? first)
    {
        var clean = (first is null || first.Count == 0 || await Send.Range(to, first.Bytes, first.Start, first.End, IdleMs))
            && await Copy(from, to);
        if (clean)
        {
            to.ShutdownWrite();
        }
        else
        {
            _broken = true;
            from.Cancel();
            to.Cancel();
        }

        if (--_running == 0)
        {
            _done.Open();
        }
    }

    /// <summary>True at the end of the stream, false when either side broke.</summary>
    private async ReactorTask<bool> Copy(Sock from, Sock to)
    {
        var size = BufferPool.Small;
        var stretch = 0;
        while (await MayRead(from))
        {
            if (stretch >= Stretch)
            {
                stretch = 0;
                await worker.Loop.Yield();
            }

            var buffer = worker.Buffers.Rent(size);
            var n = from.TryRead(buffer.Room);
            var sent = n <= 0 || await Send.Range(to, buffer.Bytes, 0, n, IdleMs);
            size = n == buffer.Capacity ? BufferPool.Large : BufferPool.Small;
            worker.Buffers.Return(buffer);
            stretch += n;
            _lastMs = worker.Loop.NowMs;
            if (n == 0)
            {
                return true;
            }

            if (n == Sock.Failed || !sent)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>Waits for bytes; false when the relay is over, or idle in both directions.</summary>
    private async ReactorTask<bool> MayRead(Sock from)
    {
        while (!_broken)
        {
            var wait = await from.Readable(_lastMs + IdleMs);
            if (wait == Wait.Ready)
            {
                return !_broken;
            }

            if (wait == Wait.Cancelled || worker.Loop.NowMs >= _lastMs + IdleMs)
            {
                return false;
            }
        }

        return false;
    }
}
