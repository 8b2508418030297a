using Banyan.Control.Store.History;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control.Store;

public sealed class TextDiffTests
{
    [Fact]
    public void WhatIsTheSameHasNoDifference() => Assert.Equal("", TextDiff.Unified("a\n", "a\n", "x", "y"));

    [Fact]
    public void ALineInTheMiddleIsShownWithItsSurroundings() => Assert.Equal(
        "--- x\n+++ y\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n",
        TextDiff.Unified("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n", "x", "y"));

    [Fact]
    public void WhatIsNewHasNoOtherSide() =>
        Assert.Equal("--- /dev/null\n+++ y\n@@ -0,0 +1,2 @@\n+a\n+b\n", TextDiff.Unified(null, "a\nb\n", "x", "y"));

    [Fact]
    public void WhatIsFarApartStandsInHunksOfItsOwn()
    {
        var before = string.Concat(Enumerable.Range(1, 30).Select(line => $"{line}\n"));
        var diff = TextDiff.Unified(before, before.Replace("\n3\n", "\nx\n", StringComparison.Ordinal).Replace("\n28\n", "\n", StringComparison.Ordinal), "x", "y");
        Assert.Equal(2, diff.Split('\n').Count(line => line.StartsWith("@@", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task PatchMakesOneTextOfTheOther(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 5; round++)
        {
            using var folder = new TempFolder("diff");
            var (before, after) = (Text(random), Text(random));
            folder.Write("x", before);
            folder.Write("diff", TextDiff.Unified(before, after, "x", "y"));
            var result = await TestProcess.RunAsync("patch", ["-s", "x", "diff"], folder: folder.Path);
            Assert.True(result.ExitCode == 0, $"{result}");
            Assert.Equal(after, await File.ReadAllTextAsync(folder["x"]));
        }

        static string Text(Random random) =>
            string.Concat(Enumerable.Range(0, random.Next(1, 40)).Select(_ => $"line {random.Next(6)}\n"));
    }
}
