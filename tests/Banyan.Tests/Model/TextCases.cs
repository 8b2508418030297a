using Banyan.Model;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Model;

/// <summary>Texts with mistakes and every message they get: <c>Texts/*.txt</c>, messages behind the text, after <c>&gt;&gt; </c>.</summary>
/// <remarks><c>BANYAN_GOLDEN=1</c> writes the messages anew, to be read by a human.</remarks>
public sealed class TextCases
{
    private const string Mark = ">> ";

    public static TheoryData<string> Names =>
        [.. Directory.GetFiles(Folder, "*.txt").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    private static string Folder => Repository.File("tests", "Banyan.Tests", "Model", "Texts");

    [Theory]
    [MemberData(nameof(Names))]
    public void MessagesAreAsRecorded(string name)
    {
        var file = Path.Combine(Folder, name + ".txt");
        var all = File.ReadAllText(file);
        var text = all.StartsWith(Mark, StringComparison.Ordinal) ? "" : all.IndexOf("\n" + Mark, StringComparison.Ordinal) is >= 0 and var end ? all[..(end + 1)] : all;
        var result = ConfigReader.Read("f.yaml", text);
        string[] messages =
        [
            .. result.Problems.Select(p => p.ToString()),
            .. Validator.Check(result.Objects).Select(p => p.ToString()),
            .. result.SkippedKinds.Select(s => $"skipped {s.Count} {s.ApiVersion} {s.Kind}"),
            $"read {result.Objects.Count}",
        ];
        var actual = text + (text.Length == 0 || text[^1] == '\n' ? "" : "\n") + string.Concat(messages.Select(m => $"{Mark}{m}\n"));
        if (Environment.GetEnvironmentVariable("BANYAN_GOLDEN") == "1")
        {
            File.WriteAllText(file, actual);
        }

        Assert.Equal(File.ReadAllText(file), actual);
    }

    [Fact]
    public void JsonFilesMustBeJson()
    {
        Assert.Equal(["f.json:1:1: not valid JSON: 'a' is an invalid start of a value"], Configs.Problems("apiVersion: v1", "f.json"));
        Assert.Equal(
            ["f.json:2:3: not valid JSON: expected start of a property name or value, but instead reached end of data"],
            Configs.Problems("{\"apiVersion\": \"v1\",\n  ", "f.json"));
        Assert.Equal(["f.json:1:7: not valid JSON: the text holds half of a surrogate pair"], Configs.Problems("{\"a\": \"\\ud800\"}", "f.json"));
    }

    [Fact]
    public void ATextThatIsTooLongIsNotRead() =>
        Assert.Equal(["f.yaml:1:1: longer than 32 MiB"], Configs.Problems(new string('a', (32 * 1024 * 1024) + 1)));

    [Fact]
    public void ManyProblemsAreCounted()
    {
        var problems = Configs.Problems(string.Concat(Enumerable.Repeat("7\n---\n", 500)));
        Assert.Equal(201, problems.Length);
        Assert.Equal("f.yaml:399:1: and 300 more problems", problems[^1]);
    }
}
