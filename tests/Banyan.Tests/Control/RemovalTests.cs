using System.Net;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class RemovalTests
{
    private static readonly string Three = Texts.Service("a") + Texts.Service("b") + Texts.Service("c");

    [Theory]
    [InlineData("removed")]
    [InlineData("emptied")]
    [InlineData("renamed away")]
    public async Task AFileThatHeldMoreThanHalfIsHeldUntilTheUserAgrees(string how)
    {
        await using var control = await TestControl.StartAsync(("big.yaml", Three), ("small.yaml", Texts.Service("d")));
        var path = control.Folder["config/big.yaml"];
        switch (how)
        {
            case "removed":
                File.Delete(path);
                break;
            case "emptied":
                File.WriteAllText(path, "");
                break;
            default:
                File.Move(path, control.Folder["big.yaml"]);
                break;
        }

        var status = await control.StatusAsync(each => each.Sources[0].State == "held", "the removal is held");
        Assert.Equal(4, status.Objects);
        var held = Assert.Single(status.Sources[0].Held);
        Assert.Equal(path, held.Path);
        Assert.Equal(3, held.Objects);
        Assert.Contains("--accept-removal", held.Reason, StringComparison.Ordinal);

        using var wrong = await control.Api.PostAsync("/api/v1/files/accept-removal?path=/no/such", null);
        await TestControl.ProblemAsync(wrong, HttpStatusCode.NotFound);
        using var accepted = await control.Api.PostAsync("/api/v1/files/accept-removal?path=" + Uri.EscapeDataString(path), null);
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
        status = await control.StatusAsync();
        Assert.Equal(1, status.Objects);
        Assert.Equal("ok", status.Sources[0].State);
    }

    [Fact]
    public async Task AFileThatHeldLessGoesAtOnce()
    {
        await using var control = await TestControl.StartAsync(("big.yaml", Three), ("small.yaml", Texts.Service("d")));
        File.Delete(control.Folder["config/small.yaml"]);
        var status = await control.StatusAsync(each => each.Objects == 3, "it is gone");
        Assert.Empty(status.Sources[0].Held);
    }

    [Fact]
    public async Task SeveralFilesTogetherCountTogether()
    {
        await using var control = await TestControl.StartAsync(
            ("a.yaml", Texts.Service("a")), ("b.yaml", Texts.Service("b")), ("c.yaml", Texts.Service("c")));
        Directory.Move(control.ConfigFolder, control.Folder["away"]);
        var status = await control.StatusAsync(each => each.Sources[0].State == "held", "the removal is held");
        Assert.Equal(3, status.Objects);
        Assert.Equal(3, status.Sources[0].Held.Count);
        using var accepted = await control.Api.PostAsync(
            "/api/v1/files/accept-removal?path=" + Uri.EscapeDataString(control.ConfigFolder), null);
        Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
        Assert.Equal(0, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task ARenamedFileLosesNothing()
    {
        await using var control = await TestControl.StartAsync(("big.yaml", Three));
        var before = await control.StatusAsync();
        File.Move(control.Folder["config/big.yaml"], control.Folder["config/renamed.yaml"]);
        var status = await control.StatusAsync(each => each.Revision > before.Revision, "the owner has changed");
        Assert.Equal(3, status.Objects);
        Assert.Empty(status.Sources[0].Held);
    }

    [Fact]
    public async Task WhatComesBackEndsTheHold()
    {
        await using var control = await TestControl.StartAsync(("big.yaml", Three));
        File.Delete(control.Folder["config/big.yaml"]);
        await control.StatusAsync(each => each.Sources[0].State == "held", "held");
        control.Write("big.yaml", Three + Texts.Service("e"));
        var status = await control.StatusAsync(each => each.Objects == 4, "back");
        Assert.Equal("ok", status.Sources[0].State);
    }

    [Fact]
    public async Task WhatComesBackElsewhereEndsTheHoldToo()
    {
        await using var control = await TestControl.StartAsync(("big.yaml", Three));
        File.Delete(control.Folder["config/big.yaml"]);
        await control.StatusAsync(each => each.Sources[0].State == "held", "held");
        control.Write("one.yaml", Texts.Service("a") + Texts.Service("b"));
        var partly = await control.StatusAsync(each => each.Sources[0].Held.Count == 1 && each.Revision > 1, "two of three are elsewhere");
        Assert.Equal(3, partly.Objects);
        control.Write("two.yaml", Texts.Service("c"));
        var status = await control.StatusAsync(each => each.Sources[0].State == "ok", "all are elsewhere");
        Assert.Equal(3, status.Objects);
    }

    [Fact]
    public async Task TheHoldOutlivesARestart()
    {
        await using var first = await TestControl.StartAsync(("big.yaml", Three), ("small.yaml", Texts.Service("d")));
        await first.Plane.StopAsync();
        File.Delete(first.Folder["config/big.yaml"]);
        var second = await first.RestartAsync();
        var status = await second.StatusAsync();
        Assert.Equal("held", status.Sources[0].State);
        Assert.Equal(4, status.Objects);
        await second.Plane.DisposeAsync();
        second.Api.Dispose();
    }
}
