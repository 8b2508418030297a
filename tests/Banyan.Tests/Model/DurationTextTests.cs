using Banyan.Model.Text;
using Xunit;

namespace Banyan.Tests.Model;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("250ms", 250)]
    [InlineData("1h", 3_600_000)]
    [InlineData("1m30s", 90_000)]
    [InlineData("1.5s", 1_500)]
    [InlineData("2h45m0.5s", 9_900_500)]
    [InlineData("87600h", 315_360_000_000)]
    [InlineData("1000us", 1)]
    [InlineData("1000\u00b5s", 1)]
    [InlineData("1000000ns", 1)]
    [InlineData(".5s", 500)]
    public void GoFormIsRead(string text, long milliseconds)
    {
        Assert.True(DurationText.TryParse(text, out var value));
        Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), value);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("s")]
    [InlineData("-1s")]
    [InlineData("+1s")]
    [InlineData("1 s")]
    [InlineData("1s ")]
    [InlineData("1d")]
    [InlineData("1S")]
    [InlineData("1..5s")]
    [InlineData("5 minutes")]
    [InlineData("1s1")]
    [InlineData("1e3s")]
    [InlineData("99999999999999999h")]
    [InlineData("9999999999999999999999999s")]
    public void OtherFormsAreNot(string text) => Assert.False(DurationText.TryParse(text, out _));

    [Theory]
    [InlineData("10s", true)]
    [InlineData("1h30m10s500ms", true)]
    [InlineData("99999h", true)]
    [InlineData("100000s", false)]
    [InlineData("1.5s", false)]
    [InlineData("1us", false)]
    [InlineData("1h1m1s1ms1ms", false)]
    [InlineData("", false)]
    [InlineData("5", false)]
    [InlineData("m", false)]
    public void GatewayFormIsNarrower(string text, bool expected) => Assert.Equal(expected, DurationText.IsGatewayForm(text));

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(2_500_000, "250ms")]
    [InlineData(900_000_000, "1m30s")]
    [InlineData(10, "1us")]
    [InlineData(1, "100ns")]
    [InlineData(36_000_000_000L * 24, "24h")]
    public void FormatIsShort(long ticks, string expected) => Assert.Equal(expected, DurationText.Format(TimeSpan.FromTicks(ticks)));

    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        var random = new Random(7);
        for (var i = 0; i < 10_000; i++)
        {
            var value = TimeSpan.FromTicks(random.NextInt64(0, 1L << random.Next(1, 62)));
            Assert.True(DurationText.TryParse(DurationText.Format(value), out var read), DurationText.Format(value));
            Assert.Equal(value, read);
        }
    }
}
