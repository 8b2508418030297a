namespace Banyan.Wire.RegularExpressions;

internal enum RegexOp : byte
{
    /// <summary>Consume one byte of a set, go to Next.</summary>
    Byte,

    /// <summary>Go to Next and to Other.</summary>
    Split,

    /// <summary>Go to Next at the start of the text only.</summary>
    Begin,

    /// <summary>Go to Next at the end of the text only.</summary>
    End,

    /// <summary>Matched, if the text ends here.</summary>
    Match,
}

/// <param name="Op">What to do.</param>
/// <param name="Next">Where to go.</param>
/// <param name="Other">Where a split goes, too.</param>
/// <param name="Set">Number of the set of bytes.</param>
internal readonly record struct RegexInstruction(RegexOp Op, ushort Next, ushort Other, ushort Set);

/// <summary>A compiled expression: an automaton without memory of its own. Immutable.</summary>
internal sealed class RegexProgram
{
    private readonly ulong[] _sets; // four words of 64 bits a set

    public RegexProgram(RegexInstruction[] instructions, ushort start, IReadOnlyList<ByteSet> sets)
    {
        Instructions = instructions;
        Start = start;
        _sets = [.. sets.SelectMany(set => (ulong[])[(ulong)set.Low, (ulong)(set.Low >> 64), (ulong)set.High, (ulong)(set.High >> 64)])];
        ClassOf = Classes(sets);
        ClassCount = ClassOf.Max() + 1;
        AcceptsAtEnd = Accepting(atBegin: false);
        AcceptsEmpty = Accepting(atBegin: true)[start];
    }

    public RegexInstruction[] Instructions { get; }

    public ushort Start { get; }

    /// <summary>Bytes that no set tells apart are of the same class.</summary>
    public byte[] ClassOf { get; }

    public int ClassCount { get; }

    /// <summary>By instruction: a match is reached from here without another byte, at the end of a text that is not empty.</summary>
    public bool[] AcceptsAtEnd { get; }

    /// <summary>The empty text matches.</summary>
    public bool AcceptsEmpty { get; }

    public bool Contains(ushort set, byte value) => ((_sets[(set * 4) + (value >> 6)] >> (value & 63)) & 1) != 0;

    private bool[] Accepting(bool atBegin)
    {
        var accepting = new bool[Instructions.Length];
        bool changed;
        do
        {
            // Most jumps lead to lower numbers; only loops need another round.
            changed = false;
            for (var i = 0; i < accepting.Length; i++)
            {
                var instruction = Instructions[i];
                var value = instruction.Op switch
                {
                    RegexOp.Match => true,
                    RegexOp.End => accepting[instruction.Next],
                    RegexOp.Begin => atBegin && accepting[instruction.Next],
                    RegexOp.Split => accepting[instruction.Next] || accepting[instruction.Other],
                    _ => false,
                };
                changed |= value != accepting[i];
                accepting[i] = value;
            }
        }
        while (changed);
        return accepting;
    }

    private static byte[] Classes(IReadOnlyList<ByteSet> sets)
    {
        // Every set splits the classes it cuts through: the numbers of before and after tell the parts apart.
        var classes = new byte[256];
        var parts = new Dictionary<(byte Class, bool Inside), byte>();
        foreach (var set in sets)
        {
            parts.Clear();
            for (var value = 0; value < 256; value++)
            {
                var key = (classes[value], set.Contains(value));
                if (!parts.TryGetValue(key, out var part))
                {
                    part = (byte)parts.Count;
                    parts.Add(key, part);
                }

                classes[value] = part;
            }
        }

        return classes;
    }
}
