using System.Collections.Concurrent;

namespace Banyan.Control.Store;

/// <summary>
/// When other replicas last said of an instance that it was registered again, or that its sidecar is connected. Kept in
/// memory; safe on any thread.
/// </summary>
internal sealed class Sightings(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, long> _at = new(StringComparer.Ordinal);

    /// <summary>Another replica has seen it now.</summary>
    public void Seen(string node) => _at[node] = time.GetTimestamp();

    /// <summary>Forgets what is older than that.</summary>
    public void Forget(TimeSpan age)
    {
        foreach (var (node, at) in _at)
        {
            if (time.GetElapsedTime(at) > age)
            {
                // Unless it was seen meanwhile.
                _at.TryRemove(KeyValuePair.Create(node, at));
            }
        }
    }

    /// <summary>Whether it was seen and is not forgotten.</summary>
    public bool Knows(string node) => _at.ContainsKey(node);
}
