using System.Text;
using Banyan.Rules.Matching;
using Banyan.Xds;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles header, query and string matchers.</summary>
internal sealed class ConditionCompiler(CompileErrors errors, RegexCompilation regexes)
{
    /// <summary>Searching without regard to case takes time proportional to this; longer literals are refused there.</summary>
    private const int IgnoreCaseContains = 256;

    public HeaderCondition Header(HeaderMatcher matcher, string at)
    {
        var name = matcher.Name.ToLowerInvariant();
        if (name.Length is 0 or > RouteLimits.TextLength)
        {
            errors.Add($"{at}.name", name.Length == 0 ? "required" : "too long");
        }

        var test = matcher.HeaderMatchSpecifierCase switch
        {
            HeaderMatcher.HeaderMatchSpecifierOneofCase.None or HeaderMatcher.HeaderMatchSpecifierOneofCase.PresentMatch => HeaderTest.Present,
            HeaderMatcher.HeaderMatchSpecifierOneofCase.RangeMatch => HeaderTest.Range,
            _ => HeaderTest.Text,
        };
        return new HeaderCondition
        {
            Source = Source(name, $"{at}.name"),
            Name = Encoding.UTF8.GetBytes(name),
            Test = test,
            Text = test == HeaderTest.Text ? HeaderText(matcher, at) : null,
            RangeStart = matcher.RangeMatch?.Start ?? 0,
            RangeEnd = matcher.RangeMatch?.End ?? 0,
            Present = matcher.HeaderMatchSpecifierCase == HeaderMatcher.HeaderMatchSpecifierOneofCase.None || matcher.PresentMatch,
            Invert = matcher.InvertMatch,
            MissingIsEmpty = matcher.TreatMissingHeaderAsEmpty,
        };
    }

    public QueryCondition Query(QueryParameterMatcher matcher, string at)
    {
        if (matcher.Name.Length is 0 or > RouteLimits.TextLength)
        {
            errors.Add($"{at}.name", matcher.Name.Length == 0 ? "required" : "too long");
        }

        var text = matcher.QueryParameterMatchSpecifierCase == QueryParameterMatcher.QueryParameterMatchSpecifierOneofCase.StringMatch;
        return new QueryCondition
        {
            Name = Encoding.UTF8.GetBytes(matcher.Name),
            Text = text ? Text(matcher.StringMatch, $"{at}.string_match") : null,
            Present = matcher.QueryParameterMatchSpecifierCase == QueryParameterMatcher.QueryParameterMatchSpecifierOneofCase.None || matcher.PresentMatch,
        };
    }

    public static byte[] LiteralBytes(string text, bool ignoreCase)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        if (ignoreCase)
        {
            foreach (ref var b in bytes.AsSpan())
            {
                b = AsciiText.ToLower(b);
            }
        }

        return bytes;
    }

    private HeaderSource Source(string name, string at)
    {
        switch (name)
        {
            case ":method":
                return HeaderSource.Method;
            case ":authority" or "host":
                return HeaderSource.Authority;
            case ":path":
                return HeaderSource.Path;
            case ":scheme":
                return HeaderSource.Scheme;
            default:
                if (name.StartsWith(':'))
                {
                    errors.Add(at, $"'{name}' is not supported");
                }

                return HeaderSource.Field;
        }
    }

    private StringPattern HeaderText(HeaderMatcher matcher, string at) => matcher.HeaderMatchSpecifierCase switch
    {
        HeaderMatcher.HeaderMatchSpecifierOneofCase.ExactMatch => Literal(StringPatternKind.Exact, matcher.ExactMatch, false, $"{at}.exact_match"),
        HeaderMatcher.HeaderMatchSpecifierOneofCase.PrefixMatch => Literal(StringPatternKind.Prefix, matcher.PrefixMatch, false, $"{at}.prefix_match"),
        HeaderMatcher.HeaderMatchSpecifierOneofCase.SuffixMatch => Literal(StringPatternKind.Suffix, matcher.SuffixMatch, false, $"{at}.suffix_match"),
        HeaderMatcher.HeaderMatchSpecifierOneofCase.ContainsMatch => Literal(StringPatternKind.Contains, matcher.ContainsMatch, false, $"{at}.contains_match"),
        HeaderMatcher.HeaderMatchSpecifierOneofCase.SafeRegexMatch => Regex(matcher.SafeRegexMatch, $"{at}.safe_regex_match"),
        _ => Text(matcher.StringMatch, $"{at}.string_match"),
    };

    public StringPattern Text(StringMatcher matcher, string at)
    {
        switch (matcher.MatchPatternCase)
        {
            case StringMatcher.MatchPatternOneofCase.Exact:
                return Literal(StringPatternKind.Exact, matcher.Exact, matcher.IgnoreCase, $"{at}.exact");
            case StringMatcher.MatchPatternOneofCase.Prefix:
                return Literal(StringPatternKind.Prefix, matcher.Prefix, matcher.IgnoreCase, $"{at}.prefix");
            case StringMatcher.MatchPatternOneofCase.Suffix:
                return Literal(StringPatternKind.Suffix, matcher.Suffix, matcher.IgnoreCase, $"{at}.suffix");
            case StringMatcher.MatchPatternOneofCase.Contains:
                return Literal(StringPatternKind.Contains, matcher.Contains, matcher.IgnoreCase, $"{at}.contains");
            case StringMatcher.MatchPatternOneofCase.SafeRegex:
                return Regex(matcher.SafeRegex, $"{at}.safe_regex");
            default:
                errors.Add(at, "a pattern is required");
                return new StringPattern { Kind = StringPatternKind.Exact };
        }
    }

    private StringPattern Literal(StringPatternKind kind, string text, bool ignoreCase, string at)
    {
        if (text.Length == 0 && kind != StringPatternKind.Exact)
        {
            errors.Add(at, "must not be empty");
        }
        else if (text.Length > RouteLimits.TextLength || (kind == StringPatternKind.Contains && ignoreCase && text.Length > IgnoreCaseContains))
        {
            errors.Add(at, "too long");
        }

        return new StringPattern { Kind = kind, Literal = LiteralBytes(text, ignoreCase), IgnoreCase = ignoreCase };
    }

    private StringPattern Regex(RegexMatcher matcher, string at) =>
        new() { Kind = StringPatternKind.Regex, Regex = regexes.Compile(matcher.Regex, at) };
}
