namespace Banyan.Model;

/// <summary>
/// Values by key, each with the inputs it was made of, so that the same inputs are not worked on twice.
/// </summary>
/// <remarks>
/// Inputs are compared with <see cref="object.Equals(object, object)"/>, which is quick where the objects are the same
/// and compares values where they are not.
/// </remarks>
internal sealed class Memo<TKey, TValue>
    where TKey : notnull
{
    private Dictionary<TKey, Entry> _before = [];
    private Dictionary<TKey, Entry> _now = [];

    /// <summary>
    /// The value made of equal inputs in the last round or in this one, else what <paramref name="make"/> makes.
    /// </summary>
    public TValue Get(TKey key, ReadOnlySpan<object?> inputs, Func<TValue> make)
    {
        if ((_now.TryGetValue(key, out var entry) || _before.TryGetValue(key, out entry)) && entry.IsMadeOf(inputs))
        {
            _now[key] = entry;
            return entry.Value;
        }

        entry = new Entry([.. inputs], make());
        _now[key] = entry;
        return entry.Value;
    }

    /// <summary>Forgets a value that is not needed any more.</summary>
    public void Remove(TKey key)
    {
        _now.Remove(key);
        _before.Remove(key);
    }

    /// <summary>Begins a round in which all is asked for; what is not will be forgotten.</summary>
    public void BeginRound() => (_before, _now) = (_now, new Dictionary<TKey, Entry>(_now.Count));

    /// <summary>Forgets what this round did not ask for.</summary>
    public void EndRound() => _before = [];

    private sealed class Entry(object?[] inputs, TValue value)
    {
        public TValue Value => value;

        public bool IsMadeOf(ReadOnlySpan<object?> others)
        {
            if (others.Length != inputs.Length)
            {
                return false;
            }

            for (var i = 0; i < inputs.Length; i++)
            {
                if (!Equals(inputs[i], others[i]))
                {
                    return false;
                }
            }

            return true;
        }
    }
}
