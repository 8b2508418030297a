using System.Runtime.CompilerServices;

namespace Banyan.Proxy.Reactor;

/// <summary>A one-waiter signal on one event loop: open it once, and the waiter runs from the loop's queue.</summary>
/// <remarks>Used where an exchange waits for something that is not a socket: discovery, a name, a free connection, back-off.</remarks>
internal sealed class Gate(EventLoop loop) : TimerNode, ICriticalNotifyCompletion
{
    private Action? _waiter;
    private long _deadline;
    private Wait _outcome;

    public bool IsCompleted { get; private set; }

    public Gate GetAwaiter() => this;

    public Wait GetResult() => _outcome;

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        _waiter = continuation;
        if (_deadline < long.MaxValue)
        {
            loop.Timers.Arm(this, _deadline);
        }
    }

    /// <summary>Makes it ready for one more wait, which ends at the deadline at the latest.</summary>
    internal Gate Until(long deadline)
    {
        IsCompleted = false;
        _deadline = deadline;
        _outcome = Wait.Ready;
        return this;
    }

    internal void Open(Wait outcome = Wait.Ready)
    {
        if (IsCompleted)
        {
            return;
        }

        IsCompleted = true;
        _outcome = outcome;
        loop.Timers.Disarm(this);
        var waiter = _waiter;
        _waiter = null;
        if (waiter is not null)
        {
            loop.Queue(waiter);
        }
    }

    internal override void OnTimer(long now) => Open(Wait.TimedOut);
}
