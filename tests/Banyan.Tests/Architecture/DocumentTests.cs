using System.Text.RegularExpressions;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Architecture;

/// <summary>Documents outlive what they describe unless something fails.</summary>
public sealed partial class DocumentTests
{
    /// <summary>Names in code spans of ARCHITECTURE.md that look like types and are not ours.</summary>
    private static readonly HashSet<string> Foreign = new(StringComparer.Ordinal)
    {
        "Host", "Connection", "Date", "Expect", "Upgrade", "Forwarded", "SIGTERM", "SIGKILL", "EAGAIN", "POST", "GET", "CONNECT",
        "HTTPRoute", "Service", "Gateway", "ReferenceGrant", "HEAD", "RST", "FIN", "NACK", "ACK", "PORT", "Task",
    };

    [Fact]
    public void LinksLeadSomewhere()
    {
        var broken =
            from document in Sources.All(".md")
            let folder = Path.GetDirectoryName(Repository.File(document))!
            from Match link in Link().Matches(WithoutCode(File.ReadAllText(Repository.File(document))))
            let target = link.Groups["target"].Value.Split('#')[0]
            where target.Length > 0 && !target.Contains("://", StringComparison.Ordinal)
                && !target.StartsWith("mailto:", StringComparison.Ordinal)
            where !Path.Exists(Path.Combine(folder, target))
            select $"{document}: {link.Groups["target"].Value}";
        Assert.Equal("", string.Join('\n', broken));
    }

    [Fact]
    public void TheArchitectureNamesOnlyWhatExists()
    {
        if (!File.Exists(Repository.File("ARCHITECTURE.md")))
        {
            return;
        }

        var types = Sources.All(".cs").SelectMany(Sources.Lines)
            .Select(line => TypeDeclaration().Match(line))
            .Where(match => match.Success)
            .Select(match => match.Groups["name"].Value)
            .ToHashSet(StringComparer.Ordinal);
        var gone =
            from span in CodeSpans("ARCHITECTURE.md")
            where IsPath(span) ? !PathExists(span) : TypeName().IsMatch(span) && !IsType(span, types)
            select span;
        Assert.Equal("", string.Join('\n', gone));
    }

    [Fact]
    public void CommentsReferToDocumentsThatExist()
    {
        var gone =
            from path in Sources.All(".cs", ".csproj", ".props", ".proto", ".yaml", ".sh")
            from line in Sources.Lines(path)
            from Match reference in DocumentPath().Matches(line)
            where !Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories)
                .Any(file => Path.GetRelativePath(Repository.Root, file).StartsWith(reference.Value, StringComparison.Ordinal))
            select $"{path}: {reference.Value}";
        Assert.Equal("", string.Join('\n', gone));
    }

    [Theory]
    [InlineData("## Context")]
    [InlineData("## Decision")]
    [InlineData("## Reasons")]
    [InlineData("## Security implications")]
    [InlineData("## Reliability implications")]
    public void ADecisionRecordHasItsHeadings(string heading)
    {
        var lacking = Sources.All(".md")
            .Where(path => path.StartsWith("docs/decisions/0", StringComparison.Ordinal))
            .Where(path => !Sources.Lines(path).Contains(heading, StringComparer.Ordinal));
        Assert.Equal("", string.Join('\n', lacking));
    }

    [Fact]
    public void DecisionRecordsAreNumberedWithoutAHole()
    {
        var numbers = Sources.All(".md")
            .Where(path => path.StartsWith("docs/decisions/0", StringComparison.Ordinal))
            .Select(path => int.Parse(Path.GetFileName(path).AsSpan(0, 4)))
            .Order()
            .ToArray();
        Assert.Equal(Enumerable.Range(1, numbers.Length), numbers);
    }

    [GeneratedRegex(@"\]\((?<target>[^)\s]+)\)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Fence();

    [GeneratedRegex(@"`(?<text>[^`\n]+)`", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Span();

    [GeneratedRegex(@"\b(?:class|struct|interface|enum|record(?: struct| class)?)\s+(?<name>[A-Z]\w*)", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypeDeclaration();

    [GeneratedRegex(@"^[A-Z]\w+(\.[A-Z]\w+)?(\(\))?$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex TypeName();

    [GeneratedRegex(@"\bdocs/(guide|reference|decisions)/[\w.-]+\w", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex DocumentPath();

    private static string WithoutCode(string text) => Span().Replace(Fence().Replace(text, ""), "");

    private static IEnumerable<string> CodeSpans(string document) =>
        Span().Matches(Fence().Replace(File.ReadAllText(Repository.File(document)), "")).Select(match => match.Groups["text"].Value);

    /// <summary>A code span is a path when it begins with one of the folders at the root, or names a file.</summary>
    private static bool IsPath(string span) =>
        !span.Contains(' ', StringComparison.Ordinal)
        && (span.StartsWith("src/", StringComparison.Ordinal) || span.StartsWith("tests/", StringComparison.Ordinal)
            || span.StartsWith("docs/", StringComparison.Ordinal) || span.StartsWith("examples/", StringComparison.Ordinal)
            || span.StartsWith("bench/", StringComparison.Ordinal) || span.EndsWith(".cs", StringComparison.Ordinal));

    /// <summary>A bare file name must exist somewhere; <c>*</c> stands for any name.</summary>
    private static bool PathExists(string span) =>
        span.Contains('/', StringComparison.Ordinal)
            ? Path.Exists(Repository.File(span.Split('*')[0]))
            : Sources.All(".cs").Any(path => Path.GetFileName(path) == span);

    private static bool IsType(string span, HashSet<string> types)
    {
        var name = span.TrimEnd('(', ')').Split('.')[0];
        return name == "Banyan" || types.Contains(name) || Foreign.Contains(name);
    }
}
