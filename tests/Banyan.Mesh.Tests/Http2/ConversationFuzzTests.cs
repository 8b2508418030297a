using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Banyan.Xds;
using Xunit;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Conversations of HTTP/2 with a few random changes: the proxy judges them the same whole and in any pieces, logs no
/// error, and keeps nothing of them.</summary>
public sealed class ConversationFuzzTests(ITestOutputHelper output)
{
    private static readonly byte[][] Seeds = [.. FrameRuleTests.Conversations, .. SpecListTests.Conversations];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public Task AFewAreJudgedTheSame(int seed) => RunAsync(async mesh =>
    {
        var random = new Random(seed);
        for (var i = 0; i < 40; i++)
        {
            await RoundAsync(mesh, random);
        }
    });

    [Fact]
    [Trait("Category", "Fuzz")]
    public Task ManyAreJudgedTheSame() =>
        RunAsync(mesh => Fuzz.RunAsync(output.WriteLine, random => RoundAsync(mesh, random)));

    private static async Task RunAsync(Func<TestMesh, Task> run)
    {
        // A backend that never answers: what a frame means must not hang on when an answer comes.
        using var witness = new Witness();
        await using var mesh = await new TestMesh().Cluster("web", false, false, witness.Address)
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1)))
            .StartAsync(outboundAllowed: false);
        await run(mesh);
        Assert.False(mesh.Proxy.HasExited);
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        foreach (var gauge in new[] { "banyan_connections_active 0\n", "banyan_requests_active 0\n", "banyan_upstream_connections_active 0\n" })
        {
            await Eventually.TrueAsync(
                async () => (await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken)).Contains(gauge, StringComparison.Ordinal),
                gauge);
        }
    }

    private static async Task RoundAsync(TestMesh mesh, Random random)
    {
        var bytes = Mutate(random);
        var whole = await SayAsync(mesh, bytes, []);
        for (var i = 0; i < 3; i++)
        {
            var cuts = Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(bytes.Length + 1)).Order().ToArray();
            var pieces = await SayAsync(mesh, bytes, cuts);
            Assert.True(
                whole == pieces || (SaysGoAway(bytes) && (whole == "none" || pieces == "none")),
                $"{whole} whole, {pieces} cut at {string.Join(' ', cuts)}: {Convert.ToHexString(bytes)}");
        }
    }

    /// <summary>A client that says GOAWAY leaves the end to the server, which may come before the rest was read.</summary>
    private static bool SaysGoAway(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length >= FrameHeader.Size)
        {
            var header = FrameHeader.Read(bytes);
            if (header.Type == FrameType.GoAway)
            {
                return true;
            }

            bytes = bytes[Math.Min(bytes.Length, FrameHeader.Size + header.Length)..];
        }

        return false;
    }

    /// <summary>How the connection ends: the code of its GOAWAY, if one comes.</summary>
    private static async Task<string> SayAsync(TestMesh mesh, byte[] bytes, int[] cuts)
    {
        using var client = await ConnectAsync(mesh.Outbound);
        var from = 0;
        foreach (var cut in cuts)
        {
            await client.SendAsync(bytes[from..cut]);
            await Task.Yield();
            from = cut;
        }

        await client.SendAsync(bytes[from..]);
        client.FinishSending();
        var end = await client.FindAsync(header => header.Type == FrameType.GoAway);
        return end is var (_, payload) ? CodeOf(payload.AsSpan(4)).ToString() : "none";
    }

    private static byte[] Mutate(Random random)
    {
        var bytes = new List<byte>();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            bytes.AddRange(Seeds[random.Next(Seeds.Length)]);
        }

        for (var change = random.Next(0, 6); change > 0 && bytes.Count > 0; change--)
        {
            var at = random.Next(bytes.Count);
            switch (random.Next(5))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    bytes.RemoveRange(at, random.Next(1, Math.Min(12, bytes.Count - at) + 1));
                    break;
                case 3:
                    bytes.InsertRange(at, Frame((FrameType)random.Next(11), (FrameFlags)random.Next(64), random.Next(6), new byte[random.Next(10)]));
                    break;
                default:
                    bytes.InsertRange(at, bytes[at..Math.Min(bytes.Count, at + random.Next(30))]);
                    break;
            }
        }

        return [.. bytes];
    }
}
