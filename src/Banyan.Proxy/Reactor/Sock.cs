using System.Runtime.CompilerServices;

namespace Banyan.Proxy.Reactor;

/// <summary>How a wait on a socket ended.</summary>
internal enum Wait : byte
{
    /// <summary>Try the operation now.</summary>
    Ready,

    /// <summary>The deadline passed first.</summary>
    TimedOut,

    /// <summary>Somebody else of the same exchange ended the wait (<see cref="Sock.Cancel"/>) or closed the socket.</summary>
    Cancelled,
}

/// <summary>A non-blocking stream socket that belongs to one event loop: synchronous attempts, awaitable readiness.</summary>
/// <remarks>
/// Registered once, edge triggered. After a short read it counts as not readable, so no EAGAIN probe is made; after RDHUP
/// it stays readable, or the FIN would be lost; HUP and ERR wake both sides. One reader and one writer may wait at a time.
/// With a layer (<see cref="SockLayer"/>) the same methods carry what is above it.
/// </remarks>
internal sealed unsafe partial class Sock
{
    /// <summary>Result of an attempt that found the socket not ready.</summary>
    internal const int WouldBlock = -1;

    /// <summary>Result of an attempt on a broken connection; <see cref="LastError"/> holds errno.</summary>
    internal const int Failed = -2;

    /// <summary>Result of an attempt that this kernel (or what stands for it) does not know for these sockets.</summary>
    internal const int Unsupported = -3;

    private readonly Side _read;
    private readonly Side _write;
    private bool _peerFinished;

    internal Sock(EventLoop loop, int fd, bool writable)
    {
        Loop = loop;
        Fd = fd;
        _read = new Side(this);
        _write = new Side(this) { Ready = writable };
    }

    internal EventLoop Loop { get; }

    internal int Fd { get; private set; }

    internal int Slot { get; init; }

    internal uint Generation { get; init; }

    internal int LastError { get; private set; }

    /// <summary>The other end, when that is in this process too (<see cref="SockPair"/>).</summary>
    internal Sock? Twin { get; set; }

    /// <summary>Somebody here broke the connection off (<see cref="CutOff"/>): it ends in a reset.</summary>
    internal bool IsCutOff { get; private set; }

    /// <summary>Hang-up or error was reported: what is sent now will not arrive.</summary>
    internal bool Broken { get; private set; }

    /// <summary>The peer has sent its FIN (or worse); buffered bytes may still be readable.</summary>
    internal bool PeerFinished => _peerFinished || Broken;

    /// <summary>Readable bytes or an end of stream wait.</summary>
    internal bool ReadableNow => _read.Ready && (_layer is null || LayerHasNews());

    internal bool IsOpen => Fd >= 0;

    /// <summary>Told of every event while nobody waits to read; set by pools that hold idle connections.</summary>
    internal Action? IdleEvent { get; set; }

    /// <summary>Reads what is there: bytes read, 0 at the end of the stream, <see cref="WouldBlock"/> or <see cref="Failed"/>.</summary>
    internal int TryRead(Span<byte> buffer)
    {
        if (!_read.Ready)
        {
            return WouldBlock;
        }

        if (_layer is not null)
        {
            return ReadLayer(buffer);
        }

        int n;
        fixed (byte* p = buffer)
        {
            n = Receive(p, buffer.Length);
        }

        if (n == WouldBlock || (n > 0 && n < buffer.Length && !PeerFinished))
        {
            _read.Ready = false;
        }

        return n;
    }

    /// <summary>Looks at what waits and leaves it there: bytes seen, 0 at the end of the stream, <see cref="WouldBlock"/> or
    /// <see cref="Failed"/>. Not above a layer.</summary>
    internal int TryPeek(Span<byte> buffer)
    {
        if (!_read.Ready || _layer is not null)
        {
            return WouldBlock;
        }

        nint n;
        fixed (byte* p = buffer)
        {
            do
            {
                n = Libc.recv(Fd, p, (nuint)buffer.Length, Libc.MSG_PEEK);
            }
            while (n < 0 && Libc.Errno == Libc.EINTR);
        }

        return n >= 0 ? (int)n : Fail(_read);
    }

    /// <summary>Sends what fits: bytes taken by the kernel, <see cref="WouldBlock"/> or <see cref="Failed"/>.</summary>
    internal int TryWrite(ReadOnlySpan<byte> buffer)
    {
        if (!_write.Ready)
        {
            return WouldBlock;
        }

        if (_layer is not null)
        {
            return WroteLayer(_layer.Write(buffer), buffer.Length);
        }

        int n;
        fixed (byte* p = buffer)
        {
            n = Transmit(p, buffer.Length);
        }

        _write.Ready = n == buffer.Length || n == Failed;
        return n;
    }

    /// <summary>Sends two pieces in one call; the result counts over both.</summary>
    internal int TryWrite(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        if (second.IsEmpty)
        {
            return TryWrite(first);
        }

        if (!_write.Ready)
        {
            return WouldBlock;
        }

        if (_layer is not null)
        {
            return WroteLayer(_layer.Write(first, second), first.Length + second.Length);
        }

        nint n;
        fixed (byte* a = first, b = second)
        {
            var vectors = stackalloc Libc.IoVector[2];
            vectors[0] = new Libc.IoVector { Base = a, Length = (nuint)first.Length };
            vectors[1] = new Libc.IoVector { Base = b, Length = (nuint)second.Length };
            do
            {
                // SIGPIPE is ignored by the runtime, so writev needs no MSG_NOSIGNAL.
                n = Libc.writev(Fd, vectors, 2);
            }
            while (n < 0 && Libc.Errno == Libc.EINTR);
        }

        if (n < 0)
        {
            return Fail(_write);
        }

        _write.Ready = n == first.Length + second.Length;
        return (int)n;
    }

    /// <summary>Moves what is there into an empty pipe: bytes moved, 0 at the end of the stream, <see cref="WouldBlock"/>,
    /// <see cref="Failed"/> or <see cref="Unsupported"/>.</summary>
    internal int TryMoveTo(SplicePipe pipe)
    {
        if (!_read.Ready)
        {
            return WouldBlock;
        }

        if (_layer is not null)
        {
            return Unsupported;
        }

        // Fewer bytes than asked for may be a full pipe: only EAGAIN says that the socket is empty.
        var n = Splice(Fd, pipe.WriteEnd, SplicePipe.Size);
        if (n >= 0)
        {
            pipe.Held = (int)n;
            return (int)n;
        }

        return Libc.Errno is Libc.EINVAL or Libc.ENOSYS ? Unsupported : Fail(_read);
    }

    /// <summary>Sends what a pipe holds: bytes taken by the kernel, <see cref="WouldBlock"/> or <see cref="Failed"/>.</summary>
    internal int TryMoveFrom(SplicePipe pipe)
    {
        if (!_write.Ready)
        {
            return WouldBlock;
        }

        var n = Splice(pipe.ReadEnd, Fd, pipe.Held);
        if (n < 0)
        {
            return Fail(_write);
        }

        pipe.Held -= (int)n;
        return (int)n;
    }

    /// <summary>The error that waits on the socket, as errno; 0 = none. Taking it clears it: the next read would see an end.</summary>
    internal int TakeError()
    {
        if (IsCutOff)
        {
            return Libc.ECONNRESET;
        }

        var error = 0;
        uint length = sizeof(int);
        return Libc.getsockopt(Fd, Libc.SOL_SOCKET, Libc.SO_ERROR, &error, &length) < 0 ? Libc.Errno : error;
    }

    /// <summary>Waits until a read is worth trying. The deadline is in milliseconds of <see cref="EventLoop.NowMs"/>.</summary>
    internal SockWait Readable(long deadline) => new(_read, deadline);

    /// <summary>Waits until a write is worth trying.</summary>
    internal SockWait Writable(long deadline) => new(_write, deadline);

    /// <summary>A call outside this class found nothing to read (accept).</summary>
    internal void ForgetReadable() => _read.Ready = false;

    /// <summary>Bytes that were seen (<see cref="TryPeek"/>) are still there: a read is worth trying.</summary>
    internal void RecallReadable() => _read.Ready = true;

    /// <summary>Ends the waits of this socket with <see cref="Wait.Cancelled"/>; they resume from the loop, not inline.</summary>
    internal void Cancel()
    {
        _read.Wake(Wait.Cancelled, queued: true);
        _write.Wake(Wait.Cancelled, queued: true);
    }

    internal void ShutdownWrite()
    {
        if (Fd >= 0 && _layer is not null)
        {
            FinishLayer();
        }
        else if (Fd >= 0)
        {
            _ = Libc.shutdown(Fd, Libc.SHUT_WR);
        }
    }

    /// <summary>Ends what uses this socket, as if the peer had reset it: all waits end, and who listens is told.</summary>
    internal void CutOff()
    {
        if (Fd >= 0 && !IsCutOff)
        {
            IsCutOff = true;
            Broken = true;
            Cancel();
            IdleEvent?.Invoke();
        }
    }

    /// <summary>Closes with a reset, so that the peer cannot take what it got for a whole message.</summary>
    internal void Abort()
    {
        if (Fd >= 0)
        {
            // Sockets that never leave the host know no reset.
            Twin?.CutOff();
            var linger = new Libc.Linger { OnOff = 1, Seconds = 0 };
            _ = Libc.setsockopt(Fd, Libc.SOL_SOCKET, Libc.SO_LINGER, &linger, (uint)sizeof(Libc.Linger));
            Close(orderly: false);
        }
    }

    internal void Close() => Close(orderly: true);

    private void Close(bool orderly)
    {
        if (Fd < 0)
        {
            return;
        }

        // While the wire is there: a layer says goodbye.
        _layer?.Close(orderly && !IsCutOff);

        // Closing removes the descriptor from epoll: it is never duplicated.
        var fd = Fd;
        Fd = -1;
        Loop.Unregister(this);
        Cancel();
        Loop.Timers.Disarm(_read);
        Loop.Timers.Disarm(_write);
        _ = Libc.close(fd);
    }

    internal void OnEvents(uint events)
    {
        if ((events & (Libc.EPOLLERR | Libc.EPOLLHUP)) != 0)
        {
            Broken = true;
        }

        if ((events & Libc.EPOLLRDHUP) != 0)
        {
            _peerFinished = true;
        }

        if (_layer is not null)
        {
            OnLayerEvents(
                (events & (Libc.EPOLLIN | Libc.EPOLLRDHUP | Libc.EPOLLHUP | Libc.EPOLLERR)) != 0,
                (events & (Libc.EPOLLOUT | Libc.EPOLLHUP | Libc.EPOLLERR)) != 0);
            return;
        }

        if ((events & (Libc.EPOLLIN | Libc.EPOLLRDHUP | Libc.EPOLLHUP | Libc.EPOLLERR)) != 0)
        {
            _read.Ready = true;
            if (!_read.Wake(Wait.Ready, queued: false))
            {
                IdleEvent?.Invoke();
            }
        }

        if (Fd >= 0 && (events & (Libc.EPOLLOUT | Libc.EPOLLHUP | Libc.EPOLLERR)) != 0)
        {
            _write.Ready = true;
            _write.Wake(Wait.Ready, queued: false);
        }
    }

    private static nint Splice(int from, int to, int length)
    {
        nint n;
        do
        {
            // SIGPIPE is ignored by the runtime.
            n = Libc.splice(from, null, to, null, (nuint)length, Libc.SPLICE_F_MOVE | Libc.SPLICE_F_NONBLOCK);
        }
        while (n < 0 && Libc.Errno == Libc.EINTR);
        return n;
    }

    private int Receive(byte* buffer, int length)
    {
        nint n;
        do
        {
            n = Libc.recv(Fd, buffer, (nuint)length, 0);
        }
        while (n < 0 && Libc.Errno == Libc.EINTR);
        return n < 0 ? Failure() : (int)n;
    }

    private int Transmit(byte* buffer, int length)
    {
        nint n;
        do
        {
            n = Libc.send(Fd, buffer, (nuint)length, Libc.MSG_NOSIGNAL);
        }
        while (n < 0 && Libc.Errno == Libc.EINTR);
        return n < 0 ? Failure() : (int)n;
    }

    private int Fail(Side side)
    {
        var result = Failure();
        side.Ready &= result != WouldBlock;
        return result;
    }

    private int Failure()
    {
        var error = Libc.Errno;
        if (error == Libc.EAGAIN)
        {
            return WouldBlock;
        }

        LastError = error;
        Broken = true;
        return Failed;
    }

    /// <summary>One direction: its readiness, its waiter and its timer.</summary>
    internal sealed class Side(Sock sock) : TimerNode
    {
        internal bool Ready;
        internal Wait Outcome;
        private Action? _waiter;
        private long _deadline;

        internal bool HasWaiter => _waiter is not null;

        internal void Await(Action continuation, long deadline)
        {
            System.Diagnostics.Debug.Assert(_waiter is null, "two waiters on one direction of a socket");
            if (!sock.IsOpen)
            {
                Outcome = Wait.Cancelled;
                sock.Loop.Queue(continuation);
                return;
            }

            _waiter = continuation;
            _deadline = deadline;
            if (deadline < long.MaxValue && (ArmedFor == 0 || ArmedFor > deadline))
            {
                sock.Loop.Timers.Arm(this, deadline);
            }
        }

        internal bool Wake(Wait outcome, bool queued)
        {
            var waiter = _waiter;
            if (waiter is null)
            {
                return false;
            }

            _waiter = null;
            Outcome = outcome;
            if (queued)
            {
                sock.Loop.Queue(waiter);
            }
            else
            {
                waiter();
            }

            return true;
        }

        internal override void OnTimer(long now)
        {
            if (_waiter is null || _deadline == long.MaxValue)
            {
                return;
            }

            if (now >= _deadline)
            {
                Wake(Wait.TimedOut, queued: true);
            }
            else
            {
                sock.Loop.Timers.Arm(this, _deadline);
            }
        }
    }
}

/// <summary>Awaitable readiness of one direction of a <see cref="Sock"/>.</summary>
internal readonly struct SockWait(Sock.Side side, long deadline) : ICriticalNotifyCompletion
{
    public bool IsCompleted => side.Ready;

    public SockWait GetAwaiter() => this;

    public Wait GetResult()
    {
        var outcome = side.Outcome;
        side.Outcome = Wait.Ready;
        return outcome;
    }

    public void OnCompleted(Action continuation) => side.Await(continuation, deadline);

    public void UnsafeOnCompleted(Action continuation) => side.Await(continuation, deadline);
}
