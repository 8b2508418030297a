using System.Numerics;

namespace Banyan.Rules.Matching;

/// <summary>Finds the rules whose path may match without testing all of them.</summary>
/// <remarks>
/// Exact paths and prefixes that end at a segment are keys of one hash table, which is asked at every segment end of
/// the request's path. All other rules (regular expressions, other prefixes, no regard to case) stand in one list. The
/// lists hold rule numbers in ascending order and are merged on the fly, so that the first match in order wins.
/// </remarks>
internal sealed class PathIndex
{
    /// <summary>Keys with more segments go to the list of the others; bounds the lists that one request merges.</summary>
    private const int MaxDepth = 16;

    private readonly int[] _slots;         // 1 + entry number, 0 = free; linear probing
    private readonly ulong[] _hashes;      // by entry
    private readonly byte[][] _keys;       // by entry
    private readonly int[] _starts;        // by entry: where its rules start in _rules; one more at the end
    private readonly int[] _rules;         // rule numbers, ascending within an entry; the others after the last entry
    private readonly int _shift;           // 64 - log2 of the number of slots
    private readonly uint _depths;         // bit d: some key has d segments

    private PathIndex(Dictionary<string, List<int>> entries, List<int> others)
    {
        _slots = new int[BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, entries.Count * 2))];
        _shift = 64 - BitOperations.Log2((uint)_slots.Length);
        _hashes = new ulong[entries.Count];
        _keys = new byte[entries.Count][];
        _starts = new int[entries.Count + 1];
        var rules = new List<int>();
        var entry = 0;
        foreach (var (text, numbers) in entries)
        {
            var key = System.Text.Encoding.Latin1.GetBytes(text);
            var hash = PathHash.Seed;
            var depth = 0;
            foreach (var range in key.AsSpan(1).Split((byte)'/'))
            {
                hash = PathHash.Append(hash, key.AsSpan(1)[range]);
                depth++;
            }

            _depths |= 1u << depth;
            _keys[entry] = key;
            _hashes[entry] = hash;
            _starts[entry] = rules.Count;
            rules.AddRange(numbers);
            var slot = PathHash.Slot(hash, _shift);
            var probes = 1;
            while (_slots[slot] != 0)
            {
                slot = (slot + 1) & (_slots.Length - 1);
                probes++;
            }

            LongestProbe = Math.Max(LongestProbe, probes);

            _slots[slot] = ++entry;
        }

        _starts[entry] = rules.Count;
        rules.AddRange(others);
        _rules = [.. rules];
    }

    /// <summary>Slots that finding a key looks at in the worst case.</summary>
    public int LongestProbe { get; }

    public static PathIndex Build(RouteRule[] rules)
    {
        var entries = new Dictionary<string, List<int>>(StringComparer.Ordinal);
        var others = new List<int>();
        for (var i = 0; i < rules.Length; i++)
        {
            if (KeyOf(rules[i].Path) is not { } key)
            {
                others.Add(i);
            }
            else if (entries.TryGetValue(key, out var list))
            {
                list.Add(i);
            }
            else
            {
                entries.Add(key, [i]);
            }
        }

        return new PathIndex(entries, others);
    }

    public CompiledRoute? Match(in RequestView request, RouteRule[] rules)
    {
        Span<Cursor> cursors = stackalloc Cursor[MaxDepth + 1];
        cursors[0] = new Cursor { At = _starts[^1], End = _rules.Length };
        var count = 1;
        var path = request.Path;
        if (!path.IsEmpty && path[0] == (byte)'/')
        {
            var hash = PathHash.Seed;
            var start = 1;
            for (var depth = 1; depth <= MaxDepth && (_depths >> depth) != 0; depth++)
            {
                var slash = path[start..].IndexOf((byte)'/');
                var end = slash < 0 ? path.Length : start + slash;
                hash = PathHash.Append(hash, path[start..end]);
                if ((_depths & (1u << depth)) != 0 && Find(hash, path[..end]) is var entry and >= 0)
                {
                    cursors[count++] = new Cursor { At = _starts[entry], End = _starts[entry + 1] };
                }

                if (slash < 0)
                {
                    break;
                }

                start = end + 1;
            }
        }

        return FirstMatch(cursors[..count], in request, rules);
    }

    private CompiledRoute? FirstMatch(Span<Cursor> cursors, in RequestView request, RouteRule[] rules)
    {
        while (true)
        {
            var best = -1;
            var number = int.MaxValue;
            for (var i = 0; i < cursors.Length; i++)
            {
                if (cursors[i].At < cursors[i].End && _rules[cursors[i].At] < number)
                {
                    best = i;
                    number = _rules[cursors[i].At];
                }
            }

            if (best < 0)
            {
                return null;
            }

            if (rules[number].Matches(in request))
            {
                return rules[number].Route;
            }

            cursors[best].At++;
        }
    }

    private int Find(ulong hash, ReadOnlySpan<byte> key)
    {
        var slot = PathHash.Slot(hash, _shift);
        while (_slots[slot] is var entry and > 0)
        {
            entry--;
            if (_hashes[entry] == hash && key.SequenceEqual(_keys[entry]))
            {
                return entry;
            }

            slot = (slot + 1) & (_slots.Length - 1);
        }

        return -1;
    }

    /// <summary>The path, without a final slash for prefixes, that a request's path must have or continue after a slash; null when there is none.</summary>
    private static string? KeyOf(PathPattern pattern)
    {
        ReadOnlySpan<byte> literal = pattern.Literal;
        if (pattern.IgnoreCase || literal.Length < 2 || literal[0] != (byte)'/' || literal.Count((byte)'/') > MaxDepth)
        {
            return null;
        }

        return pattern.Kind switch
        {
            PathPatternKind.Exact or PathPatternKind.SegmentPrefix => System.Text.Encoding.Latin1.GetString(literal),
            PathPatternKind.Prefix when literal[^1] == (byte)'/' => System.Text.Encoding.Latin1.GetString(literal[..^1]),
            _ => null,
        };
    }

    private struct Cursor
    {
        public int At;
        public int End;
    }
}
