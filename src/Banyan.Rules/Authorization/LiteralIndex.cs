using System.Runtime.InteropServices;
using Banyan.Rules.Matching;

namespace Banyan.Rules.Authorization;

/// <summary>Values by texts and by what texts begin with.</summary>
/// <remarks>One hash table; a text is looked up whole, and cut to every length that some prefix has. Immutable.</remarks>
internal sealed class LiteralIndex<T>
    where T : class
{
    private readonly Entry[] _entries;     // open addressing, linear probing
    private readonly int[] _lengths;       // of the prefixes, each once, ascending
    private readonly int _shift;
    private readonly bool _hasExact;

    public LiteralIndex(IReadOnlyCollection<KeyValuePair<LiteralKey, T>> values)
    {
        var size = System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, values.Count * 2));
        _entries = new Entry[size];
        _shift = 64 - System.Numerics.BitOperations.Log2(size);
        _lengths = [.. values.Where(pair => pair.Key.IsPrefix).Select(pair => pair.Key.Literal.Length).Distinct().Order()];
        foreach (var (key, value) in values)
        {
            _hasExact |= !key.IsPrefix;
            var hash = Hash(key.Literal, key.IsPrefix);
            var slot = PathHash.Slot(hash, _shift);
            while (_entries[slot].Value is not null)
            {
                slot = (slot + 1) & (_entries.Length - 1);
            }

            _entries[slot] = new Entry(hash, key.Literal, key.IsPrefix, value);
        }
    }

    /// <summary>Lookups that one text takes: number them from 0.</summary>
    public int Lookups => _lengths.Length + 1;

    /// <summary>The value of one lookup: number 0 is the whole text, the others are what it begins with.</summary>
    public T? Find(ReadOnlySpan<byte> text, int lookup)
    {
        if (lookup == 0)
        {
            return _hasExact ? Find(text, isPrefix: false) : null;
        }

        var length = _lengths[lookup - 1];
        return length <= text.Length ? Find(text[..length], isPrefix: true) : null;
    }

    private static ulong Hash(ReadOnlySpan<byte> text, bool isPrefix) =>
        PathHash.Append(isPrefix ? ~PathHash.Seed : PathHash.Seed, text);

    private T? Find(ReadOnlySpan<byte> text, bool isPrefix)
    {
        var hash = Hash(text, isPrefix);
        var slot = PathHash.Slot(hash, _shift);
        while (true)
        {
            ref readonly var entry = ref _entries[slot];
            if (entry.Value is null)
            {
                return null;
            }

            if (entry.Hash == hash && entry.IsPrefix == isPrefix && text.SequenceEqual(entry.Literal))
            {
                return entry.Value;
            }

            slot = (slot + 1) & (_entries.Length - 1);
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(ulong Hash, byte[] Literal, bool IsPrefix, T? Value);
}
