using System.Threading.Tasks.Sources;

namespace Banyan.Control;

/// <summary>Wakes one waiter; being set many times before it wakes counts once. Waiting allocates nothing.</summary>
internal sealed class AsyncSignal : IValueTaskSource
{
    private const int Idle = 0, IsSet = 1, Awaited = 2;

    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private int _state;

    /// <summary>Wakes the waiter, now or at its next wait. Any thread may.</summary>
    public void Set()
    {
        if (Interlocked.CompareExchange(ref _state, IsSet, Idle) == Awaited
            && Interlocked.CompareExchange(ref _state, Idle, Awaited) == Awaited)
        {
            _core.SetResult(true);
        }
    }

    /// <summary>
    /// Waits to be woken. The signal is cleared before the waiter looks at what changed: a change after its look sets
    /// it again. One waiter at a time.
    /// </summary>
    public ValueTask WaitAsync()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, IsSet) == IsSet)
        {
            return ValueTask.CompletedTask;
        }

        // Before anybody may complete it.
        _core.Reset();
        if (Interlocked.CompareExchange(ref _state, Awaited, Idle) == Idle)
        {
            return new ValueTask(this, _core.Version);
        }

        // Set in between.
        Volatile.Write(ref _state, Idle);
        return ValueTask.CompletedTask;
    }

    /// <summary>The same, until it is cancelled.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        await using var registration = cancel.UnsafeRegister(static signal => ((AsyncSignal)signal!).Set(), this);
        await WaitAsync();
        cancel.ThrowIfCancellationRequested();
    }

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
