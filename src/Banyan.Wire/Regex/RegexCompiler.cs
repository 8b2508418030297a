namespace Banyan.Wire.RegularExpressions;

/// <summary>Turns a parsed expression into instructions, from its end to its start, so that every jump is known when it is written.</summary>
internal sealed class RegexCompiler
{
    private readonly List<RegexInstruction> _instructions = [];
    private readonly Dictionary<ByteSet, ushort> _sets = [];

    private RegexCompiler()
    {
    }

    /// <summary>The caller has checked that the size is within the limit.</summary>
    public static RegexProgram Compile(RegexNode root)
    {
        var compiler = new RegexCompiler();
        var match = compiler.Add(new RegexInstruction(RegexOp.Match, 0, 0, 0));
        var start = compiler.Emit(root, match);
        var sets = compiler._sets.OrderBy(pair => pair.Value).Select(pair => pair.Key);
        return new RegexProgram([.. compiler._instructions], start, [.. sets]);
    }

    /// <summary>Writes what matches the node and then goes to <paramref name="next"/>; returns where that starts.</summary>
    private ushort Emit(RegexNode node, ushort next)
    {
        switch (node)
        {
            case ByteNode one:
                return Add(new RegexInstruction(RegexOp.Byte, next, 0, NumberOf(one.Set)));
            case AnchorNode anchor:
                return Add(new RegexInstruction(anchor.Op, next, 0, 0));
            case SequenceNode sequence:
                for (var i = sequence.Parts.Count - 1; i >= 0; i--)
                {
                    next = Emit(sequence.Parts[i], next);
                }

                return next;
            case ChoiceNode choice:
                var entry = Emit(choice.Branches[^1], next);
                for (var i = choice.Branches.Count - 2; i >= 0; i--)
                {
                    entry = Add(new RegexInstruction(RegexOp.Split, Emit(choice.Branches[i], next), entry, 0));
                }

                return entry;
            default:
                return EmitRepeat((RepeatNode)node, next);
        }
    }

    private ushort EmitRepeat(RepeatNode repeat, ushort next)
    {
        var entry = next;
        if (repeat.Max is { } max)
        {
            for (var i = repeat.Min; i < max; i++)
            {
                entry = Add(new RegexInstruction(RegexOp.Split, Emit(repeat.Body, entry), next, 0));
            }
        }
        else
        {
            var loop = Add(new RegexInstruction(RegexOp.Split, 0, next, 0));
            var body = Emit(repeat.Body, loop);
            _instructions[loop] = new RegexInstruction(RegexOp.Split, body, next, 0);
            entry = repeat.Min == 0 ? loop : body;
        }

        for (var i = repeat.Max is null ? 1 : 0; i < repeat.Min; i++)
        {
            entry = Emit(repeat.Body, entry);
        }

        return entry;
    }

    private ushort NumberOf(ByteSet set)
    {
        if (!_sets.TryGetValue(set, out var number))
        {
            number = (ushort)_sets.Count;
            _sets.Add(set, number);
        }

        return number;
    }

    private ushort Add(RegexInstruction instruction)
    {
        _instructions.Add(instruction);
        return (ushort)(_instructions.Count - 1);
    }
}
