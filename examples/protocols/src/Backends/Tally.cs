using System.Collections.Concurrent;
using System.Globalization;

namespace Banyan.Examples.Protocols.Backends;

/// <summary>What has reached a backend: numbers with names, in groups, from the start as 0.</summary>
/// <remarks>Safe for any number of threads.</remarks>
public sealed class Tally
{
    private readonly ConcurrentDictionary<(string Group, string Name), long> _counts = new();
    private readonly ConcurrentDictionary<(string Group, string Item), byte> _seen = new();
    private readonly ConcurrentDictionary<string, string> _receipts = new(StringComparer.Ordinal);

    /// <summary>Makes a group of counters.</summary>
    public Tally With(string group, params string[] names)
    {
        foreach (var name in names)
        {
            _counts[(group, name)] = 0;
        }

        return this;
    }

    /// <summary>Counts.</summary>
    public void Add(string group, string name, long amount = 1) =>
        _counts.AddOrUpdate((group, name), amount, (_, before) => before + amount);

    /// <summary>Counts one of a kind, the first time that it is seen.</summary>
    public void AddNew(string group, string name, string item)
    {
        if (_seen.TryAdd((group, item), 0))
        {
            Add(group, name);
        }
    }

    /// <summary>Something nobody can guess. When the other side sends it back, it has arrived there.</summary>
    public string Receipt(string group)
    {
        var receipt = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        _receipts[receipt] = group;
        return receipt;
    }

    /// <summary>Counts a receipt that came back; each counts once.</summary>
    public void TakeBack(string group, string name, string? receipt)
    {
        if (receipt is { Length: > 0 } && _receipts.TryRemove(KeyValuePair.Create(receipt, group)))
        {
            Add(group, name);
        }
    }

    /// <summary>The numbers, by group.</summary>
    public IReadOnlyDictionary<string, Dictionary<string, long>> Read() => _counts
        .GroupBy(count => count.Key.Group, StringComparer.Ordinal)
        .ToDictionary(
            group => group.Key,
            group => group.ToDictionary(count => count.Key.Name, count => count.Value, StringComparer.Ordinal),
            StringComparer.Ordinal);
}
