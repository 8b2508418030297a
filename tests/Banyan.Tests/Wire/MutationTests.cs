using Banyan.Testing;
using Banyan.Testing.Hostile;
using Banyan.Wire.Http1;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>Takes each check out of the parsers in turn: the table has to notice.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private delegate string Run(byte[] bytes, bool response, string method, int[] arrivals, bool brief);

    [Fact]
    public void WithoutAnyOneCheckTheTableIsRed()
    {
        var checks = new List<RemovableCheck>();
        var assembly = Mutants.Load(Rewrite(checks));
        var run = assembly.GetType(typeof(Transcript).FullName!)!.GetMethod(nameof(Transcript.Of))!.CreateDelegate<Run>();
        var removed = assembly.GetType("Banyan.Tests.Wire.Checks")!.GetField("Removed")!;
        var rows = HostileCases.All.Select(Row.Of).ToList();

        foreach (var row in rows)
        {
            Assert.Equal(row.Transcript, row.Run(run));
        }

        var survivors = new List<RemovableCheck>();
        var onlyByReason = 0;
        for (var number = 0; number < checks.Count; number++)
        {
            removed.SetValue(null, number);
            var killers = rows
                .OrderByDescending(row => row.Case.Reason == checks[number].Reason && row.Case.Text.Length < 4096)
                .ThenBy(row => row.Case.Text.Length)
                .Where(row => row.Run(run) != row.Transcript);
            if (killers.FirstOrDefault() is not { } killer)
            {
                survivors.Add(checks[number]);
            }
            else if (killer.Run(run).Contains("Malformed", StringComparison.Ordinal))
            {
                onlyByReason++;
            }
        }

        output.WriteLine($"{checks.Count} checks removed, {survivors.Count} not noticed, {onlyByReason} first noticed by another reason");
        Assert.True(survivors.Count == 0, string.Join('\n', survivors));
    }

    [Fact]
    public void EveryRefusalIsARemovableCheck()
    {
        var checks = new List<RemovableCheck>();
        _ = Rewrite(checks);
        var reasons = Enum.GetNames<Malformed>().Where(r => r != nameof(Malformed.None));
        Assert.Empty(reasons.Except(checks.Select(c => c.Reason), StringComparer.Ordinal));

        // A refusal that is written in another shape would escape the test above.
        foreach (var (file, text) in Sources().Where(s => s.File != "Malformed.cs"))
        {
            var mentions = CSharpSyntaxTree.ParseText(text).GetRoot().DescendantNodes()
                .Where(n => n is Microsoft.CodeAnalysis.CSharp.Syntax.ReturnStatementSyntax)
                .Select(n => n.ToString())
                .Count(s => s.StartsWith("return Malformed.", StringComparison.Ordinal) && s != "return Malformed.None;");
            var removable = checks.Where(c => c.File == file && c.Reason.Length > 0).Select(c => c.Line).Distinct().Count();
            Assert.True(mentions <= removable, $"{file} has {mentions} refusals, and {removable} of them can be removed");
        }
    }

    private static IEnumerable<(string File, string Text)> Sources() =>
        Directory.EnumerateFiles(Repository.File("src", "Banyan.Wire", "Http1"), "*.cs")
            .Order(StringComparer.Ordinal)
            .Select(path => (Path.GetFileName(path), File.ReadAllText(path)));

    private static List<SyntaxTree> Rewrite(List<RemovableCheck> checks)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        var trees = new List<SyntaxTree>();
        foreach (var (file, text) in Sources())
        {
            var root = CSharpSyntaxTree.ParseText(text, options).GetRoot();
            var rewritten = new CheckRemover(file) { Found = checks }.Visit(root).ToFullString();
            trees.Add(CSharpSyntaxTree.ParseText(rewritten, options, file));
        }

        var transcript = Repository.File("tests", "Banyan.Tests", "Wire", "Transcript.cs");
        trees.Add(CSharpSyntaxTree.ParseText(CheckRemover.Switch, options));
        trees.Add(CSharpSyntaxTree.ParseText(File.ReadAllText(transcript), options, transcript));
        return trees;
    }

    private sealed record Row(HostileCase Case, byte[] Bytes, string Transcript)
    {
        public static Row Of(HostileCase row) => new(row, row.Bytes, HostileTests.Run(row, [row.Bytes.Length]));

        public string Run(Run run) => run(Bytes, Case.Side == HostileSide.Response, Case.Method, [Bytes.Length], false);
    }
}
