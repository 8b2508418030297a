using System.Collections.Frozen;

namespace Banyan.Control.Identity;

/// <summary>
/// The serials that are denied and not expired: at once those that were denied here, others at most a second later.
/// Thread-safe.
/// </summary>
internal sealed class DeniedSerials
{
    private volatile FrozenSet<string> _serials = [];

    /// <summary>All of them; another object when they have changed.</summary>
    public IReadOnlyCollection<string> All => _serials;

    /// <summary>Whether it was denied.</summary>
    public bool Contains(string serial) => _serials.Contains(serial);

    /// <summary>Takes what the database says.</summary>
    public void Replace(IReadOnlyCollection<string> serials)
    {
        // As a rule they are the ones of a second ago.
        if (!_serials.SetEquals(serials))
        {
            _serials = serials.ToFrozenSet(StringComparer.Ordinal);
        }
    }

    /// <summary>Denies one that the database has; one that is lost to a race is back a second later.</summary>
    public void Add(string serial) => _serials = _serials.Append(serial).ToFrozenSet(StringComparer.Ordinal);
}
