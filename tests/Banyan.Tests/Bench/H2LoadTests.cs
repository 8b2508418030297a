using Banyan.Bench.Load;
using Xunit;

namespace Banyan.Tests.Bench;

/// <summary>What h2load prints is believed only when every request of it went well.</summary>
public sealed class H2LoadTests
{
    private const string Good = """
        starting benchmark...
        spawning thread #0: 10 total client(s). Timing-based test with 0s of warm-up time and 2s of main duration for measurements.
        progress: 100% of clients started
        Application protocol: h2c
        Main benchmark duration is over for thread #0. Stopping all clients.

        finished in 2.00s, 33461.00 req/s, 4.63MB/s
        requests: 66922 total, 67022 started, 66922 done, 66922 succeeded, 0 failed, 0 errored, 0 timeout
        status codes: 66923 2xx, 0 3xx, 0 4xx, 0 5xx
        traffic: 9.26MB (9708245) total, 785.57KB (804424) headers (space savings 93.54%), 6.70MB (7026810) data
                             min         max         mean         sd        +/- sd
        time for request:      644us     26.71ms      5.26ms      3.68ms    85.33%
        """;

    private static readonly LoadShape Calls = new(Protocol.Grpc, Connections: 10, Streams: 10, Body: 100);

    [Fact]
    public void ARoundThatWentWellCountsWhatWasDone() => Assert.Equal(new LoadResult(66_922, 2.0), H2Load.Read(Good, Calls));

    [Theory]
    [InlineData("0 failed", "1 failed")]
    [InlineData("0 errored", "1 errored")]
    [InlineData("0 timeout", "1 timeout")]
    [InlineData("66922 succeeded", "66921 succeeded")]
    [InlineData("0 3xx", "1 3xx")]
    [InlineData("0 4xx", "1 4xx")]
    [InlineData("0 5xx", "1 5xx")]
    [InlineData("66923 2xx", "66921 2xx")]
    public void OneThatFailedFailsTheRound(string was, string now) => Assert.Null(Changed(was, now));

    [Fact]
    public void AnswersThatLackABodyFailTheRound() => Assert.Null(Changed("(7026810) data", "(7026809) data"));

    [Fact]
    public void MoreUnderWayThanStreamsMeansThatSomeWereLost() => Assert.Null(Changed("67022 started", "67023 started"));

    [Fact]
    public void NothingDoneIsNoRound() => Assert.Null(H2Load.Read(
        """
        finished in 2.00s, 0.00 req/s, 0B/s
        requests: 0 total, 0 started, 0 done, 0 succeeded, 0 failed, 0 errored, 0 timeout
        status codes: 0 2xx, 0 3xx, 0 4xx, 0 5xx
        traffic: 0B (0) total, 0B (0) headers (space savings 0.00%), 0B (0) data
        """,
        Calls));

    [Theory]
    [InlineData("")]
    [InlineData("h2load: command line: unknown option")]
    public void WhatIsNoSummaryIsNoRound(string text) => Assert.Null(H2Load.Read(text, Calls));

    [Theory]
    [InlineData("finished in 987.12ms", 0.98712)]
    [InlineData("finished in 500us", 0.0005)]
    public void TimeHasAUnit(string time, double seconds) =>
        Assert.Equal(seconds, Changed("finished in 2.00s", time)!.Seconds, tolerance: 1e-9);

    private static LoadResult? Changed(string was, string now)
    {
        Assert.Contains(was, Good, StringComparison.Ordinal);
        return H2Load.Read(Good.Replace(was, now, StringComparison.Ordinal), Calls);
    }
}
