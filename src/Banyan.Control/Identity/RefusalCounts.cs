using System.Collections.Concurrent;

namespace Banyan.Control.Identity;

/// <summary>How often certificates were refused since the start, by reason. Safe on any thread.</summary>
internal sealed class RefusalCounts
{
    // Reasons are words of ours: there are some dozens.
    private readonly ConcurrentDictionary<string, long> _counts = new(StringComparer.Ordinal);

    /// <summary>Counts one.</summary>
    public void Count(Refusal refusal) => _counts.AddOrUpdate(refusal.Reason, 1, static (_, had) => had + 1);

    /// <summary>All of them.</summary>
    public IReadOnlyDictionary<string, long> Read() =>
        new SortedDictionary<string, long>(_counts, StringComparer.Ordinal);
}
