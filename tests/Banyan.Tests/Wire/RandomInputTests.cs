using Banyan.Testing.Hostile;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>Properties on bytes nobody thought of: no exception, always a verdict that any split leaves as it is.</summary>
public sealed class RandomInputTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void NothingThrowsAndNothingDependsOnTheSplit(int seed)
    {
        var random = new Random(seed);
        for (var round = 0; round < 4000; round++)
        {
            var bytes = HostileMutator.Message(random);
            Check(bytes, response: random.Next(2) == 0, random.Next(4) == 0 ? "HEAD" : "GET", random, $"seed {seed}, round {round}");
        }
    }

    [Fact]
    public void PureNoiseIsRefusedOrIncomplete()
    {
        var random = new Random(5);
        for (var round = 0; round < 4000; round++)
        {
            var bytes = new byte[random.Next(200)];
            random.NextBytes(bytes);
            Check(bytes, response: round % 2 == 0, "GET", random, $"round {round}");
        }
    }

    private static void Check(byte[] bytes, bool response, string method, Random random, string where)
    {
        var whole = Transcript.Of(bytes, response, method, [bytes.Length]);
        Assert.False(whole.Contains("threw", StringComparison.Ordinal), $"{where}: {whole} for {Convert.ToHexString(bytes)}");
        var arrivals = Enumerable.Range(0, random.Next(1, 6)).Select(_ => random.Next(bytes.Length + 1)).Order().Append(bytes.Length);
        var split = Transcript.Of(bytes, response, method, [.. arrivals]);
        Assert.True(whole == split, $"{where}: {whole} but {split} for {Convert.ToHexString(bytes)}");
        var slow = Transcript.Of(bytes, response, method, [.. Enumerable.Range(0, bytes.Length + 1)]);
        Assert.True(whole == slow, $"{where}: {whole} but {slow} byte by byte for {Convert.ToHexString(bytes)}");
    }
}
