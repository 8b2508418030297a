using System.Net;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Documents;

/// <summary>Does what docs/guide/getting-started.md says, with the text that stands there.</summary>
public sealed class GettingStartedTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task TheWalkThroughWorks()
    {
        using var folder = new TempFolder("guide");
        var blocks = Docs.Blocks("yaml").Where(block => block.Document == "docs/guide/getting-started.md").ToArray();
        var file = folder.Write("hello.yaml", blocks[0].Text);
        await SucceedsAsync(folder, "validate", "hello.yaml");
        try
        {
            var up = await SucceedsAsync(folder, "up", "hello.yaml", "--detach");
            using var client = ThroughTheSidecar(up.Output);
            await Eventually.GetAsync(() => CountAsync(client, 20), static seen => seen is { Old: > 0, New: > 0 }, "both versions answer");

            await File.AppendAllTextAsync(file, blocks[1].Text);
            await Eventually.GetAsync(
                () => CountAsync(client, 200), static seen => seen is { New: > 2 and < 60, Old: > 140 }, "one answer in ten is new");

            Assert.Contains("hello.yaml", (await SucceedsAsync(folder, "status")).Output, StringComparison.Ordinal);
            Assert.Contains("hello", (await SucceedsAsync(folder, "get", "HTTPRoute")).Output, StringComparison.Ordinal);
            await SucceedsAsync(folder, "top", "--once");
            await Eventually.TrueAsync(
                async () => (await SucceedsAsync(folder, "dependencies")).Output.Contains("hello.default:80", StringComparison.Ordinal),
                "the sidecars have reported",
                Minute);
        }
        finally
        {
            await SucceedsAsync(folder, "down");
        }
    }

    private static async Task<ProcessResult> SucceedsAsync(TempFolder folder, params string[] arguments)
    {
        var result = await TestProcess.RunAsync(Repository.Cli, arguments, folder: folder.Path, deadline: Minute);
        Assert.True(result.ExitCode == 0, $"banyan {string.Join(' ', arguments)}\n{result}");
        return result;
    }

    /// <summary>Reads the line that begins with <c>curl -x</c>.</summary>
    private static HttpClient ThroughTheSidecar(string output)
    {
        var words = output.Split('\n').Single(line => line.Trim().StartsWith("curl -x ", StringComparison.Ordinal)).Trim().Split(' ');
        return new HttpClient(new SocketsHttpHandler { Proxy = new WebProxy(words[2]), UseProxy = true })
        {
            BaseAddress = new Uri(words[3]),
        };
    }

    private static async Task<(int Old, int New)> CountAsync(HttpClient client, int calls)
    {
        var (old, @new) = (0, 0);
        for (var i = 0; i < calls; i++)
        {
            switch (await client.GetStringAsync("http://hello/"))
            {
                case "old\n":
                    old++;
                    break;
                case "new\n":
                    @new++;
                    break;
            }
        }

        return (old, @new);
    }
}
