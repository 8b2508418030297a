namespace Banyan.Proxy.Admin;

/// <summary>Where this process is between start and end.</summary>
public enum LifecycleState
{
    /// <summary>Listeners are not bound yet.</summary>
    Starting,

    /// <summary>Ready.</summary>
    Serving,

    /// <summary>Finishing what is in flight.</summary>
    Draining,

    /// <summary>Nothing is in flight any more.</summary>
    Drained,
}

/// <summary>What the admin server tells about the process and may ask of it.</summary>
/// <remarks>The state is set by whoever runs the listeners; read from any thread.</remarks>
public sealed class Lifecycle
{
    private volatile LifecycleState _state;
    private int _drainRequested;

    /// <summary>Where the process is.</summary>
    public LifecycleState State
    {
        get => _state;
        set => _state = value;
    }

    /// <summary>Exchanges in flight; called on an admin thread.</summary>
    public Func<long> InFlight { get; set; } = static () => 0;

    /// <summary>Raised once, on the first request to drain (POST /drain), on an admin thread.</summary>
    public event Action? DrainRequested;

    /// <summary>Asks for the drain; further calls do nothing.</summary>
    public void RequestDrain()
    {
        if (Interlocked.Exchange(ref _drainRequested, 1) == 0)
        {
            DrainRequested?.Invoke();
        }
    }
}
