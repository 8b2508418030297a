using Banyan.Wire.RegularExpressions;

namespace Banyan.Model;

/// <summary>
/// Whether a regular expression is one that the proxies can run: it is compiled by the engine that they use.
/// </summary>
internal static class RegexCheck
{
    /// <summary>What is wrong with it, or null.</summary>
    public static string? Check(string pattern) =>
        LinearRegex.TryCompile(pattern, out _, out var problem) ? null : $"not a regular expression that can be run: {problem}";
}
