namespace Banyan.Wire.RegularExpressions;

/// <summary>A set of bytes.</summary>
internal readonly record struct ByteSet(UInt128 Low, UInt128 High)
{
    public static readonly ByteSet All = new(UInt128.MaxValue, UInt128.MaxValue);

    public bool Contains(int value) => (((value < 128 ? Low : High) >> (value & 127)) & 1) != 0;

    public ByteSet With(int value) => value < 128
        ? this with { Low = Low | (UInt128.One << value) }
        : this with { High = High | (UInt128.One << (value - 128)) };

    public ByteSet WithRange(int first, int last)
    {
        var set = this;
        for (var value = first; value <= last; value++)
        {
            set = set.With(value);
        }

        return set;
    }

    public ByteSet Or(ByteSet other) => new(Low | other.Low, High | other.High);

    public ByteSet Not() => new(~Low, ~High);

    /// <summary>With both cases of every ASCII letter that is in the set.</summary>
    public ByteSet FoldCase()
    {
        var set = this;
        for (var letter = 'a'; letter <= 'z'; letter++)
        {
            if (Contains(letter) || Contains(letter - 32))
            {
                set = set.With(letter).With(letter - 32);
            }
        }

        return set;
    }
}
