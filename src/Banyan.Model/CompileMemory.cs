namespace Banyan.Model;

/// <summary>
/// What compiling made of which inputs the last time, so that a change costs what it touches: a resource whose inputs
/// are equal is taken over, encoded and hashed. It never changes what comes out.
/// </summary>
/// <remarks>
/// For one caller at a time. Inputs are compared with <see cref="object.Equals(object, object)"/>, which is quick
/// where the objects are the same and compares values where they are not. Holds the inputs of one round.
/// </remarks>
public sealed class CompileMemory
{
    /// <summary>Resources that every node may ask for.</summary>
    internal Memo<ResourceKey, XdsResource> Resources { get; } = new();

    /// <summary>Listeners of each node.</summary>
    internal Memo<string, EquatableList<XdsResource>> Nodes { get; } = new();

    /// <summary>Forgets what the round before last made and the last one did not ask for.</summary>
    internal void BeginRound()
    {
        Resources.BeginRound();
        Nodes.BeginRound();
    }

    /// <summary>Values by key, each with the inputs it was made of.</summary>
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

        public void BeginRound() => (_before, _now) = (_now, new Dictionary<TKey, Entry>(_now.Count));

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
}
