using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>What sidecars report of a mesh that is used: every request once, while the control plane dies and comes back.</summary>
public sealed class ReportsTests
{
    /// <summary>Sidecars report every five seconds.</summary>
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task EveryRequestIsCountedOnce()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(
            MeshText.Client, MeshText.Workload("hello", "v1"), MeshText.Workload("hello", "v2"), MeshText.Split("hello", ("v1", 1), ("v2", 1))));
        await using var load = Load.Start(mesh.WayIn, "hello", connections: 4);
        await Eventually.TrueAsync(async () => await CountAsync(mesh) > 0, "the first report", Deadline);

        // In the middle of everything, perhaps of a report.
        for (var i = 0; i < 3; i++)
        {
            await load.MoreAsync(200);
            var control = await ControlAsync(mesh);
            Processes.Signal(control, Processes.Kill);
            await Eventually.TrueAsync(async () => await ControlAsync(mesh) != control, "another control plane", Deadline);
        }

        await load.MoreAsync(200);
        await load.EndAsync();
        Assert.Empty(load.Failures);
        await Eventually.TrueAsync(async () => await CountAsync(mesh) >= load.Sent, $"{load.Sent} requests are reported", Deadline);
        var rows = await RowsAsync(mesh, "dependencies");
        Assert.Equal(load.Sent, rows.Sum(Count));
        foreach (var row in rows)
        {
            Assert.Equal(("default/client", "hello.default:80", "http", 0), (
                Text(row, "source"), Text(row, "destination"), Text(row, "protocol"), row.GetProperty("failed").GetInt32()));
        }

        foreach (var version in new[] { "v1", "v2" })
        {
            var answers = load.Answers.Where(answer => answer.Key.StartsWith(version, StringComparison.Ordinal)).Sum(answer => answer.Value);
            Assert.Equal(answers, rows.Where(row => Text(row, "version") == version).Sum(Count));
        }

        Assert.Equal(rows.Count, (await RowsAsync(mesh, "dependencies", "hello", "--since", "1h")).Count);
        Assert.Empty(await RowsAsync(mesh, "dependencies", "nobody"));
        var table = (await mesh.RunAsync("dependencies")).Output;
        Assert.Contains("hello.default:80", table, StringComparison.Ordinal);
        Assert.Contains(" ago", table, StringComparison.Ordinal);
        var wrong = await mesh.RunAsync("dependencies", "--since", "soon");
        Assert.Equal(2, wrong.ExitCode);
        Assert.Contains("--since: 'soon' is not a duration", wrong.Error, StringComparison.Ordinal);
    }

    /// <summary>What was counted last leaves with a sidecar that ends in order.</summary>
    [Fact]
    public async Task TheLastReportLeavesBeforeTheSidecar()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")));
        await using (var load = Load.Start(mesh.WayIn, "hello", connections: 1))
        {
            await load.MoreAsync(20);
            await load.EndAsync();
            var sent = load.Sent;
            mesh.Write(MeshText.Of(MeshText.Workload("hello", "v1")));
            await Eventually.TrueAsync(
                async () => (await mesh.ProcessesAsync()).All(process => !Text(process, "name").StartsWith("client", StringComparison.Ordinal)),
                "the client is gone",
                Deadline);
            Assert.Equal(sent, await CountAsync(mesh));
        }
    }

    private static async Task<long> CountAsync(UpMesh mesh)
    {
        var result = await mesh.RunAsync("dependencies", "--output", "json");
        return result.ExitCode == 0
            ? JsonDocument.Parse(result.Output).RootElement.GetProperty("dependencies").EnumerateArray().Sum(Count)
            : 0;
    }

    private static async Task<List<JsonElement>> RowsAsync(UpMesh mesh, params string[] arguments) =>
        [.. (await mesh.JsonAsync(arguments)).GetProperty("dependencies").EnumerateArray()];

    private static async Task<int> ControlAsync(UpMesh mesh) => (await mesh.ProcessesAsync())
        .Where(process => Text(process, "name") == "control" && Text(process, "state") == "ready")
        .Select(process => process.GetProperty("pid").GetInt32()).SingleOrDefault();

    private static long Count(JsonElement row) => row.GetProperty("count").GetInt64();

    private static string Text(JsonElement row, string name) => row.GetProperty(name).GetString()!;
}
