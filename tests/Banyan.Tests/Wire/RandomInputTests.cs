using Banyan.Testing.Hostile;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>Properties on bytes nobody thought of: no exception, always a verdict that any split leaves as it is.</summary>
public sealed class RandomInputTests
{
    private static readonly byte[][] Seeds = [.. HostileCases.All.Where(c => c.Text.Length < 2000).Select(c => c.Bytes)];
    private static readonly byte[] Spice = "\r\n\r\n :;,/\\\"\t\0#?*[]@=0159afAF%\x7f\u0080\u00ff"u8.ToArray();

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
            var bytes = Mutate(Seeds[random.Next(Seeds.Length)], random);
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

    private static byte[] Mutate(byte[] seed, Random random)
    {
        var bytes = seed.ToList();
        for (var change = random.Next(1, 5); change > 0; change--)
        {
            var at = random.Next(bytes.Count + 1);
            var spice = random.Next(3) == 0 ? (byte)random.Next(256) : Spice[random.Next(Spice.Length)];
            switch (random.Next(5))
            {
                case 0:
                    bytes.Insert(at, spice);
                    break;
                case 1 when at < bytes.Count:
                    bytes[at] = spice;
                    break;
                case 2 when at < bytes.Count:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(8, bytes.Count - at + 1)));
                    break;
                case 3:
                    var other = Seeds[random.Next(Seeds.Length)];
                    var start = random.Next(other.Length);
                    bytes.InsertRange(at, other[start..random.Next(start, Math.Min(other.Length, start + 60))]);
                    break;
                default:
                    bytes.InsertRange(at, bytes[at..Math.Min(bytes.Count, at + random.Next(20))]);
                    break;
            }
        }

        return [.. bytes];
    }
}
