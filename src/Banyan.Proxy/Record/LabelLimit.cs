using System.Collections.Concurrent;

namespace Banyan.Proxy.Record;

/// <summary>Decides for all reactors together which label sets of a metric have a series of their own; the rest folds into
/// <c>other</c>. Thread-safe.</summary>
/// <remarks>What was admitted stays, what was folded stays folded: a series never moves.</remarks>
internal sealed class LabelLimit<TKey>
    where TKey : notnull
{
    /// <summary>Label sets of one metric.</summary>
    public const int Limit = 2_000;

    private readonly ConcurrentDictionary<TKey, bool> _admitted = new();
    private readonly Lock _lock = new();
    private int _count;

    /// <summary>True when the key has its own series. Allocates only for a key that is admitted now.</summary>
    public bool Admit(in TKey key)
    {
        if (_admitted.ContainsKey(key))
        {
            return true;
        }

        if (Volatile.Read(ref _count) >= Limit)
        {
            return false;
        }

        lock (_lock)
        {
            if (_count >= Limit)
            {
                return _admitted.ContainsKey(key);
            }

            if (_admitted.TryAdd(key, value: true))
            {
                _count++;
            }

            return true;
        }
    }
}
