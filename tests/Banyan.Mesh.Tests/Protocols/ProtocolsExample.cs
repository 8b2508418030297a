using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Protocols;

/// <summary>Runs <c>examples/protocols</c>, or a copy of it in which something was broken.</summary>
internal static class ProtocolsExample
{
    /// <summary>Beside the time that the checks have: for starting and ending.</summary>
    private static readonly TimeSpan Allowance = TimeSpan.FromSeconds(120);

    /// <summary>The example as it is.</summary>
    public static Task<ChecksResult> RunAsync(TimeSpan limit) =>
        RunAsync(Repository.File("examples", "protocols"), limit);

    /// <summary>A copy with changes in its mesh; each must find the text that it replaces.</summary>
    public static async Task<ChecksResult> RunAsync(TimeSpan limit, IEnumerable<(string Old, string New)> changes)
    {
        using var folder = new TempFolder("protocols");
        folder.Write("checks.yaml", Read("checks.yaml"));
        folder.Write("mesh.yaml", changes.Aggregate(Read("mesh.yaml"), Replace)
            .Replace("../../artifacts/", Repository.File("artifacts/"), StringComparison.Ordinal));
        return await RunAsync(folder.Path, limit);
    }

    private static string Read(string file) => File.ReadAllText(Repository.File("examples", "protocols", file));

    private static string Replace(string text, (string Old, string New) change)
    {
        Assert.Contains(change.Old, text, StringComparison.Ordinal);
        return text.Replace(change.Old, change.New, StringComparison.Ordinal);
    }

    /// <summary>Any example, in its folder.</summary>
    public static async Task<ChecksResult> RunAsync(string path, TimeSpan limit)
    {
        using var state = new TempFolder("ps");
        var result = await TestProcess.RunAsync(
            Repository.Cli,
            ["up", path, "--for", $"{limit.TotalSeconds:0}s", "--output", "json", "--state", state.Path],
            UpMesh.Environment,
            deadline: limit + Allowance);
        Assert.True(result.Output.Count('\n') == 1, $"{result}");
        var answer = JsonDocument.Parse(result.Output).RootElement;
        return new ChecksResult(
            result.ExitCode,
            answer.GetProperty("failed").GetInt32(),
            [
                .. answer.GetProperty("checks").EnumerateArray().Select(check => new CheckResult(
                    check.GetProperty("name").GetString()!,
                    check.GetProperty("ok").GetBoolean(),
                    check.GetProperty("evidence").GetString()!)),
            ],
            result.Error);
    }
}

/// <summary>One check of an answer.</summary>
internal sealed record CheckResult(string Name, bool Ok, string Evidence);

/// <summary>What <c>up --for --output json</c> answered.</summary>
internal sealed record ChecksResult(int ExitCode, int Failed, IReadOnlyList<CheckResult> Checks, string Log)
{
    public override string ToString() =>
        $"exit code {ExitCode}\n{string.Join('\n', Checks)}\n{Log}";
}
