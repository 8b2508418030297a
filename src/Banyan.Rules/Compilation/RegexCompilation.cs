using Banyan.Wire.RegularExpressions;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles the regular expressions of one resource, each text once.</summary>
internal sealed class RegexCompilation(CompileErrors errors)
{
    private readonly Dictionary<string, LinearRegex> _compiled = new(StringComparer.Ordinal);
    private int _instructions;

    /// <summary>The expression, or null where it is refused.</summary>
    public LinearRegex? Compile(string pattern, string at)
    {
        if (_compiled.TryGetValue(pattern, out var known))
        {
            return known;
        }

        if (pattern.Length == 0)
        {
            errors.Add($"{at}.regex", "required");
            return null;
        }

        if (!LinearRegex.TryCompile(pattern, out var regex, out var problem))
        {
            errors.Add($"{at}.regex", $"'{pattern}' {problem}");
            return null;
        }

        _instructions += regex.InstructionCount;
        if (_instructions > RouteLimits.RegexInstructions)
        {
            errors.Add($"{at}.regex", $"all expressions together are too large: over {RouteLimits.RegexInstructions} steps");
            return null;
        }

        _compiled.Add(pattern, regex);
        return regex;
    }
}
