using System.Text;
using System.Text.RegularExpressions;
using Banyan.Rules;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Rules;

/// <summary>The canonical path against a slow reading of RFC 3986, §5.2.4 and §6.2.2.</summary>
[Trait("Category", "Fuzz")]
public sealed partial class CanonicalPathFuzzTests(ITestOutputHelper output)
{
    private static readonly string[] Parts =
    [
        "/", "/", "/", "//", ".", "..", "/.", "/..", "/./", "/../", "a", "b", "%2e", "%2E", "%2f", "%2F", "%5c", "%00", "%25", "%41", "%7e",
        "%c3%a9", "%", "%4", "%zz", "\\", ";", "*", "\u00e9", "~", "%2e%2e", ".%2e", "...", "%20",
    ];

    [Fact]
    public void ItIsWhatTheSlowReadingSays() => Fuzz.Bytes(output.WriteLine, RandomPath, Problem);

    private static byte[] RandomPath(Random random)
    {
        var text = new StringBuilder(random.Next(30) == 0 ? "" : "/");
        for (var count = random.Next(12); count > 0; count--)
        {
            text.Append(Parts[random.Next(Parts.Length)]);
        }

        return Encoding.Latin1.GetBytes(text.ToString());
    }

    private static string? Problem(byte[] bytes)
    {
        foreach (var allowed in (ReadOnlySpan<bool>)[false, true])
        {
            var expected = Slow(Encoding.Latin1.GetString(bytes), allowed);
            var actual = Canonical(bytes, allowed);
            if (actual != expected)
            {
                return $"{actual ?? "refused"}, should be {expected ?? "refused"}";
            }

            if (actual is not null && actual != "*"
                && (Canonical(Encoding.Latin1.GetBytes(actual), allowed) != actual || OddSegment().IsMatch(actual)))
            {
                return $"{actual} is not canonical";
            }
        }

        return null;
    }

    private static string? Canonical(byte[] path, bool allowed)
    {
        var output = new byte[path.Length];
        return CanonicalPath.Write(path, output, allowed, out var written) switch
        {
            PathOutcome.Unchanged => Encoding.Latin1.GetString(path),
            PathOutcome.Rewritten => Encoding.Latin1.GetString(output, 0, written),
            _ => null,
        };
    }

    private static string? Slow(string path, bool allowed)
    {
        if (path == "*")
        {
            return path;
        }

        var odd = allowed ? "%00" : "%00|%2f|%5c";
        if (!path.StartsWith('/') || path.Contains('\\', StringComparison.Ordinal)
            || Regex.IsMatch(path, $"%(?![0-9a-fA-F]{{2}})|{odd}", RegexOptions.IgnoreCase, TimeSpan.FromSeconds(10)))
        {
            return null;
        }

        var decoded = Encoded().Replace(path, match =>
        {
            var c = (char)Convert.ToInt32(match.Value[1..], 16);
            return char.IsAsciiLetterOrDigit(c) || "-._~".Contains(c, StringComparison.Ordinal) ? c.ToString() : match.Value.ToUpperInvariant();
        });
        var kept = new List<string>();
        var segments = decoded[1..].Split('/');
        foreach (var segment in segments)
        {
            if (segment == ".." && kept.Count == 0)
            {
                return null;
            }

            if (segment == "..")
            {
                kept.RemoveAt(kept.Count - 1);
            }
            else if (segment != ".")
            {
                kept.Add(segment);
            }
        }

        if (segments[^1] is "." or "..")
        {
            kept.Add("");
        }

        return Slashes().Replace("/" + string.Join('/', kept), "/");
    }

    [GeneratedRegex("%[0-9a-fA-F]{2}", RegexOptions.None, 10_000)]
    private static partial Regex Encoded();

    [GeneratedRegex("/+", RegexOptions.None, 10_000)]
    private static partial Regex Slashes();

    [GeneratedRegex(@"//|/\.\.?(?:/|\z)", RegexOptions.None, 10_000)]
    private static partial Regex OddSegment();
}
