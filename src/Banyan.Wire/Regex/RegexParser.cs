using System.Text;

namespace Banyan.Wire.RegularExpressions;

/// <summary>Reads the RE2 subset that <see cref="LinearRegex"/> documents.</summary>
internal sealed class RegexParser(string pattern)
{
    private const int MaxDepth = 100;
    private const int MaxRepeat = 1_000;

    private int _at;
    private int _depth;
    private bool _ignoreCase;
    private bool _dotAll;
    private RegexProblem? _problem;

    /// <summary>The expression, or null and the first problem.</summary>
    public RegexNode? Parse(out RegexProblem problem)
    {
        var node = ParseChoice();
        if (_problem is null && _at < pattern.Length)
        {
            Fail(_at, "')' without '('");
        }

        problem = _problem ?? default;
        return _problem is null ? node : null;
    }

    private RegexNode ParseChoice()
    {
        var branches = new List<RegexNode> { ParseSequence() };
        while (_problem is null && Skip('|'))
        {
            branches.Add(ParseSequence());
        }

        return branches.Count == 1 ? branches[0] : new ChoiceNode(branches);
    }

    private RegexNode ParseSequence()
    {
        var parts = new List<RegexNode>();
        while (_problem is null && _at < pattern.Length && pattern[_at] is not ('|' or ')'))
        {
            if (LooksAt(@"\Q"))
            {
                ParseQuoted(parts);
                continue;
            }

            var start = _at;
            if (ParseAtom() is { } atom)
            {
                parts.Add(ParseRepeats(atom, start));
            }
        }

        return parts.Count == 1 ? parts[0] : new SequenceNode(parts);
    }

    /// <summary>One atom, or null where a flag group changed only the flags.</summary>
    private RegexNode? ParseAtom()
    {
        var c = pattern[_at];
        switch (c)
        {
            case '(':
                return ParseGroup();
            case '[':
                return new ByteNode(new RegexClassParser(this, _ignoreCase).Parse());
            case '.':
                _at++;
                return new ByteNode(_dotAll ? ByteSet.All : NamedSets.NotNewline);
            case '^':
                _at++;
                return new AnchorNode(RegexOp.Begin);
            case '$':
                _at++;
                return new AnchorNode(RegexOp.End);
            case '*' or '+' or '?':
                Fail(_at, $"nothing to repeat before '{c}'");
                return null;
            case '\\':
                return ParseEscape();
            default:
                return Literal(ReadRune());
        }
    }

    private RegexNode ParseRepeats(RegexNode atom, int start)
    {
        var operatorAt = _at;
        if (!TryReadRepeat(out var min, out var max))
        {
            return atom;
        }

        Skip('?'); // lazy: another match is preferred, yet the same texts match as a whole
        if (_problem is null && _at < pattern.Length && (pattern[_at] is '*' or '+' or '?' || IsRepeatAt(_at)))
        {
            Fail(operatorAt, $"bad repetition operator '{pattern[operatorAt..(_at + 1)]}'");
        }

        // What compiles to nothing may be repeated at will.
        var node = atom.Size == 0 || max == 0 ? RegexNode.Empty : new RepeatNode(atom, min, max);
        if (node.Size > LinearRegex.MaxInstructions)
        {
            Fail(start, $"too large: more than {LinearRegex.MaxInstructions} steps when its repetitions are written out");
        }

        return node;
    }

    private bool TryReadRepeat(out int min, out int? max)
    {
        (min, max) = (0, null);
        if (_problem is not null || _at >= pattern.Length)
        {
            return false;
        }

        switch (pattern[_at])
        {
            case '*':
                _at++;
                return true;
            case '+':
                _at++;
                min = 1;
                return true;
            case '?':
                _at++;
                max = 1;
                return true;
            case '{' when IsRepeatAt(_at):
                return ReadCounts(out min, out max);
            default:
                return false;
        }
    }

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c> or <c>{n,m}</c>.</summary>
    private bool ReadCounts(out int min, out int? max)
    {
        var start = _at++;
        min = ReadCount();
        max = min;
        if (Skip(','))
        {
            max = pattern[_at] == '}' ? null : ReadCount();
        }

        _at++;
        if (min > MaxRepeat || max > MaxRepeat || max < min)
        {
            Fail(start, max < min ? "repeat count: the first number is above the second" : $"repeat count above {MaxRepeat}");
            return false;
        }

        return true;
    }

    private int ReadCount()
    {
        var value = 0;
        while (char.IsAsciiDigit(pattern[_at]))
        {
            value = Math.Min((value * 10) + (pattern[_at++] - '0'), MaxRepeat + 1);
        }

        return value;
    }

    /// <summary>A brace that is no repeat count stands for itself, as in RE2.</summary>
    private bool IsRepeatAt(int at)
    {
        if (at >= pattern.Length || pattern[at] != '{')
        {
            return false;
        }

        var digits = SkipDigits(at + 1);
        if (digits == at + 1 || digits >= pattern.Length)
        {
            return false;
        }

        var end = pattern[digits] == ',' ? SkipDigits(digits + 1) : digits;
        return end < pattern.Length && pattern[end] == '}';
    }

    private int SkipDigits(int at)
    {
        while (at < pattern.Length && char.IsAsciiDigit(pattern[at]))
        {
            at++;
        }

        return at;
    }

    private RegexNode? ParseGroup()
    {
        var start = _at++;
        var (ignoreCase, dotAll) = (_ignoreCase, _dotAll);
        if (Skip('?'))
        {
            if (LooksAt("P<") || (LooksAt("<") && !LooksAt("<=") && !LooksAt("<!")))
            {
                ReadGroupName();
            }
            else if (!ParseFlags(start))
            {
                return null; // flags up to the end of the enclosing group, or a problem
            }
        }

        if (++_depth > MaxDepth)
        {
            Fail(start, $"groups nested deeper than {MaxDepth}");
            return null;
        }

        var node = ParseChoice();
        _depth--;
        (_ignoreCase, _dotAll) = (ignoreCase, dotAll);
        if (_problem is null && !Skip(')'))
        {
            Fail(start, "'(' without ')'");
        }

        return node;
    }

    private void ReadGroupName()
    {
        var start = _at;
        var end = pattern.IndexOf('>', _at);
        var name = end < 0 ? "" : pattern[(pattern.IndexOf('<', _at) + 1)..end];
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            Fail(start, "bad group name");
            return;
        }

        _at = end + 1;
    }

    /// <summary>After <c>(?</c>: true when a group follows (<c>(?i:</c>), false after <c>(?i)</c> or a problem.</summary>
    private bool ParseFlags(int start)
    {
        var on = true;
        var flags = 0;
        while (_at < pattern.Length)
        {
            var c = pattern[_at++];
            switch (c)
            {
                case ':' when on || flags > 0:
                    return true;
                case ')' when flags > 0:
                    return false;
                case '-' when on:
                    (on, flags) = (false, 0);
                    break;
                case 'i':
                    _ignoreCase = on;
                    flags++;
                    break;
                case 's':
                    _dotAll = on;
                    flags++;
                    break;
                case 'U':
                    flags++; // swaps greedy and lazy, which match the same texts as a whole
                    break;
                case '=' or '!' or '<':
                    Fail(start, "look-around is not supported");
                    return false;
                default:
                    Fail(_at - 1, c == 'm' ? "the flag m is not supported" : $"unknown group '(?{c}'");
                    return false;
            }
        }

        Fail(start, "'(' without ')'");
        return false;
    }

    private RegexNode? ParseEscape()
    {
        var start = _at;
        if (start + 1 >= pattern.Length)
        {
            Fail(start, "'\\' at the end");
            return null;
        }

        var c = pattern[start + 1];
        if (NamedSets.OfEscape(c) is { } set)
        {
            _at += 2;
            return new ByteNode(set);
        }

        switch (c)
        {
            case 'A':
                _at += 2;
                return new AnchorNode(RegexOp.Begin);
            case 'z':
                _at += 2;
                return new AnchorNode(RegexOp.End);
            case 'C':
                _at += 2;
                return new ByteNode(ByteSet.All);
            default:
                return Literal(ReadEscapedRune());
        }
    }

    /// <summary>Reads <c>\Q...\E</c>; without an end it goes up to the end.</summary>
    private void ParseQuoted(List<RegexNode> parts)
    {
        _at += 2;
        while (_at < pattern.Length && !LooksAt(@"\E"))
        {
            var start = _at;
            parts.Add(Literal(ReadRune()));
            if (start == _at)
            {
                return;
            }
        }

        if (_at < pattern.Length)
        {
            _at += 2;
            if (parts.Count > 0)
            {
                parts[^1] = ParseRepeats(parts[^1], _at); // RE2: the operator belongs to the last quoted character
            }
        }
    }

    private RegexNode Literal(Rune rune)
    {
        if (rune.IsAscii)
        {
            var set = default(ByteSet).With(rune.Value);
            return new ByteNode(_ignoreCase ? set.FoldCase() : set);
        }

        var bytes = new byte[4];
        var length = rune.EncodeToUtf8(bytes);
        return new SequenceNode([.. bytes.Take(length).Select(b => new ByteNode(default(ByteSet).With(b)))]);
    }

    /// <summary>Reads a backslash and what it stands for, where that is a single character.</summary>
    internal Rune ReadEscapedRune()
    {
        var start = _at++;
        if (_at >= pattern.Length)
        {
            return Bad(start, "'\\' at the end");
        }

        var c = pattern[_at++];
        switch (c)
        {
            case 'a':
                return new Rune('\a');
            case 'f':
                return new Rune('\f');
            case 't':
                return new Rune('\t');
            case 'n':
                return new Rune('\n');
            case 'r':
                return new Rune('\r');
            case 'v':
                return new Rune('\v');
            case 'x':
                return ReadHex(start);
            case 'b' or 'B':
                return Bad(start, "word boundaries are not supported");
            case 'p' or 'P':
                return Bad(start, "Unicode classes are not supported");
            case >= '1' and <= '7' when !(_at < pattern.Length && pattern[_at] is >= '0' and <= '7'):
                return Bad(start, "back-references are not supported");
            case >= '0' and <= '7':
                return ReadOctal(c - '0');
            case '8' or '9':
                return Bad(start, "back-references are not supported");
            default:
                return c < 0x80 && !char.IsAsciiLetterOrDigit(c) ? new Rune(c) : Bad(start, $"unknown escape '\\{c}'");
        }
    }

    private Rune ReadOctal(int value)
    {
        for (var digits = 1; digits < 3 && _at < pattern.Length && pattern[_at] is >= '0' and <= '7'; digits++)
        {
            value = (value * 8) + (pattern[_at++] - '0');
        }

        return new Rune(value);
    }

    private Rune ReadHex(int start)
    {
        var braces = Skip('{');
        var value = 0;
        var digits = 0;
        while (_at < pattern.Length && char.IsAsciiHexDigit(pattern[_at]) && digits < (braces ? 8 : 2))
        {
            value = Math.Min((value * 16) + Convert.ToInt32(pattern[_at++].ToString(), 16), 0x110000);
            digits++;
        }

        var complete = braces ? digits > 0 && Skip('}') : digits == 2;
        return complete && Rune.IsValid(value) ? new Rune(value) : Bad(start, @"'\x' wants two hexadecimal digits, or a code point in braces");
    }

    /// <summary>Reads one character as it stands.</summary>
    internal Rune ReadRune()
    {
        if (Rune.DecodeFromUtf16(pattern.AsSpan(_at), out var rune, out var length) != System.Buffers.OperationStatus.Done)
        {
            return Bad(_at, "half a surrogate pair");
        }

        _at += length;
        return rune;
    }

    internal bool LooksAt(string text) => string.CompareOrdinal(pattern, _at, text, 0, text.Length) == 0;

    internal bool Skip(char c)
    {
        if (_at >= pattern.Length || pattern[_at] != c)
        {
            return false;
        }

        _at++;
        return true;
    }

    internal int Position
    {
        get => _at;
        set => _at = value;
    }

    internal string Pattern => pattern;

    internal bool Failed => _problem is not null;

    /// <summary>Keeps the first problem and stops the parser.</summary>
    internal void Fail(int at, string message)
    {
        _problem ??= new RegexProblem(at, message);
        _at = pattern.Length;
    }

    private Rune Bad(int at, string message)
    {
        Fail(at, message);
        return new Rune('?');
    }
}
