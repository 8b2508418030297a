using System.Collections.Concurrent;
using System.Diagnostics;

namespace Banyan.Proxy.Reactor;

/// <summary>One epoll instance, its thread, its sockets and its timers. Everything registered here lives and dies here.</summary>
internal sealed unsafe class EventLoop
{
    private const int MaxEvents = 256;
    private const ulong WakeUp = ulong.MaxValue;

    [ThreadStatic]
    private static EventLoop? _current;

    private readonly int _epoll;
    private readonly int _wakeUp;
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly Stack<int> _freeSlots = new();
    private Queue<Action> _ready = new(256);
    private Queue<Action> _running = new(256);
    private readonly Queue<Action> _atEnd = new(64);
    private Sock?[] _socks = new Sock?[64];
    private int _usedSlots;
    private uint _generation;
    private int _wakeUpPending;
    private volatile bool _stopping;

    internal EventLoop(int index)
    {
        Index = index;
        NowMs = Environment.TickCount64;
        Timers = new TimerWheel(NowMs);
        _epoll = Check(Libc.epoll_create1(Libc.EPOLL_CLOEXEC), "epoll_create1");
        _wakeUp = Check(Libc.eventfd(0, Libc.EFD_NONBLOCK | Libc.EFD_CLOEXEC), "eventfd");
        Control(_wakeUp, Libc.EPOLLIN | Libc.EPOLLET, WakeUp);
        Random = new XorShift((ulong)Stopwatch.GetTimestamp() ^ ((ulong)(index + 1) << 32));
    }

    /// <summary>The loop of the calling thread, or null.</summary>
    internal static EventLoop? Current => _current;

    internal int Index { get; }

    internal TimerWheel Timers { get; }

    internal XorShift Random;

    /// <summary>Milliseconds of the monotonic clock, refreshed once per turn of the loop.</summary>
    internal long NowMs { get; private set; }

    /// <summary>Sockets registered now.</summary>
    internal int OpenSockets => _usedSlots - _freeSlots.Count;

    /// <summary>Told of exceptions that escaped a detached task: always a bug.</summary>
    internal Action<Exception>? OnFault { get; set; }

    /// <summary>Called about once a second on the loop's thread.</summary>
    internal Action? OnSecond { get; set; }

    /// <summary>Called at the end of every turn on the loop's thread; answers within how many milliseconds it wants to be called
    /// again, whatever happens, and -1 when it does not mind.</summary>
    internal Func<int>? OnTurn { get; set; }

    internal static int Check(int result, string call)
    {
        if (result < 0)
        {
            throw new IOException($"{call} failed: errno {Libc.Errno}");
        }

        return result;
    }

    /// <summary>Runs an action on this loop; callable from any thread.</summary>
    internal void Post(Action action)
    {
        _posted.Enqueue(action);
        Wake();
    }

    /// <summary>Lets the loop have another turn now; callable from any thread, never waits.</summary>
    internal void Wake()
    {
        if (Interlocked.Exchange(ref _wakeUpPending, 1) == 0)
        {
            ulong one = 1;
            _ = Libc.write(_wakeUp, &one, sizeof(ulong));
        }
    }

    /// <summary>Runs an action on a later step of this turn; this loop's thread only.</summary>
    internal void Queue(Action action) => _ready.Enqueue(action);

    /// <summary>Runs an action when everything else of this turn is done, before the loop waits; this loop's thread only.</summary>
    internal void AtEndOfTurn(Action action) => _atEnd.Enqueue(action);

    /// <summary>Await it to let the other sockets have their turn.</summary>
    internal Turn Yield() => new(this);

    internal void Stop()
    {
        _stopping = true;
        Post(static () => { });
    }

    internal void ReportFault(Exception exception) => OnFault?.Invoke(exception);

    internal Sock Register(int fd, bool writable)
    {
        if (!_freeSlots.TryPop(out var slot))
        {
            slot = _usedSlots++;
            if (slot == _socks.Length)
            {
                Array.Resize(ref _socks, _socks.Length * 2);
            }
        }

        var sock = new Sock(this, fd, writable) { Slot = slot, Generation = ++_generation };
        _socks[slot] = sock;
        Control(fd, Libc.EPOLLIN | Libc.EPOLLOUT | Libc.EPOLLRDHUP | Libc.EPOLLET, ((ulong)sock.Generation << 32) | (uint)slot);
        return sock;
    }

    /// <summary>The socket of that <see cref="Sock.Key"/>; null once it is closed. This loop's thread only.</summary>
    internal Sock? Find(nint key)
    {
        var sock = _socks[(uint)key];
        return sock is not null && sock.Key == key ? sock : null;
    }

    /// <summary>Every open socket; the action may close some. This loop's thread only.</summary>
    internal void ForEach(Action<Sock> action)
    {
        for (var slot = 0; slot < _usedSlots; slot++)
        {
            if (_socks[slot] is { } sock)
            {
                action(sock);
            }
        }
    }

    internal void Unregister(Sock sock)
    {
        _socks[sock.Slot] = null;
        _freeSlots.Push(sock.Slot);
    }

    internal void Run()
    {
        _current = this;
        var events = stackalloc byte[MaxEvents * Libc.EpollEventSize];
        var nextSecond = NowMs + 1000;
        var patience = OnTurn?.Invoke() ?? -1;
        while (!_stopping)
        {
            var timeout = _ready.Count > 0 || !_posted.IsEmpty ? 0 : Timers.SleepMs(NowMs);
            if (patience >= 0)
            {
                timeout = Math.Min(timeout, patience);
            }

            var count = Libc.epoll_wait(_epoll, events, MaxEvents, timeout);
            NowMs = Environment.TickCount64;
            for (var i = 0; i < count; i++)
            {
                Dispatch(events + (i * Libc.EpollEventSize));
            }

            RunPosted();
            Timers.Advance(NowMs);
            RunReady();
            patience = OnTurn?.Invoke() ?? -1;
            while (_atEnd.TryDequeue(out var last))
            {
                last();
            }

            if (NowMs >= nextSecond)
            {
                nextSecond = NowMs + 1000;
                OnSecond?.Invoke();
            }
        }

        _current = null;
    }

    private void Dispatch(byte* ev)
    {
        var events = *(uint*)ev;
        var data = *(ulong*)(ev + Libc.EpollDataOffset);
        if (data == WakeUp)
        {
            ulong drained;
            _ = Libc.read(_wakeUp, &drained, sizeof(ulong));
            return;
        }

        // An event of a socket that was closed earlier in this turn: the generation tells.
        var sock = _socks[(uint)data];
        if (sock is not null && sock.Generation == (uint)(data >> 32))
        {
            sock.OnEvents(events);
        }
    }

    private void RunPosted()
    {
        if (Volatile.Read(ref _wakeUpPending) == 0 && _posted.IsEmpty)
        {
            return;
        }

        // A full fence: what is posted from now on wakes the loop again, what was posted before is seen below.
        Interlocked.Exchange(ref _wakeUpPending, 0);
        while (_posted.TryDequeue(out var action))
        {
            action();
        }
    }

    private void RunReady()
    {
        // Only what is there now: what these add waits for the next turn, so that sockets are looked at in between.
        (_running, _ready) = (_ready, _running);
        while (_running.TryDequeue(out var action))
        {
            action();
        }
    }

    private void Control(int fd, uint events, ulong data)
    {
        var ev = stackalloc byte[16];
        *(uint*)ev = events;
        *(ulong*)(ev + Libc.EpollDataOffset) = data;
        Check(Libc.epoll_ctl(_epoll, Libc.EPOLL_CTL_ADD, fd, ev), "epoll_ctl");
    }
}
