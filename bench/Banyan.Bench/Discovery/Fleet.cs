using System.Collections.Concurrent;
using System.Diagnostics;
using Banyan.Bench.Load;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Discovery;

/// <summary>Many simulated proxies on one thread.</summary>
internal sealed class Fleet
{
    private const int MaxEvents = 1024;
    private const int SipBytes = 256;
    private const long Nap = 20_000_000;
    private static readonly TimeSpan SipEvery = TimeSpan.FromMilliseconds(50);

    private readonly Epoll _epoll = new(MaxEvents);
    private readonly List<SimulatedProxy> _proxies = [];
    private readonly List<SimulatedProxy> _slow = [];
    private readonly ConcurrentQueue<Action> _orders = new();
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly FleetState _state;
    private readonly int _port;
    private readonly Func<SimulatedProxy, string?> _chainOf;
    private TaskCompletionSource _synced = new();
    private int _missing;
    private long _sipped;

    /// <param name="port">The control plane's.</param>
    /// <param name="chainOf">Certificate and key of a proxy; null for plaintext streams.</param>
    /// <param name="log">What is changed, and who knows.</param>
    public Fleet(int port, Func<SimulatedProxy, string?> chainOf, ChangeLog log)
    {
        (_port, _chainOf) = (port, chainOf);
        _state = new FleetState(log, Synced);
        new Thread(Run) { IsBackground = true, Name = "fleet" }.Start();
    }

    /// <summary>Answers that were received.</summary>
    public long Pushes => _state.Pushes;

    /// <summary>Makes proxies connect, all at once.</summary>
    /// <param name="count">How many.</param>
    /// <param name="make">The n-th.</param>
    /// <returns>The time until the last of those that are not slow has all it asked for.</returns>
    public async Task<TimeSpan> ConnectAsync(int count, Func<int, FleetState, SimulatedProxy> make)
    {
        SimulatedProxy[] proxies = [.. Enumerable.Range(0, count).Select(each => make(each, _state))];
        var start = 0L;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _orders.Enqueue(() =>
        {
            start = Stopwatch.GetTimestamp();
            _synced = done;
            _missing = proxies.Count(proxy => proxy.Behaviour != Behaviour.Slow);
            foreach (var proxy in proxies)
            {
                Connect(proxy);
            }
        });
        await WithAsync(done.Task);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <summary>Waits for a task, unless the fleet fails before.</summary>
    public async Task WithAsync(Task task)
    {
        if (await Task.WhenAny(task, _failed.Task) == _failed.Task)
        {
            await _failed.Task;
        }

        await task;
    }

    private void Connect(SimulatedProxy proxy)
    {
        proxy.Connect(_port, _chainOf(proxy));
        if (proxy.Behaviour == Behaviour.Slow)
        {
            _slow.Add(proxy);
            return;
        }

        _proxies.Add(proxy);
        _epoll.Watch(
            proxy.Fd, _proxies.Count - 1, Native.EpollIn | Native.EpollOut | Native.EpollRdHup | Native.EpollEdge);
    }

    private void Synced(SimulatedProxy proxy)
    {
        if (--_missing == 0)
        {
            _synced.TrySetResult();
        }
    }

    private void Run()
    {
        try
        {
            while (true)
            {
                while (_orders.TryDequeue(out var order))
                {
                    order();
                }

                var count = _epoll.Wait(Nap);
                for (var i = 0; i < count; i++)
                {
                    _proxies[_epoll.Token(i)].Serve();
                }

                SipAll();
            }
        }
        catch (Exception exception)
        {
            _failed.TrySetException(exception);
        }
    }

    private void SipAll()
    {
        if (_slow.Count == 0 || Stopwatch.GetElapsedTime(_sipped) < SipEvery)
        {
            return;
        }

        _sipped = Stopwatch.GetTimestamp();
        foreach (var proxy in _slow)
        {
            proxy.Sip(SipBytes);
        }
    }
}
