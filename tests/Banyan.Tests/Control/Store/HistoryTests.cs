using System.Net;
using System.Net.Http.Json;
using System.Text;
using Banyan.Control.Api;
using Xunit;

namespace Banyan.Tests.Control.Store;

public sealed class HistoryTests
{
    [Fact]
    public async Task EveryChangeIsKeptWithWhoWhenWhatAndWhy()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("f")));
        await control.AppliedAsync(Texts.Service("a"), "&reason=first%20try");
        await control.AppliedAsync(Texts.Service("a", 81));
        await control.AppliedAsync(Texts.Service("a", 81));
        using var deleted = await control.Api.DeleteAsync("/api/v1/resources/service/default/a?by=other&reason=done");
        var history = await HistoryAsync(control);
        Assert.Equal(4, history.Revision);
        Assert.Equal(
            ["4 delete other deleted done", "3 apply test configured ", "2 apply test created first try", "1 files " + control.ConfigFolder + " created "],
            history.Items.Select(item => $"{item.Revision} {item.Verb} {item.By} {item.Changes.Single().Action} {item.Reason}"));
        Assert.Equal(["socket", "socket", "socket", "files"], history.Items.Select(item => item.Via));
        Assert.All(history.Items, item => Assert.InRange(item.At, TimeProvider.System.GetUtcNow() - TimeSpan.FromHours(1), TimeProvider.System.GetUtcNow()));
        var change = history.Items[1].Changes[0].Diff;
        Assert.Matches(@"(?m)^-.*port: 80$", change);
        Assert.Matches(@"(?m)^\+.*port: 81$", change);
    }

    [Fact]
    public async Task HistoryIsFilteredAndPaged()
    {
        await using var control = await TestControl.StartAsync();
        await control.AppliedAsync(Texts.Service("a") + Texts.Service("b"));
        await control.AppliedAsync(Texts.Service("b", 81));
        await control.AppliedAsync(Texts.Service("a", 82));
        Assert.Equal([3, 1], (await HistoryAsync(control, "?kind=services&name=a")).Items.Select(item => item.Revision));
        Assert.All((await HistoryAsync(control, "?kind=Service&name=a")).Items, item => Assert.Equal("a", item.Changes.Single().Name));
        Assert.Equal([2], (await HistoryAsync(control, "?limit=1&before=3")).Items.Select(item => item.Revision));
        Assert.Empty((await HistoryAsync(control, "?namespace=nowhere")).Items);
    }

    [Fact]
    public async Task HistorySurvivesARestart()
    {
        await using var first = await TestControl.StartAsync();
        await first.AppliedAsync(Texts.Service("a"), "&reason=kept");
        var second = await first.RestartAsync();
        Assert.Equal("kept", (await HistoryAsync(second)).Items.Single().Reason);
        await second.Plane.DisposeAsync();
        second.Api.Dispose();
    }

    [Fact]
    public async Task ValuesOfAnEnvironmentAreNotKept()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one").Replace(
            "addresses: [\"10.0.0.1\"]", "run: {command: x, env: {PASSWORD: hunter2}}", StringComparison.Ordinal)));
        var text = await control.Api.GetStringAsync("/api/v1/history");
        Assert.Contains("PASSWORD", text, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task DiffComparesWithWhatIsLiveAndChangesNothing()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("f")));
        await control.AppliedAsync(Texts.Service("a"));
        using var response = await control.Api.PostAsync("/api/v1/diff?file=x.yaml", new StringContent(
            Texts.Service("a", 81) + Texts.Service("f") + Texts.Service("n"), Encoding.UTF8, "text/yaml"));
        var diff = (await response.Content.ReadFromJsonAsync(ApiJson.Default.DiffDocument))!;
        Assert.Equal(["a configured api", "f unchanged file:" + control.Folder["config/mesh.yaml"], "n created "],
            diff.Objects.Select(item => $"{item.Name} {item.Action} {item.Owner}"));
        Assert.Matches(@"(?m)^\+.*port: 81$", diff.Objects[0].Diff);
        Assert.Equal("", diff.Objects[1].Diff);
        Assert.StartsWith("--- /dev/null\n", diff.Objects[2].Diff, StringComparison.Ordinal);
        Assert.Equal(2, (await control.StatusAsync()).Revision);
    }

    [Fact]
    public async Task RollbackRestoresWhatTheApiOwnsAsANewRevision()
    {
        await using var control = await TestControl.StartAsync();
        await control.AppliedAsync(Texts.Service("a") + Texts.Service("gone"));
        await control.AppliedAsync(Texts.Service("a", 81) + Texts.Service("new"));
        using var deleted = await control.Api.DeleteAsync("/api/v1/resources/service/default/gone");
        Assert.Equal(3, (await control.StatusAsync()).Revision);

        var preview = await RolledBackAsync(control, "?revision=1&dryRun=true");
        Assert.Equal(3, preview.Changed.Count);
        Assert.Equal(3, (await control.StatusAsync()).Revision);

        var back = await RolledBackAsync(control, "?revision=1&by=me&reason=enough");
        Assert.Equal(4, back.Revision);
        Assert.Equal(
            ["a configured", "gone created", "new deleted"],
            back.Changed.Select(change => $"{change.Name} {change.Action}").Order(StringComparer.Ordinal));
        Assert.Equal((80, "api"), await OwnershipTests.PortAsync(control, "a"));
        Assert.Equal(2, (await control.StatusAsync()).Objects);
        var entry = (await HistoryAsync(control, "?limit=1")).Items.Single();
        Assert.Equal(("rollback", "me", "enough"), (entry.Verb, entry.By, entry.Reason));

        // And back from there.
        await RolledBackAsync(control, "?revision=3");
        Assert.Equal((81, "api"), await OwnershipTests.PortAsync(control, "a"));
        Assert.Equal("back to revision 3", (await HistoryAsync(control, "?limit=1")).Items.Single().Reason);
        Assert.Empty((await RolledBackAsync(control, "?revision=3")).Changed);
    }

    [Fact]
    public async Task RollbackOfOneObjectLeavesTheOthers()
    {
        await using var control = await TestControl.StartAsync();
        await control.AppliedAsync(Texts.Service("a") + Texts.Service("b"));
        await control.AppliedAsync(Texts.Service("a", 81) + Texts.Service("b", 81));
        await RolledBackAsync(control, "?revision=1&kind=service&name=a");
        Assert.Equal(80, (await OwnershipTests.PortAsync(control, "a")).Port);
        Assert.Equal(81, (await OwnershipTests.PortAsync(control, "b")).Port);
    }

    [Fact]
    public async Task WhatAFileOwnsIsRefusedWithTheFileAndThePatch()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("f")));
        control.Write("mesh.yaml", Texts.Service("f", 81));
        await control.StatusAsync(each => each.Revision == 2, "the file's change");
        using (var refused = await control.Api.PostAsync("/api/v1/rollback?revision=1", null))
        {
            var problem = await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict);
            Assert.Contains("file:" + control.Folder["config/mesh.yaml"], problem.Detail, StringComparison.Ordinal);
        }

        await control.AppliedAsync(Texts.Service("a"));
        var back = await RolledBackAsync(control, "?revision=1");
        Assert.Equal("a deleted", back.Changed.Select(change => $"{change.Name} {change.Action}").Single());
        var left = Assert.Single(back.Refused);
        Assert.Contains("mesh.yaml", left.Message, StringComparison.Ordinal);
        Assert.Contains("80", left.Patch, StringComparison.Ordinal);
        Assert.Equal(81, (await OwnershipTests.PortAsync(control, "f")).Port);
    }

    [Fact]
    public async Task WhatWasTakenFromAFileGoesBackToIt()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("f")));
        await control.AppliedAsync(Texts.Service("f", 82), "&take=true");
        await RolledBackAsync(control, "?revision=1");
        Assert.Equal((80, "file:" + control.Folder["config/mesh.yaml"]), await OwnershipTests.PortAsync(control, "f"));
    }

    [Theory]
    [InlineData("rollback", "", HttpStatusCode.BadRequest, "revision")]
    [InlineData("rollback", "?revision=x", HttpStatusCode.BadRequest, "revision")]
    [InlineData("rollback", "?revision=99", HttpStatusCode.NotFound, "revision")]
    [InlineData("rollback", "?revision=0&kind=gizmo&name=a", HttpStatusCode.BadRequest, "kind")]
    [InlineData("rollback", "?revision=0&name=a", HttpStatusCode.BadRequest, "kind")]
    [InlineData("rollback", "?revision=0&dryRun=perhaps", HttpStatusCode.BadRequest, "dryRun")]
    [InlineData("apply", "?ifRevision=-1", HttpStatusCode.BadRequest, "ifRevision")]
    [InlineData("apply", "?take=perhaps", HttpStatusCode.BadRequest, "take")]
    public async Task WrongParametersAreNamed(string verb, string query, HttpStatusCode expected, string field)
    {
        await using var control = await TestControl.StartAsync();
        using var response = await control.Api.PostAsync($"/api/v1/{verb}{query}", new StringContent(Texts.Service("a")));
        var problem = await TestControl.ProblemAsync(response, expected);
        Assert.Equal(field, Assert.Single(problem.Problems!).Field);
        Assert.Equal(0, (await control.StatusAsync()).Revision);
    }

    [Fact]
    public async Task AWriterWhoKnowsAnOlderRevisionIsRefused()
    {
        await using var control = await TestControl.StartAsync();
        await control.AppliedAsync(Texts.Service("a"));
        await control.AppliedAsync(Texts.Service("b"));
        await control.AppliedAsync(Texts.Service("a", 81), "&ifRevision=1");
        using var refused = await control.ApplyAsync(Texts.Service("a", 82), "&ifRevision=2");
        var problem = await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict);
        Assert.Equal("ifRevision", Assert.Single(problem.Problems!).Field);
        Assert.Contains("revision 3", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(81, (await OwnershipTests.PortAsync(control, "a")).Port);

        // What was deleted since has changed too; what never was has not.
        using var deleted = await control.Api.DeleteAsync("/api/v1/resources/service/default/b");
        using var revived = await control.ApplyAsync(Texts.Service("b", 82), "&ifRevision=3");
        problem = await TestControl.ProblemAsync(revived, HttpStatusCode.Conflict);
        Assert.Contains("deleted by revision 4", problem.Detail, StringComparison.Ordinal);
        await control.AppliedAsync(Texts.Service("b", 82), "&ifRevision=4");
        await control.AppliedAsync(Texts.Service("new"), "&ifRevision=1");
    }

    private static async Task<HistoryDocument> HistoryAsync(TestControl control, string query = "") =>
        (await control.Api.GetFromJsonAsync("/api/v1/history" + query, ApiJson.Default.HistoryDocument))!;

    private static async Task<RollbackDocument> RolledBackAsync(TestControl control, string query)
    {
        using var response = await control.Api.PostAsync("/api/v1/rollback" + query, null);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync(ApiJson.Default.RollbackDocument))!;
    }
}
