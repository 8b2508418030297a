using System.Collections.Concurrent;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Documents;

/// <summary>What the documents tell a user to type can be typed.</summary>
public sealed class CommandTests
{
    private static readonly string[] Programs =
        ["./banyan", "./test", "bench/run", "curl", "git", "cd", "dotnet", "python3"];

    private static readonly ConcurrentDictionary<string, Task<ProcessResult>> Helps = new(StringComparer.Ordinal);

    [Fact]
    public void EveryCommandIsAProgramThatIsThere()
    {
        var unknown = Docs.Commands().Where(command => !Programs.Contains(command.Words[0], StringComparer.Ordinal));
        Assert.Equal("", string.Join('\n', unknown.Select(command => command.Place)));
        Assert.All(Programs.Where(program => program.Contains('/', StringComparison.Ordinal)), program =>
            Assert.True((File.GetUnixFileMode(Repository.File(program)) & UnixFileMode.UserExecute) != 0, program));
    }

    [Fact]
    public async Task EveryVerbAndOptionExists()
    {
        var wrong = new List<string>();
        foreach (var (place, words) in Docs.Commands().Where(command => command.Words is ["./banyan", _, ..]))
        {
            var help = await HelpAsync(words[1]);
            if (help.ExitCode != 0)
            {
                wrong.Add($"{place}: no such verb");
                continue;
            }

            var options = words.Skip(2).TakeWhile(word => word is not ("|" or "&&" or ";")).Where(word => word.StartsWith('-') && word.Length > 1);
            wrong.AddRange(options
                .Where(option => !help.Output.Contains(option, StringComparison.Ordinal))
                .Select(option => $"{place}: no such option {option}"));
        }

        Assert.Equal("", string.Join('\n', wrong));
    }

    [Fact]
    public async Task EveryOptionOfTheTestCommandExists()
    {
        var help = await TestProcess.RunAsync(Repository.File("test"), ["--help"]);
        var options = Docs.Commands()
            .Where(command => command.Words[0] is "./test")
            .SelectMany(command => command.Words.Skip(1).TakeWhile(word => word is not "--"));
        Assert.All(options, option => Assert.Contains(option, help.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task CheapCommandsOnExistingFilesSucceed()
    {
        using var folder = new TempFolder("docs");
        var commands = Docs.Commands().Where(command =>
            command.Words is ["./banyan", "validate" or "compile", var path, ..] && Path.Exists(Repository.File(path)));
        foreach (var (place, words) in commands)
        {
            var arguments = words.Skip(1).Select(word => word.EndsWith(".pb", StringComparison.Ordinal) ? folder[word] : word);
            var result = await TestProcess.RunAsync(Repository.Cli, arguments);
            Assert.True(result.ExitCode == 0, $"{place}\n{result}");
        }
    }

    [Fact]
    public async Task EveryCompleteObjectIsValid()
    {
        using var folder = new TempFolder("docs");
        foreach (var block in Docs.Blocks("yaml").Where(block => block.Text.StartsWith("apiVersion:", StringComparison.Ordinal)))
        {
            var file = folder.Write($"{Path.GetFileName(block.Document)}-{block.Line}.yaml", block.Text);
            var result = await TestProcess.RunAsync(Repository.Cli, ["validate", file]);
            Assert.True(result.ExitCode == 0, $"{block.Document}:{block.Line}\n{result}");
        }
    }

    private static Task<ProcessResult> HelpAsync(string verb) =>
        Helps.GetOrAdd(verb, static name => TestProcess.RunAsync(Repository.Cli, [name, "--help"]));
}
