using System.Text;
using Banyan.Tests.Rules;
using Banyan.Wire.RegularExpressions;
using Xunit;

namespace Banyan.Tests.RegularExpressions;

/// <summary>Time and memory are bounded whatever the pattern; time is counted in visited instructions, not by a clock.</summary>
public sealed class LinearMatcherTests
{
    private const int PromisedCache = 32 * 1024;

    [Theory]
    [InlineData("(a*)*b", false)]
    [InlineData("(a|a)*b", false)]
    [InlineData("(a|aa)+", true)]
    [InlineData("(a+a+)+b", false)]
    [InlineData("((a+)+)+", true)]
    [InlineData("(.*a){20}", true)]
    [InlineData("(.*)(.*)(.*)(.*)(.*)[^a]", false)]
    [InlineData("(a?){50}a{50}b*", false)]
    [InlineData("([a-c]|a)*[ab]{300}", true)]
    [InlineData("((a*)*)*((a*)*)*c", false)]
    [InlineData("(a|b|ab)*(?:a|b){400}c", false)]
    public void TimeIsLinear(string pattern, bool matches)
    {
        Assert.True(LinearRegex.TryCompile(pattern, out var regex, out _));
        foreach (var length in (int[])[1_000, 20_000])
        {
            var text = Enumerable.Repeat((byte)'a', length).ToArray();
            foreach (var states in (int[])[DfaCache.MostStates, 3])
            {
                var matcher = new LinearMatcher(regex.Program, states);
                Assert.Equal(matches, matcher.IsFullMatch(text));
                Assert.InRange(matcher.Steps, 1, 2L * regex.InstructionCount * (length + 1));
                Assert.InRange(matcher.CacheBytes, 1, PromisedCache);
            }
        }
    }

    [Fact]
    public void StatesThatDoNotFitAreClearedAndGivenUp()
    {
        // The deterministic automaton of this one has 2^13 states.
        Assert.True(LinearRegex.TryCompile("(?:a|b)*a(?:a|b){12}", out var regex, out _));
        var matcher = regex.CreateMatcher();
        var random = new Random(17);
        var text = new byte[100_000];
        for (var round = 0; round < 20; round++)
        {
            foreach (ref var b in text.AsSpan())
            {
                b = random.Next(2) == 0 ? (byte)'a' : (byte)'b';
            }

            Assert.Equal(text[^13] == (byte)'a', matcher.IsFullMatch(text));
            Assert.InRange(matcher.CacheBytes, 1, PromisedCache);
        }

        Assert.InRange(matcher.Steps, 1, 20L * 2 * regex.InstructionCount * (text.Length + 1));
        Allocations.AssertNone(() => matcher.IsFullMatch(text.AsSpan(0, 2_000)));
    }

    [Fact]
    public void TheCacheKeepsItsPromiseForManyClassesAndLargeStates()
    {
        string[] patterns =
        [
            string.Concat(Enumerable.Range(0, 256).Select(i => $"[^\\x{i & 0x7F:x2}]?")),
            "(?:.{0,1000}){3}x",
            "(?:[a-m]|[g-z]|[0-9]|[aeiou])*z(?:[a-z0-9]{0,40}|[a-m]{3,60})+",
        ];
        var random = new Random(23);
        foreach (var pattern in patterns)
        {
            Assert.True(LinearRegex.TryCompile(pattern, out var regex, out var problem), problem.ToString());
            var matcher = regex.CreateMatcher();
            var other = new LinearMatcher(regex.Program, 2);
            for (var round = 0; round < 50; round++)
            {
                var text = Enumerable.Range(0, random.Next(400)).Select(_ => (byte)random.Next('0', 'z' + 1)).ToArray();
                Assert.Equal(other.IsFullMatch(text), matcher.IsFullMatch(text));
                Assert.InRange(matcher.CacheBytes, 1, PromisedCache);
            }
        }
    }

    [Fact]
    public void AKeptStateCostsNoVisit()
    {
        Assert.True(LinearRegex.TryCompile("/api/v[0-9]+/items/[^/]+", out var regex, out _));
        var matcher = regex.CreateMatcher();
        var path = "/api/v1/items/17"u8.ToArray();
        Assert.True(matcher.IsFullMatch(path));
        var steps = matcher.Steps;
        Assert.True(matcher.IsFullMatch(path));
        Assert.Equal(steps, matcher.Steps);
        Allocations.AssertNone(() => matcher.IsFullMatch(path));
        Allocations.AssertNone(() => regex.IsFullMatch(path));
    }

    [Fact]
    public async Task ThreadsCanShareAPattern()
    {
        Assert.True(LinearRegex.TryCompile("(?:[a-c]*[b-d]){3}e?", out var regex, out _));
        var random = new Random(29);
        var texts = Enumerable.Range(0, 200)
            .Select(_ => Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, random.Next(12)).Select(_ => (char)random.Next('a', 'f')))))
            .ToArray();
        var expected = texts.Select(text => regex.CreateMatcher().IsFullMatch(text)).ToArray();
        Assert.Contains(true, expected);
        Assert.Contains(false, expected);
        await Task.WhenAll(Enumerable.Range(0, 6).Select(worker => Task.Run(
            () =>
            {
                for (var round = 0; round < 200; round++)
                {
                    for (var i = 0; i < texts.Length; i++)
                    {
                        Assert.Equal(expected[i], regex.IsFullMatch(texts[i]));
                    }
                }
            },
            TestContext.Current.CancellationToken)));
    }
}
