using System.Text;

namespace Banyan.Wire.RegularExpressions;

/// <summary>Reads <c>[...]</c> for a <see cref="RegexParser"/>.</summary>
internal sealed class RegexClassParser(RegexParser parser, bool ignoreCase)
{
    /// <summary>The parser stands at the bracket; afterwards behind its end.</summary>
    public ByteSet Parse()
    {
        var start = parser.Position++;
        var negated = parser.Skip('^');
        var set = default(ByteSet);
        var first = true;
        while (!parser.Failed && (first || !parser.LooksAt("]")))
        {
            if (parser.Position >= parser.Pattern.Length)
            {
                parser.Fail(start, "'[' without ']'");
                break;
            }

            set = set.Or(ParseItem());
            first = false;
        }

        parser.Skip(']');
        set = ignoreCase ? set.FoldCase() : set;
        return negated ? set.Not() : set;
    }

    private ByteSet ParseItem()
    {
        var pattern = parser.Pattern;
        var start = parser.Position;
        if (parser.LooksAt("[:"))
        {
            return ParsePosix(start);
        }

        if (pattern[start] == '\\' && start + 1 < pattern.Length && NamedSets.OfEscape(pattern[start + 1]) is { } named)
        {
            parser.Position += 2;
            return named;
        }

        var low = ReadMember();
        if (parser.Failed || !parser.LooksAt("-") || parser.LooksAt("-]"))
        {
            return default(ByteSet).With(low);
        }

        parser.Position++;
        if (parser.Position >= pattern.Length)
        {
            return default; // the missing bracket is reported by the caller
        }

        var rangeIsOpen = parser.LooksAt("[:")
            || (parser.LooksAt("\\") && parser.Position + 1 < pattern.Length && NamedSets.OfEscape(pattern[parser.Position + 1]) is not null);
        var high = rangeIsOpen ? -1 : ReadMember();
        if (!parser.Failed && high < low)
        {
            parser.Fail(start, $"bad range '{pattern[start..Math.Min(parser.Position + (rangeIsOpen ? 2 : 0), pattern.Length)]}'");
        }

        return parser.Failed ? default : default(ByteSet).WithRange(low, high);
    }

    private ByteSet ParsePosix(int start)
    {
        var end = parser.Pattern.IndexOf(":]", start + 2, StringComparison.Ordinal);
        var name = end < 0 ? default : parser.Pattern.AsSpan((start + 2)..end);
        var negated = name.StartsWith("^");
        if (end < 0 || NamedSets.OfPosix(negated ? name[1..] : name) is not { } set)
        {
            parser.Fail(start, "unknown class name");
            return default;
        }

        parser.Position = end + 2;
        return negated ? set.Not() : set;
    }

    private int ReadMember()
    {
        var start = parser.Position;
        Rune rune = parser.LooksAt("\\") ? parser.ReadEscapedRune() : parser.ReadRune();
        if (!rune.IsAscii)
        {
            parser.Fail(start, "only ASCII characters can stand in a class: matching goes byte by byte");
            return 0;
        }

        return rune.Value;
    }
}
