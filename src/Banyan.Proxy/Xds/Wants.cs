using Banyan.Proxy.Snapshot.Resources;

namespace Banyan.Proxy.Xds;

/// <summary>Destinations the workload asked for, and those of them that do not exist.</summary>
/// <remarks>Used by the housekeeping thread alone. Bounded: names that do not exist are forgotten after ten seconds, and only so many may wait.</remarks>
internal sealed class Wants(TimeProvider time)
{
    /// <summary>Names that may be known not to exist, and names that may wait for an answer.</summary>
    public const int Limit = 1024;

    /// <summary>How long a name is known not to exist.</summary>
    public static readonly TimeSpan MissingFor = TimeSpan.FromSeconds(10);

    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pending = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _missing = new(StringComparer.Ordinal);
    private readonly Queue<(string Name, long Since)> _order = new();

    /// <summary>Every name that is asked for.</summary>
    public IReadOnlyCollection<string> Names => _names;

    /// <summary>Those without an answer.</summary>
    public IReadOnlyCollection<string> Pending => _pending;

    /// <summary>Those that do not exist.</summary>
    public IReadOnlyCollection<string> Missing => _missing.Keys;

    /// <summary>When the next missing name is forgotten; null when there is none.</summary>
    public TimeSpan? NextExpiry =>
        _order.TryPeek(out var oldest) ? MissingFor - time.GetElapsedTime(oldest.Since) : null;

    public bool Contains(string name) => _names.Contains(name);

    public bool IsMissing(string name) => _missing.ContainsKey(name);

    /// <summary>Adds a name. True when something changed.</summary>
    public bool Add(string name)
    {
        if (_names.Contains(name) || _missing.ContainsKey(name))
        {
            return false;
        }

        // What cannot be a name needs no question.
        if (!TargetName.IsPlausible(name))
        {
            SetMissing(name);
            return true;
        }

        if (_pending.Count >= Limit)
        {
            return false;
        }

        _pending.Add(name);
        return _names.Add(name);
    }

    /// <summary>The control plane told about the name.</summary>
    public void Found(string name)
    {
        _names.Add(name);
        _pending.Remove(name);
        _missing.Remove(name);
    }

    /// <summary>The control plane says that the name does not exist.</summary>
    public void NotFound(string name)
    {
        if (_names.Contains(name))
        {
            _pending.Remove(name);
            SetMissing(name);
        }
    }

    /// <summary>Forgets names that were missing long enough, or are too many. Returns them.</summary>
    public List<string> Expire()
    {
        var forgotten = new List<string>();
        while (_order.TryPeek(out var oldest)
            && (_missing.Count > Limit || time.GetElapsedTime(oldest.Since) >= MissingFor))
        {
            _order.Dequeue();

            // Found again, or missing anew, since this entry was made.
            if (_missing.TryGetValue(oldest.Name, out var since) && since == oldest.Since)
            {
                _missing.Remove(oldest.Name);
                _names.Remove(oldest.Name);
                forgotten.Add(oldest.Name);
            }
        }

        return forgotten;
    }

    private void SetMissing(string name)
    {
        var now = time.GetTimestamp();
        _missing[name] = now;
        _order.Enqueue((name, now));
    }
}
