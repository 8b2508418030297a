using System.Reflection;
using Banyan.Testing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>Takes each condition out of the decoder in turn: the tables of cases have to notice.</summary>
public sealed class GuardTests(ITestOutputHelper output)
{
    private static readonly string[] Files =
        ["FieldText.cs", "FieldText.Pseudo.cs", "FieldRoles.cs", "HpackDecoder.cs", "HpackInteger.cs", "Huffman.cs", "DynamicTable.cs"];

    /// <summary>What is there for speed, or said twice.</summary>
    private static readonly string[] Harmless =
    [
        "DynamicTable.cs: if _end + length <= _lines.Length",
        "FieldText.cs: if Status != FieldBlockStatus.Ok",
        "FieldText.cs: if _kind == FieldSectionKind.Trailers && role is > FieldRole.Plain and < FieldRole.Method",
        "FieldText.cs: if role >= FieldRole.Method",
        "HpackDecoder.cs: and !lines.IsEmpty",
        "Huffman.cs: if bytes.Length - at >= 4",

        // The encoder's.
        "HpackInteger.cs: if value < most",
        "Huffman.cs: if bits > 0",

        // Done once, with everything in place.
        "Huffman.cs: if _lengths[symbol] != bits",
        "Huffman.cs: if bits <= LookupBits",
    ];

    private delegate string Run(char kind, byte[][] blocks);

    [Fact]
    public void WithoutAnyOneConditionTheTableIsRed()
    {
        var guards = new List<string>();
        var assembly = Compile(guards);
        var run = assembly.GetType(typeof(BlockTranscript).FullName!)!.GetMethod(nameof(BlockTranscript.Of))!.CreateDelegate<Run>();
        var switchType = assembly.GetType("Banyan.Tests.Wire.Http2.Guards")!;
        var removed = switchType.GetField("Removed")!;
        var steps = switchType.GetField("Steps")!;
        var rows = BlockCorpus.All.Select(row => (row.Kind, row.Blocks, Expected: BlockTranscript.Of(row.Kind, row.Blocks))).ToList();
        Assert.All(rows, row => Assert.Equal(row.Expected, Try(row.Kind, row.Blocks)));

        var survivors = new List<string>();
        for (var number = 0; number < guards.Count; number++)
        {
            removed.SetValue(null, number);
            if (rows.All(row => Try(row.Kind, row.Blocks) == row.Expected))
            {
                survivors.Add(guards[number]);
            }
        }

        output.WriteLine($"{guards.Count} conditions removed, {survivors.Count} not noticed");
        survivors.Sort(StringComparer.Ordinal);
        Assert.Equal(string.Join('\n', Harmless.Order(StringComparer.Ordinal)), string.Join('\n', survivors));

        string Try(char kind, byte[][] blocks)
        {
            steps.SetValue(null, 0);
            try
            {
                return run(kind, blocks);
            }
            catch (Exception error)
            {
                return error.GetType().Name;
            }
        }
    }

    private static Assembly Compile(List<string> guards)
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview);
        var trees = new List<SyntaxTree>();
        foreach (var folder in (string[])["Http1", "Http2"])
        {
            foreach (var path in Directory.EnumerateFiles(Repository.File("src", "Banyan.Wire", folder), "*.cs").Order(StringComparer.Ordinal))
            {
                var file = Path.GetFileName(path);
                var root = CSharpSyntaxTree.ParseText(File.ReadAllText(path), options).GetRoot();
                var text = Files.Contains(file) ? new GuardRemover(file, guards).Visit(root).ToFullString() : root.ToFullString();
                trees.Add(CSharpSyntaxTree.ParseText(text, options, path));
            }
        }

        var transcript = Repository.File("tests", "Banyan.Tests", "Wire", "Http2", "BlockTranscript.cs");
        trees.Add(CSharpSyntaxTree.ParseText(GuardRemover.Switch, options));
        trees.Add(CSharpSyntaxTree.ParseText(File.ReadAllText(transcript), options, transcript));
        return Mutants.Load(trees);
    }
}
