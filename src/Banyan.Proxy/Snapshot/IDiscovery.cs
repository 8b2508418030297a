namespace Banyan.Proxy.Snapshot;

/// <summary>Asks the control plane for destinations on demand.</summary>
public interface IDiscovery
{
    /// <summary>Subscribes to a destination <c>S.NS:PORT</c> that is neither in <see cref="MeshSnapshot.Targets"/> nor in
    /// <see cref="MeshSnapshot.Missing"/>. Thread-safe, never blocks; repeating it is cheap. The result shows up as a new snapshot.</summary>
    void Want(string name);
}

/// <summary>Knows nothing but the snapshot it was given: every name that is not in it stays unknown.</summary>
public sealed class NoDiscovery : IDiscovery
{
    /// <inheritdoc/>
    public void Want(string name)
    {
        // Nobody to ask.
    }
}
