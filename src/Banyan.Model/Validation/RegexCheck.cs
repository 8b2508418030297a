using Banyan.Model.Text;

namespace Banyan.Model;

/// <summary>Whether a regular expression is one that the proxies can run.</summary>
internal static class RegexCheck
{
    /// <summary>What is wrong with it, or null.</summary>
    public static string? Check(string pattern) =>
        pattern.Length > 1024 ? $"{Quote.Text(pattern)} is longer than 1,024 characters" : null;
}
