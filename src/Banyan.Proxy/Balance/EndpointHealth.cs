namespace Banyan.Proxy.Balance;

/// <summary>Which endpoints probes have found unhealthy, by their slots in the snapshot.</summary>
/// <remarks>One writer: the reactor that probes. Read by all reactors, without a lock. What was never probed is healthy.</remarks>
internal sealed class EndpointHealth
{
    private volatile bool[] _unhealthy = [];
    private int _version;

    /// <summary>Grows with every change.</summary>
    internal int Version => Volatile.Read(ref _version);

    internal bool IsHealthy(int slot)
    {
        var unhealthy = _unhealthy;
        return (uint)slot >= (uint)unhealthy.Length || !Volatile.Read(ref unhealthy[slot]);
    }

    internal void Set(int slot, bool healthy)
    {
        if (IsHealthy(slot) == healthy)
        {
            return;
        }

        var unhealthy = _unhealthy;
        if (slot >= unhealthy.Length)
        {
            Array.Resize(ref unhealthy, Math.Max(slot + 1, unhealthy.Length * 2));
        }

        Volatile.Write(ref unhealthy[slot], !healthy);
        _unhealthy = unhealthy;
        Interlocked.Increment(ref _version);
    }
}
