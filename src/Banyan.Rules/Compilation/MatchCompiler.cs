using System.Text;
using Banyan.Rules.Matching;
using Banyan.Xds;

namespace Banyan.Rules.Compilation;

/// <summary>What a route asks of a request, compiled.</summary>
internal sealed record CompiledMatch(PathPattern Path, HeaderCondition[] Headers, QueryCondition[] Query, bool Enabled, string Description);

/// <summary>Compiles route matches.</summary>
internal sealed class MatchCompiler(CompileErrors errors, RegexCompilation regexes)
{
    private static readonly PathPattern Anything = new() { Kind = PathPatternKind.Prefix };

    public CompiledMatch Compile(RouteMatch? match, string at)
    {
        if (match is null)
        {
            errors.Add(at, "required");
            return new CompiledMatch(Anything, [], [], Enabled: false, "");
        }

        if (match.Headers.Count > RouteLimits.Matchers || match.QueryParameters.Count > RouteLimits.Matchers)
        {
            errors.Add($"{at}.{(match.Headers.Count > RouteLimits.Matchers ? "headers" : "query_parameters")}", $"at most {RouteLimits.Matchers}");
            return new CompiledMatch(Anything, [], [], Enabled: false, "");
        }

        var conditions = new ConditionCompiler(errors, regexes);
        var headers = match.Headers.Select((header, i) => conditions.Header(header, $"{at}.headers[{i}]"));
        var query = match.QueryParameters.Select((parameter, i) => conditions.Query(parameter, $"{at}.query_parameters[{i}]"));
        return new CompiledMatch(Path(match, at), [.. headers], [.. query], Enabled(match.RuntimeFraction, at), Describe(match));
    }

    private PathPattern Path(RouteMatch match, string at)
    {
        var ignoreCase = match.CaseSensitive == false;
        switch (match.PathSpecifierCase)
        {
            case RouteMatch.PathSpecifierOneofCase.Path:
                return Literal(PathPatternKind.Exact, match.Path, ignoreCase, $"{at}.path");
            case RouteMatch.PathSpecifierOneofCase.Prefix:
                return Literal(PathPatternKind.Prefix, match.Prefix, ignoreCase, $"{at}.prefix");
            case RouteMatch.PathSpecifierOneofCase.PathSeparatedPrefix:
                if (match.PathSeparatedPrefix.Length < 2 || match.PathSeparatedPrefix[^1] == '/' || match.PathSeparatedPrefix.AsSpan().ContainsAny('?', '#'))
                {
                    errors.Add($"{at}.path_separated_prefix", $"'{match.PathSeparatedPrefix}': at least two characters, no '?' or '#', no '/' at the end; write prefix \"/\" for every path");
                }

                return Literal(PathPatternKind.SegmentPrefix, match.PathSeparatedPrefix, ignoreCase, $"{at}.path_separated_prefix");
            case RouteMatch.PathSpecifierOneofCase.SafeRegex:
                // case_sensitive does not reach regular expressions, as xDS says: they write (?i).
                return new PathPattern { Kind = PathPatternKind.Regex, Regex = regexes.Compile(match.SafeRegex.Regex, $"{at}.safe_regex") };
            default:
                errors.Add(at, "one of prefix, path, path_separated_prefix and safe_regex is required");
                return Anything;
        }
    }

    private PathPattern Literal(PathPatternKind kind, string text, bool ignoreCase, string at)
    {
        if (text.Length > RouteLimits.TextLength)
        {
            errors.Add(at, "too long");
        }

        return new PathPattern { Kind = kind, Literal = ConditionCompiler.LiteralBytes(text, ignoreCase), IgnoreCase = ignoreCase };
    }

    /// <summary>A fraction of all or nothing needs no draw; others are refused.</summary>
    private bool Enabled(RuntimeFractionalPercent? fraction, string at)
    {
        if (fraction?.DefaultValue is not { } value)
        {
            return true;
        }

        var denominator = value.Denominator switch
        {
            FractionalPercent.Types.DenominatorType.Hundred => 100u,
            FractionalPercent.Types.DenominatorType.TenThousand => 10_000u,
            _ => 1_000_000u,
        };
        if (value.Numerator > 0 && value.Numerator < denominator)
        {
            errors.Add($"{at}.runtime_fraction", $"{value.Numerator} of {denominator}: only none (0) and all are supported; use weighted clusters");
        }

        return value.Numerator > 0;
    }

    private static string Describe(RouteMatch match) => match.PathSpecifierCase switch
    {
        RouteMatch.PathSpecifierOneofCase.Path => match.Path,
        RouteMatch.PathSpecifierOneofCase.Prefix => match.Prefix + "*",
        RouteMatch.PathSpecifierOneofCase.PathSeparatedPrefix => match.PathSeparatedPrefix + "/*",
        RouteMatch.PathSpecifierOneofCase.SafeRegex => match.SafeRegex.Regex,
        _ => "",
    };
}
