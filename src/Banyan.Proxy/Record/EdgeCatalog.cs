using System.Collections.Concurrent;

namespace Banyan.Proxy.Record;

/// <summary>Decides for all reactors together which label sets have a cell of their own; the rest folds into <c>other</c>.</summary>
/// <remarks>What was admitted stays, what was folded stays folded: a series never moves.</remarks>
internal sealed class EdgeCatalog
{
    /// <summary>Label sets of each direction (each is a metric of its own).</summary>
    public const int Limit = 2_000;

    private readonly ConcurrentDictionary<EdgeKey, bool> _admitted = new();
    private readonly Lock _lock = new();
    private readonly int[] _counts = new int[2];

    /// <summary>True when the key has its own series. Allocates only for a key that is admitted now.</summary>
    public bool Admit(in EdgeKey key)
    {
        if (_admitted.ContainsKey(key))
        {
            return true;
        }

        ref var count = ref _counts[(int)key.Direction];
        if (Volatile.Read(ref count) >= Limit)
        {
            return false;
        }

        lock (_lock)
        {
            if (count >= Limit)
            {
                return _admitted.ContainsKey(key);
            }

            if (_admitted.TryAdd(key, value: true))
            {
                count++;
            }

            return true;
        }
    }
}
