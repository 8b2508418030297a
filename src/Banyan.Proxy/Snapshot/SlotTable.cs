namespace Banyan.Proxy.Snapshot;

/// <summary>Gives keys small stable integers, so that reactors can keep their state about them in arrays.</summary>
/// <remarks>Used by the housekeeping thread alone. A released slot returns to the same key within the quarantine and goes to
/// another only after it: by then no exchange, connection or statistic of the old owner is left.</remarks>
internal sealed class SlotTable<TKey>(TimeProvider time)
    where TKey : notnull
{
    private readonly Dictionary<TKey, Entry> _entries = [];
    private readonly Queue<(TKey Key, int Generation, long Since)> _released = new();
    private readonly Queue<int> _free = new();
    private int _next;

    /// <summary>Slots ever in use at once: the length an array by slot needs.</summary>
    public int Capacity => _next;

    /// <summary>The key's slot, a new one for a key not seen before.</summary>
    public int Acquire(TKey key)
    {
        if (_entries.TryGetValue(key, out var entry))
        {
            if (entry.Released)
            {
                _entries[key] = entry with { Released = false, Generation = entry.Generation + 1 };
            }

            return entry.Slot;
        }

        Reclaim();
        var slot = _free.Count > 0 ? _free.Dequeue() : _next++;
        _entries[key] = new Entry(slot, 0, Released: false);
        return slot;
    }

    /// <summary>The key is gone; its slot stays reserved for the quarantine.</summary>
    public void Release(TKey key)
    {
        if (_entries.TryGetValue(key, out var entry) && !entry.Released)
        {
            _entries[key] = entry with { Released = true };
            _released.Enqueue((key, entry.Generation, time.GetTimestamp()));
        }
    }

    private void Reclaim()
    {
        while (_released.TryPeek(out var head) && time.GetElapsedTime(head.Since) >= SlotTable.Quarantine)
        {
            _released.Dequeue();
            if (_entries.TryGetValue(head.Key, out var entry) && entry.Released && entry.Generation == head.Generation)
            {
                _entries.Remove(head.Key);
                _free.Enqueue(entry.Slot);
            }
        }
    }

    private readonly record struct Entry(int Slot, int Generation, bool Released);
}

/// <summary>What all slot tables share.</summary>
public static class SlotTable
{
    /// <summary>Time a slot whose owner vanished stays unused: longer than an idle stream or pooled connection lives.</summary>
    public static TimeSpan Quarantine { get; } = TimeSpan.FromMinutes(10);
}
