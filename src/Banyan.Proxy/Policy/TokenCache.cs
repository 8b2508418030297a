using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Banyan.Rules.Tokens;

namespace Banyan.Proxy.Policy;

/// <summary>What verified tokens were found to be, so that a token that comes again costs one hash.</summary>
/// <remarks>
/// One for each reactor, used from its thread alone. A token is known by its SHA-256, itself it is not kept; nothing but good ones
/// are. A verdict belongs to the table that made it, so other keys mean other verdicts. Bounded in number and in bytes.
/// </remarks>
internal sealed class TokenCache
{
    /// <summary>Bytes of a key.</summary>
    internal const int KeyLength = 32;

    /// <summary>Tokens at most.</summary>
    internal const int Capacity = 1024;

    /// <summary>Bytes of claims at most.</summary>
    internal const int MostBytes = 1024 * 1024;

    private const int Ways = 4;

    // Nothing is taken before the first token.
    private Entry[] _entries = [];
    private int _bytes;
    private int _next;

    /// <summary>The verdict, or null when there is none, or none that holds.</summary>
    /// <param name="table">The table it has to be of.</param>
    /// <param name="field">The field in which the token stands.</param>
    /// <param name="key">The token's SHA-256.</param>
    /// <param name="now">Seconds since 1970.</param>
    internal TokenVerdict? Find(TokenTable table, int field, ReadOnlySpan<byte> key, long now)
    {
        if (_entries.Length == 0)
        {
            return null;
        }

        var hash = Hash(key);
        foreach (ref var entry in Set(key))
        {
            if (entry.Verdict is { } verdict && entry.Key.Equals(hash) && entry.Field == field && ReferenceEquals(entry.Table, table))
            {
                return now < verdict.Until ? verdict : null;
            }
        }

        return null;
    }

    /// <summary>Keeps a verdict that holds for a while, in the place of another if need be.</summary>
    internal void Add(TokenTable table, int field, ReadOnlySpan<byte> key, TokenVerdict verdict)
    {
        if (verdict.Until == 0)
        {
            return;
        }

        if (_entries.Length == 0)
        {
            _entries = new Entry[Capacity];
        }

        if (_bytes + verdict.Claims.Size > MostBytes)
        {
            Array.Clear(_entries);
            _bytes = 0;
        }

        ref var place = ref Place(Set(key), Hash(key), table, field);
        _bytes += verdict.Claims.Size - (place.Verdict?.Claims.Size ?? 0);
        place = new Entry(Hash(key), table, field, verdict);
    }

    private static Key256 Hash(ReadOnlySpan<byte> key) => MemoryMarshal.Read<Key256>(key);

    private Span<Entry> Set(ReadOnlySpan<byte> key) =>
        _entries.AsSpan((MemoryMarshal.Read<ushort>(key) % (Capacity / Ways)) * Ways, Ways);

    private ref Entry Place(Span<Entry> set, in Key256 key, TokenTable table, int field)
    {
        for (var i = 0; i < set.Length; i++)
        {
            if (set[i].Verdict is null || (set[i].Key.Equals(key) && set[i].Field == field && ReferenceEquals(set[i].Table, table)))
            {
                return ref set[i];
            }
        }

        return ref set[_next++ & (Ways - 1)];
    }

    private readonly record struct Key256(ulong A, ulong B, ulong C, ulong D);

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Entry(Key256 Key, TokenTable? Table, int Field, TokenVerdict? Verdict);
}

/// <summary>Verdicts on the tokens of one request, by their fields.</summary>
[InlineArray(TokenLimits.Fields)]
internal struct TokenVerdicts
{
    private TokenVerdict? _first;
}
