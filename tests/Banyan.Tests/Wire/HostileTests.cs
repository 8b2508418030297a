using Banyan.Testing.Hostile;
using Banyan.Wire.Http1;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>The table of malformed messages against the parsers, whole and in pieces.</summary>
public sealed class HostileTests
{
    public static TheoryData<string> Names => [.. HostileCases.All.Select(c => c.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void TheVerdictIsTheTables(string name)
    {
        var row = HostileCases.Named(name);
        var transcript = Run(row, [row.Bytes.Length]);
        if (row.Accepted)
        {
            Assert.DoesNotContain("Malformed", transcript, StringComparison.Ordinal);
            Assert.DoesNotContain("TooLarge", transcript, StringComparison.Ordinal);
            Assert.DoesNotContain("incomplete", transcript, StringComparison.Ordinal);
            Assert.DoesNotContain("threw", transcript, StringComparison.Ordinal);
        }
        else
        {
            Assert.Contains(Expected(row), transcript, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void TheVerdictDoesNotDependOnTheSplit(string name)
    {
        var row = HostileCases.Named(name);
        var length = row.Bytes.Length;
        var whole = Run(row, [length]);
        var step = length > 4096 ? 997 : 1;
        for (var split = 0; split <= length; split += step)
        {
            Assert.Equal(whole, Run(row, [split, length]));
        }

        Assert.Equal(whole, Run(row, [.. Enumerable.Range(1, length)]));
        Assert.Equal(whole, Run(row, [.. Enumerable.Range(0, length / 7).Select(i => i * 7), length]));
    }

    [Fact]
    public void TheTableHasEveryReason()
    {
        var reasons = Enum.GetNames<Malformed>().Where(r => r != nameof(Malformed.None));
        Assert.Empty(reasons.Except(HostileCases.All.Select(c => c.Reason), StringComparer.Ordinal));
        Assert.Empty(HostileCases.All.Where(c => !c.Accepted).Select(c => c.Reason).Except(reasons, StringComparer.Ordinal));
    }

    [Fact]
    public void TheTableIsLargeAndItsNamesAreUnique()
    {
        Assert.True(HostileCases.All.Count(c => !c.Accepted) >= 150);
        Assert.Equal(HostileCases.All.Count, HostileCases.All.Select(c => c.Name).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void EveryAcceptedRowMeansWhatItMeantBefore()
    {
        // A golden file, read by a human when it changes: what the parsers make of each valid row.
        var lines = HostileCases.All.Where(c => c.Accepted).Select(c => $"{c.Name}\n    {Golden.Shorten(Run(c, [c.Bytes.Length]))}\n");
        Golden.Check("Wire/accepted.txt", string.Concat(lines));
    }

    internal static string Expected(HostileCase row) => $"{(row.Reason is "HeadTooLong" or "TooManyFields" ? "TooLarge" : "Malformed")} {row.Reason}";

    internal static string Run(HostileCase row, int[] arrivals) =>
        Transcript.Of(row.Bytes, row.Side == HostileSide.Response, row.Method, arrivals);
}
