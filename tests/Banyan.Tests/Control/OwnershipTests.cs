using System.Net;
using System.Text.Json;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class OwnershipTests
{
    [Fact]
    public async Task AnotherOwnersObjectIsRefusedWithTheOwnersNameUnlessTaken()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("a") + Texts.Service("b") + Texts.Service("c")));
        using (var refused = await control.ApplyAsync(Texts.Service("a", 81)))
        {
            var problem = await TestControl.ProblemAsync(refused, HttpStatusCode.Conflict);
            Assert.Contains("file:" + control.Folder["config/mesh.yaml"], problem.Detail, StringComparison.Ordinal);
        }

        var result = await control.AppliedAsync(Texts.Service("a", 81), "&take=true");
        Assert.Equal("configured", Assert.Single(result.Changed).Action);
        Assert.Equal((81, "api"), await PortAsync(control, "a"));

        // The file still holds it, and may go on to change in other places.
        control.Write("mesh.yaml", Texts.Service("a") + Texts.Service("b", 82) + Texts.Service("c"));
        var status = await control.StatusAsync(each => each.Revision == 3, "the file's change is taken up");
        Assert.Equal("ok", status.Sources[0].State);
        Assert.Equal((81, "api"), await PortAsync(control, "a"));

        // Given up, the file's writing is in effect again.
        using var deleted = await control.Api.DeleteAsync("/api/v1/resources/service/default/a?by=test");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal(80, (await PortAsync(control, "a")).Port);
    }

    [Fact]
    public async Task AFileCannotTakeWhatBelongsToTheApi()
    {
        await using var control = await TestControl.StartAsync();
        await control.AppliedAsync(Texts.Service("a"));
        control.Write("mesh.yaml", Texts.Service("a", 81));
        var status = await control.StatusAsync(each => each.Sources[0].State == "refused", "refused");
        Assert.Contains("belongs to api", Assert.Single(status.Sources[0].Problems).Message, StringComparison.Ordinal);
        Assert.Equal((80, "api"), await PortAsync(control, "a"));

        // As the message says: given up, it is the file's without another save.
        using var deleted = await control.Api.DeleteAsync("/api/v1/resources/service/default/a?by=test");
        Assert.Equal(HttpStatusCode.OK, deleted.StatusCode);
        Assert.Equal((81, "file:" + control.Folder["config/mesh.yaml"]), await PortAsync(control, "a"));
        var after = (await control.StatusAsync()).Sources[0];
        Assert.Equal("ok", after.State);
        Assert.Empty(after.Problems);
    }

    [Fact]
    public async Task AnObjectMovesToAnotherSourceWhicheverIsSavedFirst()
    {
        using var folder = new TempFolder("owners");
        var first = folder.Write("a.yaml", Texts.Service("a") + Texts.Service("moving"));
        var second = folder.Write("b.yaml", Texts.Service("b"));
        await using var control = await TestControl.StartInAsync(folder, [first, second]);
        await control.ReadyAsync();
        var before = await MetadataAsync(control, "moving");
        folder.Write("b.yaml", Texts.Service("b") + Texts.Service("moving"));
        await control.StatusAsync(each => each.Sources[1].State == "refused", "refused");
        folder.Write("a.yaml", Texts.Service("a"));
        var status = await control.StatusAsync(each => each.Sources.All(source => source.State == "ok"), "moved");
        Assert.Equal(3, status.Objects);
        Assert.Equal((80, "file:" + second), await PortAsync(control, "moving"));
        Assert.Equal(before, await MetadataAsync(control, "moving"));
    }

    [Fact]
    public async Task AFileCannotTakeWhatBelongsToAFileOfAnotherSource()
    {
        using var folder = new TempFolder("owners");
        folder.Write("one/a.yaml", Texts.Service("a"));
        folder.Write("two/b.yaml", Texts.Service("b"));
        await using var control = await TestControl.StartInAsync(folder, [folder["one"], folder["two"]]);
        await control.ReadyAsync();
        folder.Write("two/b.yaml", Texts.Service("b") + Texts.Service("a", 81));
        var status = await control.StatusAsync(each => each.Sources[1].State == "refused", "refused");
        Assert.Contains("file:" + folder["one/a.yaml"], status.Sources[1].Problems[0].Message, StringComparison.Ordinal);
        Assert.Equal(80, (await PortAsync(control, "a")).Port);
    }

    [Fact]
    public async Task AnObjectOfAFileIsNotDeletedOverTheApi()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("a")));
        using var response = await control.Api.DeleteAsync("/api/v1/resources/services/default/a");
        var problem = await TestControl.ProblemAsync(response, HttpStatusCode.Conflict);
        Assert.Contains("mesh.yaml", problem.Detail, StringComparison.Ordinal);
        Assert.Equal(1, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task GenerationCountsChangesOfTheSpecificationAndCreationStays()
    {
        await using var control = await TestControl.StartAsync();
        await control.AppliedAsync(Texts.Service("a"));
        var first = await MetadataAsync(control, "a");
        Assert.Equal(1, first.Generation);

        Assert.Equal("unchanged", (await control.AppliedAsync(Texts.Service("a"))).Changed[0].Action);
        Assert.Equal(first, await MetadataAsync(control, "a"));

        await control.AppliedAsync(Texts.Service("a").Replace("{name: a}", "{name: a, labels: {x: y}}", StringComparison.Ordinal));
        Assert.Equal(first, await MetadataAsync(control, "a"));

        await control.AppliedAsync(Texts.Service("a", 81));
        var second = await MetadataAsync(control, "a");
        Assert.Equal(2, second.Generation);
        Assert.Equal(first.Created, second.Created);
    }

    [Fact]
    public async Task WhatAFileSaysAboutItsOwnHistoryIsNotBelieved()
    {
        await using var control = await TestControl.StartAsync(("mesh.yaml", Texts.Service("a").Replace(
            "{name: a}", "{name: a, generation: 77, creationTimestamp: \"2001-01-01T00:00:00Z\"}", StringComparison.Ordinal)));
        var metadata = await MetadataAsync(control, "a");
        Assert.Equal(1, metadata.Generation);
        Assert.DoesNotContain("2001", metadata.Created, StringComparison.Ordinal);
    }

    internal static async Task<(int Port, string Owner)> PortAsync(TestControl control, string service)
    {
        var item = await ItemAsync(control, service);
        return (item.GetProperty("spec").GetProperty("ports")[0].GetProperty("port").GetInt32(), item.GetProperty("owner").GetString()!);
    }

    internal static async Task<(long Generation, string Created)> MetadataAsync(TestControl control, string service)
    {
        var metadata = (await ItemAsync(control, service)).GetProperty("metadata");
        return (metadata.GetProperty("generation").GetInt64(), metadata.GetProperty("creationTimestamp").GetString()!);
    }

    private static async Task<JsonElement> ItemAsync(TestControl control, string service)
    {
        var text = await control.Api.GetStringAsync($"/api/v1/resources/services?namespace=default&name={service}");
        return JsonDocument.Parse(text).RootElement.GetProperty("items").EnumerateArray().Single();
    }
}
