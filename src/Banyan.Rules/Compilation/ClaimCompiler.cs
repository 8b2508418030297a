using Banyan.Rules.Authorization;
using Banyan.Rules.Tokens;
using Banyan.Xds;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles conditions on metadata, of which there is what the JWT filter leaves behind: claims.</summary>
internal sealed class ClaimCompiler(CompileErrors errors)
{
    private const string Filter = "envoy.filters.http.jwt_authn";

    private readonly Dictionary<ClaimPath, int> _slots = [];

    /// <summary>By their slots.</summary>
    public List<ClaimPath> Paths { get; } = [];

    public Condition Claim(MetadataMatcher matcher, ConditionCompiler conditions, string at)
    {
        if (matcher.Filter != Filter)
        {
            errors.Add($"{at}.filter", $"only {Filter} is supported");
        }

        if (matcher.Path.Count is < 2 or > TokenLimits.ClaimDepth + 1 || matcher.Path.Any(each => each.Key.Length == 0))
        {
            errors.Add($"{at}.path", $"the key of a payload and at most {TokenLimits.ClaimDepth} names are needed");
            return new Anything();
        }

        var path = new ClaimPath(matcher.Path[0].Key, [.. matcher.Path.Skip(1).Select(each => each.Key)]);
        if (!_slots.TryGetValue(path, out var slot))
        {
            _slots.Add(path, slot = Paths.Count);
            Paths.Add(path);
        }

        if (matcher.Value is null)
        {
            errors.Add($"{at}.value", "is needed");
            return new Anything();
        }

        var condition = Value(slot, matcher.Value, conditions, $"{at}.value", mayJoin: true);
        return matcher.Invert ? new Not(condition) : condition;
    }

    private Condition Value(int slot, ValueMatcher value, ConditionCompiler conditions, string at, bool mayJoin)
    {
        switch (value.MatchPatternCase)
        {
            case ValueMatcher.MatchPatternOneofCase.StringMatch:
                return new ClaimCondition(slot, ofList: false, conditions.Text(value.StringMatch, $"{at}.string_match"));
            case ValueMatcher.MatchPatternOneofCase.PresentMatch when value.PresentMatch:
                return new ClaimCondition(slot, ofList: null, pattern: null);
            case ValueMatcher.MatchPatternOneofCase.ListMatch
                when value.ListMatch.OneOf is { MatchPatternCase: ValueMatcher.MatchPatternOneofCase.StringMatch } one:
                return new ClaimCondition(slot, ofList: true, conditions.Text(one.StringMatch, $"{at}.list_match.one_of.string_match"));
            case ValueMatcher.MatchPatternOneofCase.OrMatch when mayJoin && value.OrMatch.ValueMatchers.Count > 0:
                return new AnyOf([.. value.OrMatch.ValueMatchers.Select(
                    (each, i) => Value(slot, each, conditions, $"{at}.or_match.value_matchers[{i}]", mayJoin: false))]);
            default:
                errors.Add(at, $"{value.MatchPatternCase} is not supported here");
                return new Anything();
        }
    }
}
