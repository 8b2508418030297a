using System.Text.RegularExpressions;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Architecture;

/// <summary>Rules about the source text that no analyzer checks.</summary>
public sealed partial class SourceTests
{
    private const int LongFile = 600;
    private const int LongLine = 120;

    /// <summary>Where no line is longer than 120 columns; the other rooms follow.</summary>
    public static TheoryData<string> TidyRooms => ["src/Banyan.Control", "src/Banyan.Xds"];

    [Theory]
    [MemberData(nameof(TidyRooms))]
    public void NoLineIsLongerThan120Columns(string room)
    {
        var found =
            from path in Sources.All(".cs")
            where path.StartsWith(room + "/", StringComparison.Ordinal)
            from line in Sources.Lines(path).Index()
            where line.Item.Length > LongLine
            select $"{path}:{line.Index + 1}: {line.Item.Length} columns";
        Assert.Equal("", string.Join('\n', found));
    }

    [Fact]
    public void AFileOfMoreThan600LinesIsExplainedInTheArchitecture()
    {
        var explained = File.Exists(Repository.File("ARCHITECTURE.md")) ? File.ReadAllText(Repository.File("ARCHITECTURE.md")) : "";
        var unexplained = Sources.All(".cs")
            .Where(path => Sources.Lines(path).Length > LongFile && !explained.Contains(path, StringComparison.Ordinal));
        Assert.Equal("", string.Join('\n', unexplained));
    }

    [Theory]
    [InlineData("banyan")]
    [InlineData("test")]
    [InlineData(".ci/run")]
    public void TheWaysInAreThere(string script) =>
        Assert.True((File.GetUnixFileMode(Repository.File(script)) & UnixFileMode.UserExecute) != 0);

    [Fact]
    public void WhatIsLeftToDoHasAnOwner()
    {
        var orphans =
            from path in Sources.All(".cs", ".ts", ".tsx", ".sh", ".py", ".proto", ".yaml")
            where Path.GetFileName(path) != "SourceTests.cs"
            from line in Sources.Lines(path).Index()
            where Orphan().IsMatch(line.Item)
            select $"{path}:{line.Index + 1}: {line.Item.Trim()}";
        Assert.Equal("", string.Join('\n', orphans));
    }

    [Fact]
    public void TheCompositionOfTheFlowFitsOnAFewScreens()
    {
        Assert.InRange(Sources.Lines("src/Banyan.Proxy/Flow.cs").Length, 1, 199);
    }

    /// <summary>TODO(name) is fine.</summary>
    [GeneratedRegex(@"\b(TODO|FIXME|HACK|XXX)\b(?!\([\w-]+\))", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Orphan();
}
