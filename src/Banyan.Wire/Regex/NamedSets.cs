namespace Banyan.Wire.RegularExpressions;

/// <summary>The sets of bytes that have names, as RE2 defines them (ASCII only).</summary>
internal static class NamedSets
{
    public static readonly ByteSet Digit = default(ByteSet).WithRange('0', '9');

    public static readonly ByteSet Word = Digit.WithRange('a', 'z').WithRange('A', 'Z').With('_');

    /// <summary><c>\s</c>: without vertical tab, other than <c>[[:space:]]</c>.</summary>
    public static readonly ByteSet Space = default(ByteSet).With('\t').With('\n').With('\f').With('\r').With(' ');

    public static readonly ByteSet NotNewline = default(ByteSet).With('\n').Not();

    /// <summary>The set of <c>\d</c> and its like; null when the letter names none.</summary>
    public static ByteSet? OfEscape(char letter) => letter switch
    {
        'd' => Digit,
        'D' => Digit.Not(),
        'w' => Word,
        'W' => Word.Not(),
        's' => Space,
        'S' => Space.Not(),
        _ => null,
    };

    /// <summary>The set of <c>[:alpha:]</c> and its like; null when there is none of that name.</summary>
    public static ByteSet? OfPosix(ReadOnlySpan<char> name)
    {
        var none = default(ByteSet);
        return name switch
        {
            "alnum" => none.WithRange('0', '9').WithRange('A', 'Z').WithRange('a', 'z'),
            "alpha" => none.WithRange('A', 'Z').WithRange('a', 'z'),
            "ascii" => none.WithRange(0, 0x7F),
            "blank" => none.With('\t').With(' '),
            "cntrl" => none.WithRange(0, 0x1F).With(0x7F),
            "digit" => Digit,
            "graph" => none.WithRange('!', '~'),
            "lower" => none.WithRange('a', 'z'),
            "print" => none.WithRange(' ', '~'),
            "punct" => none.WithRange('!', '/').WithRange(':', '@').WithRange('[', '`').WithRange('{', '~'),
            "space" => Space.With('\v'),
            "upper" => none.WithRange('A', 'Z'),
            "word" => Word,
            "xdigit" => none.WithRange('0', '9').WithRange('A', 'F').WithRange('a', 'f'),
            _ => null,
        };
    }
}
