namespace Banyan.Control;

/// <summary>Wakes one waiter; being set many times before it wakes counts once.</summary>
internal sealed class AsyncSignal : IDisposable
{
    private readonly SemaphoreSlim _semaphore = new(0, 1);
    private int _set;

    /// <summary>Wakes the waiter, now or at its next wait.</summary>
    public void Set()
    {
        if (Interlocked.Exchange(ref _set, 1) == 0)
        {
            _semaphore.Release();
        }
    }

    /// <summary>Waits to be woken.</summary>
    public async Task WaitAsync(CancellationToken cancel)
    {
        await _semaphore.WaitAsync(cancel);

        // Cleared before the waiter looks at what changed: a change after its look sets the signal again.
        Volatile.Write(ref _set, 0);
    }

    /// <inheritdoc />
    public void Dispose() => _semaphore.Dispose();
}
