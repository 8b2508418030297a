namespace Banyan.Wire.RegularExpressions;

/// <summary>A parsed expression. <see cref="Size"/> is the number of instructions it compiles to, known before it is compiled.</summary>
internal abstract class RegexNode
{
    /// <summary>Sizes stop growing here: far above the limit, far below overflow.</summary>
    private const long Saturated = 1L << 40;

    public static readonly RegexNode Empty = new SequenceNode([]);

    public abstract long Size { get; }

    protected static long Add(long a, long b) => Math.Min(a + b, Saturated);

    protected static long Multiply(long size, int count) => size > Saturated / Math.Max(count, 1) ? Saturated : size * count;
}

/// <summary>One byte out of a set.</summary>
internal sealed class ByteNode(ByteSet set) : RegexNode
{
    public ByteSet Set { get; } = set;

    public override long Size => 1;
}

/// <summary>The start or the end of the text.</summary>
internal sealed class AnchorNode(RegexOp op) : RegexNode
{
    public RegexOp Op { get; } = op;

    public override long Size => 1;
}

/// <summary>One after the other.</summary>
internal sealed class SequenceNode(IReadOnlyList<RegexNode> parts) : RegexNode
{
    public IReadOnlyList<RegexNode> Parts { get; } = parts;

    public override long Size { get; } = parts.Aggregate(0L, (sum, part) => Add(sum, part.Size));
}

/// <summary>One or the other.</summary>
internal sealed class ChoiceNode(IReadOnlyList<RegexNode> branches) : RegexNode
{
    public IReadOnlyList<RegexNode> Branches { get; } = branches;

    public override long Size { get; } = branches.Aggregate(branches.Count - 1L, (sum, branch) => Add(sum, branch.Size));
}

/// <summary>From <paramref name="min"/> to <paramref name="max"/> times; null = without end.</summary>
internal sealed class RepeatNode(RegexNode body, int min, int? max) : RegexNode
{
    public RegexNode Body { get; } = body;

    public int Min { get; } = min;

    public int? Max { get; } = max;

    public override long Size { get; } = max is { } end
        ? Add(Multiply(body.Size, min), Multiply(Add(body.Size, 1), end - min))
        : Add(Multiply(body.Size, Math.Max(min, 1)), 1);
}
