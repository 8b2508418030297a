using System.Text.RegularExpressions;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.Documents;

/// <summary>A fenced block of a document.</summary>
public sealed record CodeBlock(string Document, int Line, string Language, string Text);

/// <summary>What users read, and the code in it.</summary>
internal static partial class Docs
{
    /// <summary>All fenced blocks of the user's documents.</summary>
    public static IEnumerable<CodeBlock> Blocks(params string[] languages) =>
        from path in Paths()
        let text = File.ReadAllText(Repository.File(path))
        from Match block in Fence().Matches(text)
        where languages.Contains(block.Groups["language"].Value, StringComparer.Ordinal)
        select new CodeBlock(
            path,
            text.AsSpan(0, block.Index).Count('\n') + 1,
            block.Groups["language"].Value,
            block.Groups["text"].Value);

    /// <summary>The command lines of the documents, without comments.</summary>
    public static IEnumerable<(string Place, string[] Words)> Commands() =>
        from block in Blocks("sh")
        from line in block.Text.Split('\n').Index()
        let command = line.Item.Split(" #")[0].Trim()
        where command.Length > 0 && command[0] != '#'
        select ($"{block.Document}:{block.Line + 1 + line.Index}: {command}", Words(command));

    private static IEnumerable<string> Paths() =>
        Directory.GetFiles(Repository.Root, "*.md")
            .Concat(Directory.GetFiles(Repository.File("docs"), "*.md", SearchOption.AllDirectories))
            .Concat(Directory.GetFiles(Repository.File("examples"), "README.md", SearchOption.AllDirectories)
                .Where(path => !path.Contains("/node_modules/", StringComparison.Ordinal)))
            .Concat(Directory.GetFiles(Repository.File("bench"), "README.md"))
            .Select(path => Path.GetRelativePath(Repository.Root, path))
            .Order(StringComparer.Ordinal);

    /// <summary>Words as a shell would split them; quotes as they occur in the documents.</summary>
    private static string[] Words(string command) =>
        [.. Word().Matches(command).Select(word => word.Value.Trim('"', '\''))];

    [GeneratedRegex(@"^```(?<language>\w+)\n(?<text>.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Fence();

    [GeneratedRegex("""("[^"]*"|'[^']*'|[^\s"']+)+""", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Word();
}
