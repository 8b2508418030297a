using Banyan.Cli.Checks;
using Xunit;

namespace Banyan.Tests.Cli.Checks;

/// <summary>What a check finds in a sidecar's metrics.</summary>
public sealed class MetricsTextTests
{
    private const string Text =
        """
        # HELP calls_total Calls, "all" of them.
        # TYPE calls_total counter
        calls_total{method="GET",route="a,b"} 3
        calls_total{method="GET",route="say \"hi\" \\ {x} = 1"} 4
        calls_total{method="PUT",route="a,b",le="+Inf"} 5.5
        # TYPE errors_total counter
        # TYPE seconds histogram
        seconds_bucket{le="0.1"} 1
        seconds_bucket{le="+Inf"} 2
        seconds_sum 0.25
        seconds_count 2
        # TYPE idle histogram
        open 1e3
        nonsense
        """;

    private static readonly MetricsText Metrics = MetricsText.Parse(Text);

    [Theory]
    [InlineData(12.5, "calls_total")]
    [InlineData(7, "calls_total", "method", "GET")]
    [InlineData(3, "calls_total", "method", "GET", "route", "a,b")]
    [InlineData(4, "calls_total", "route", "say \"hi\" \\ {x} = 1")]
    [InlineData(5.5, "calls_total", "le", "+Inf")]
    [InlineData(0, "calls_total", "method", "get")]
    [InlineData(0, "errors_total")]
    [InlineData(0, "errors_total", "kind", "reset")]
    [InlineData(2, "seconds_count")]
    [InlineData(0.25, "seconds_sum")]
    [InlineData(1, "seconds_bucket", "le", "0.1")]
    [InlineData(0, "idle_count")]
    [InlineData(1000, "open")]
    public void SeriesAreAddedUp(double expected, string metric, params string[] labels) =>
        Assert.Equal(Reading.Of(expected), Metrics.Sum(metric, Labels(labels)));

    /// <summary>A misspelt counter would be 0 for ever.</summary>
    [Theory]
    [InlineData("no such metric", "call_total")]
    [InlineData("no such metric", "seconds_total")]
    [InlineData("no such metric", "nonsense")]
    [InlineData("no series has a label verb", "calls_total", "method", "GET", "verb", "GET")]
    public void WhatDoesNotExistIsNotZero(string trouble, string metric, params string[] labels) =>
        Assert.Equal(Reading.Failed(trouble), Metrics.Sum(metric, Labels(labels)));

    private static IEnumerable<KeyValuePair<string, string>> Labels(string[] words) =>
        words.Chunk(2).Select(pair => KeyValuePair.Create(pair[0], pair[1]));
}
