using System.Collections.Concurrent;

namespace Banyan.Control.Registry;

/// <summary>
/// When registrations were last heard of. Kept in memory: after a restart every clock begins anew, so that nobody is
/// forgotten for what he could not say meanwhile. Safe on any thread.
/// </summary>
internal sealed class Leases(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Lease> _leases = new(StringComparer.Ordinal);

    /// <summary>It was heard of now.</summary>
    public void Renew(string id) => _leases[id] = new Lease(time.GetTimestamp(), IsConfirmed: true);

    /// <summary>It answered when it was asked, though it did not speak up: asked again after another life.</summary>
    public void Answered(string id) => _leases[id] = new Lease(time.GetTimestamp(), IsConfirmed: false);

    /// <summary>It is gone.</summary>
    public void Forget(string id) => _leases.TryRemove(id, out _);

    /// <summary>Whether it was silent for longer than its life, and whether it ever spoke to this process.</summary>
    public (bool IsSilent, bool WasHeard) Judge(Registration item)
    {
        // One that nobody has seen yet begins now.
        var lease = _leases.GetOrAdd(item.Id, _ => new Lease(time.GetTimestamp(), IsConfirmed: false));
        var isSilent = item.Life is { } life && time.GetElapsedTime(lease.At) > life;
        return (isSilent, lease.IsConfirmed);
    }

    private sealed record Lease(long At, bool IsConfirmed);
}
