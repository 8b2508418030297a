using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Forward;

/// <summary>One end of a tunnel: a socket or a stream.</summary>
/// <param name="Sock">The socket; null when it is a stream.</param>
/// <param name="Stream">The stream; null when it is a socket.</param>
internal readonly record struct TunnelEnd(Sock? Sock, Http2Stream? Stream);

/// <summary>Relays bytes like <see cref="BytePump"/> where one end or both are streams: END_STREAM is FIN, RST_STREAM is RST.</summary>
/// <remarks>Nothing is taken from one end before the other has taken what came before; a stream's credit is given back with it.</remarks>
internal sealed class StreamPump
{
    private readonly Worker _worker;
    private readonly TunnelEnd _left;
    private readonly TunnelEnd _right;
    private readonly IPumpObserver? _observer;
    private readonly long _idleMs;
    private readonly Gate _done;
    private long _lastMs;
    private int _running = 2;
    private bool _leftDeaf;
    private bool _rightDeaf;
    private bool _over;
    private PumpEnd _end;

    internal StreamPump(Worker worker, TunnelEnd left, TunnelEnd right, IPumpObserver? observer, long idleMs)
    {
        _worker = worker;
        _left = left;
        _right = right;
        _observer = observer;
        _idleMs = idleMs;
        _done = new Gate(worker.Loop);
        _lastMs = worker.Loop.NowMs;
    }

    /// <summary>Relays; the buffers hold what was received before and stay the caller's. Nothing is closed or reset here.</summary>
    internal async ReactorTask<PumpEnd> Run(IoBuffer? fromLeft, IoBuffer? fromRight)
    {
        _ = _done.Until(long.MaxValue);
        Listen(_left, () => OnReset(_left, PumpEnd.LeftReset));
        Listen(_right, () => OnReset(_right, PumpEnd.RightReset));
        Direction(toRight: true, fromLeft).Forget();
        Direction(toRight: false, fromRight).Forget();
        await _done;
        Listen(_left, null);
        Listen(_right, null);
        return _end;
    }

    /// <summary>While a direction waits to write it does not read, and would not hear of a reset.</summary>
    private static void Listen(TunnelEnd end, Action? onReset)
    {
        if (end.Stream is { } stream)
        {
            stream.ResetEvent = onReset;
            if (stream.IsReset)
            {
                onReset?.Invoke();
            }
        }
        else if (end.Sock is { } sock)
        {
            sock.IdleEvent = onReset is null ? null : () =>
            {
                // A hang-up alone may be the normal end of both directions, with bytes still to be read.
                if (sock.Broken && sock.TakeError() != 0)
                {
                    onReset();
                }
            };
        }
    }

    private async ReactorTask Direction(bool toRight, IoBuffer? first)
    {
        var from = toRight ? _left : _right;
        var to = toRight ? _right : _left;
        if ((first is null || await Write(toRight, first))
            && (from.Stream is { } stream ? await FromStream(toRight, stream) : await FromSock(toRight, from.Sock!)))
        {
            Finish(to);
            if (from.Sock is { Broken: true })
            {
                // It hung up on both directions.
                Deafen(left: toRight);
            }
        }

        if (--_running == 0)
        {
            _done.Open();
        }
    }

    private static void Finish(TunnelEnd to)
    {
        if (to.Stream is { } stream)
        {
            stream.Connection.SendData(stream, default, end: true);
        }
        else
        {
            to.Sock!.ShutdownWrite();
        }
    }

    /// <summary>True at the end of the stream, false when the relay is over.</summary>
    private async ReactorTask<bool> FromStream(bool toRight, Http2Stream from)
    {
        var stretch = 0;
        while (!IsOver(toRight))
        {
            var piece = from.Unread.Length;
            if (piece == 0)
            {
                if (from.EndReceived)
                {
                    return true;
                }

                await from.Readable(_lastMs + _idleMs);
                CheckIdle();
                continue;
            }

            var n = TryWrite(toRight, from.Unread);
            if (n > 0)
            {
                from.Consume(n);
                stretch += n;
            }

            if (n < piece && !IsOver(toRight))
            {
                await Writable(toRight ? _right : _left);
                CheckIdle();
            }
            else if (stretch >= BytePump.Stretch)
            {
                stretch = 0;
                await _worker.Loop.Yield();
            }
        }

        return false;
    }

    /// <summary>True at the end of the stream, false when the relay is over.</summary>
    private async ReactorTask<bool> FromSock(bool toRight, Sock from)
    {
        var size = BufferPool.Small;
        var stretch = 0;
        while (!IsOver(toRight))
        {
            await from.Readable(_lastMs + _idleMs);
            CheckIdle();
            if (IsOver(toRight))
            {
                break;
            }

            var buffer = _worker.Buffers.Rent(size);
            var n = from.TryRead(buffer.Room);
            buffer.End = Math.Max(n, 0);
            if (n > 0)
            {
                await Write(toRight, buffer);
            }

            size = n == buffer.Capacity ? BufferPool.Large : n > BufferPool.Small ? size : BufferPool.Small;
            _worker.Buffers.Return(buffer);
            stretch += Math.Max(n, 0);
            if (n == 0)
            {
                return !IsOver(toRight);
            }

            if (n == Sock.Failed)
            {
                Stop(toRight ? PumpEnd.LeftReset : PumpEnd.RightReset);
            }
            else if (stretch >= BytePump.Stretch)
            {
                stretch = 0;
                await _worker.Loop.Yield();
            }
        }

        return false;
    }

    /// <summary>Writes what the buffer holds; false when the relay is over.</summary>
    private async ReactorTask<bool> Write(bool toRight, IoBuffer buffer)
    {
        while (!IsOver(toRight))
        {
            buffer.Start += TryWrite(toRight, buffer.Valid);
            if (buffer.Count == 0)
            {
                return !IsOver(toRight);
            }

            if (!IsOver(toRight))
            {
                await Writable(toRight ? _right : _left);
                CheckIdle();
            }
        }

        return false;
    }

    /// <summary>Writes what the other end takes now.</summary>
    private int TryWrite(bool toRight, ReadOnlySpan<byte> bytes)
    {
        var to = toRight ? _right : _left;
        var n = to.Stream is { } stream ? stream.Connection.SendData(stream, bytes, end: false) : to.Sock!.TryWrite(bytes);
        if (n > 0)
        {
            _lastMs = _worker.Loop.NowMs;
            _observer?.Moved(toRight, n);
        }
        else if (n == Sock.Failed)
        {
            if (to.Sock!.LastError == Libc.EPIPE)
            {
                // It listens no more; what it had to say before may still be on its way.
                Deafen(left: !toRight);
            }
            else
            {
                Stop(toRight ? PumpEnd.RightReset : PumpEnd.LeftReset);
            }
        }

        return Math.Max(n, 0);
    }

    private async ReactorTask Writable(TunnelEnd to)
    {
        if (to.Stream is { } stream)
        {
            await stream.Writable(_lastMs + _idleMs);
        }
        else
        {
            await to.Sock!.Writable(_lastMs + _idleMs);
        }
    }

    private void CheckIdle()
    {
        // A wait that ended while the other direction moved is repeated.
        if (_worker.Loop.NowMs >= _lastMs + _idleMs)
        {
            Stop(PumpEnd.Idle);
        }
    }

    private void OnReset(TunnelEnd end, PumpEnd how)
    {
        if (end.Stream is { EndReceived: true, ResetByPeer: true, ResetCode: ErrorCode.NoError })
        {
            // It has said all, and does not want to hear more (RFC 9113 §8.1).
            Deafen(left: how == PumpEnd.LeftReset);
        }
        else
        {
            Stop(how);
        }
    }

    private bool IsOver(bool toRight) => _over || (toRight ? _rightDeaf : _leftDeaf);

    private void Stop(PumpEnd end)
    {
        if (!_over)
        {
            _over = true;
            _end = end;
            Wake();
        }
    }

    /// <summary>Ends the direction to that end.</summary>
    private void Deafen(bool left)
    {
        _leftDeaf |= left;
        _rightDeaf |= !left;
        Wake();
    }

    private void Wake()
    {
        _left.Sock?.Cancel();
        _left.Stream?.Wake();
        _right.Sock?.Cancel();
        _right.Stream?.Wake();
    }
}
