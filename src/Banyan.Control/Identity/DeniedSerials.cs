using System.Collections.Frozen;

namespace Banyan.Control.Identity;

/// <summary>The serials that are denied and not expired, at most a second old. Read on any thread.</summary>
internal sealed class DeniedSerials
{
    private volatile FrozenSet<string> _serials = [];

    /// <summary>Whether it was denied.</summary>
    public bool Contains(string serial) => _serials.Contains(serial);

    /// <summary>Takes what the database says.</summary>
    public void Replace(IEnumerable<string> serials) => _serials = serials.ToFrozenSet(StringComparer.Ordinal);
}
