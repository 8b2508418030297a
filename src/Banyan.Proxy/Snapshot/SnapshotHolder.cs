namespace Banyan.Proxy.Snapshot;

/// <summary>The one reference through which traffic sees configuration.</summary>
/// <remarks>Written by the housekeeping thread alone, read by any.</remarks>
public sealed class SnapshotHolder
{
    private volatile MeshSnapshot _current = MeshSnapshot.Empty;

    /// <summary>The snapshot to use for an exchange that begins now.</summary>
    public MeshSnapshot Current => _current;

    /// <summary>Raised after <see cref="Current"/> changed, on the thread that published: handlers post to their reactor and return.</summary>
    public event Action<MeshSnapshot>? Changed;

    /// <summary>Makes a snapshot current.</summary>
    public void Publish(MeshSnapshot snapshot)
    {
        _current = snapshot;
        Changed?.Invoke(snapshot);
    }
}
