using System.Globalization;
using System.Text.RegularExpressions;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Banyan.Xds;
using Xunit;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Peers that keep the rules and mean harm: each meets a limit that is counted, and everybody else is served.</summary>
public sealed partial class HostilePeerTests
{
    private const long Megabyte = 1024 * 1024;
    private const FrameFlags Block = FrameFlags.EndHeaders | FrameFlags.EndStream;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static byte[] Fields => Literal(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "web");

    /// <summary>A field of 4 KB into the table, then 15,000 references of one byte each: 60 MB when unpacked.</summary>
    [Fact]
    public async Task AFieldBlockThatUnpacksToMegabytesIsRefused()
    {
        await using var backend = new TestBackend();
        await using var mesh = await StartAsync(new TestMesh(), backend.Address, http2: false);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        await client.SendAsync(Get(1));
        Assert.Equal("200", await streams.OfAsync(1));
        var before = ProcessMemory.Of(mesh.Proxy.Id).Resident;
        for (var stream = 3; stream < 83; stream += 2)
        {
            await client.SendAsync(
            [
                .. Frame(FrameType.Headers, FrameFlags.EndStream, stream, [.. Fields, 0x40, 1, (byte)'x', 0x7f, 0xa1, 0x1e, .. new string('a', 4_000).Select(c => (byte)c)]),
                .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, stream, [.. Enumerable.Repeat((byte)0xbe, 15_000)]),
            ]);
            Assert.Equal("431", await streams.OfAsync(stream));
            Assert.Contains("x-banyan-error: request-head-too-large\r\n", streams.Head(stream), StringComparison.Ordinal);
        }

        Assert.InRange(ProcessMemory.Of(mesh.Proxy.Id).Resident - before, long.MinValue, 16 * Megabyte);
        await client.SendAsync(Get(83));
        Assert.Equal("200", await streams.OfAsync(83));
        Assert.Equal(2, backend.Requests);
        Assert.Equal(40, await MetricAsync(mesh, "banyan_request_heads_too_large"));
    }

    public static TheoryData<int, int, string> Lists() => new()
    {
        // Fields, bytes of each, and the answer: over 100, over 64 KiB, and what is still allowed.
        { 101, 10, "431" }, { 98, 10, "200" }, { 20, 4_000, "431" }, { 10, 4_000, "200" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public async Task AFieldListHasALimit(int fields, int size, string answer)
    {
        await using var backend = new TestBackend();
        await using var mesh = await StartAsync(new TestMesh(), backend.Address, http2: false);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);

        // Indexed by the decoder after the first, so that the block stays small.
        byte[] field = [0x40, 1, (byte)'x', 0x7f, .. Rest(size - 127), .. new string('a', size).Select(c => (byte)c)];
        byte[] small = [0x40, 1, (byte)'x', (byte)size, .. new string('a', size).Select(c => (byte)c)];
        await client.SendAsync(Frame(FrameType.Headers, Block, 1, [.. Fields, .. size < 127 ? small : field, .. Enumerable.Repeat((byte)0xbe, fields - 1)]));
        Assert.Equal(answer, await streams.OfAsync(1));
        await client.SendAsync(Get(3));
        Assert.Equal("200", await streams.OfAsync(3));
    }

    [Fact]
    public async Task ABlockOfMoreThan64KiBEndsTheConnection()
    {
        await using var backend = new TestBackend();
        await using var mesh = await StartAsync(new TestMesh(), backend.Address, http2: false);
        using var client = await ConnectAsync(mesh.Outbound);
        var part = new byte[16_384];
        await client.SendAsync(Frame(FrameType.Headers, FrameFlags.EndStream, 1, [.. Fields, .. part[..16_000]]));
        for (var i = 0; i < 5; i++)
        {
            await client.SendAsync(Frame(FrameType.Continuation, FrameFlags.None, 1, part));
        }

        await ExpectCalmAsync(client);
        Assert.Equal(1, await MetricAsync(mesh, "banyan_http2_floods"));
        Assert.Equal(0, backend.Requests);
    }

    /// <summary>The table shrinks and grows again ten thousand times in a block, and by SETTINGS on our side.</summary>
    [Fact]
    public async Task ATableThatIsResizedAllTheTimeCostsNobody()
    {
        await using var backend = new TestBackend();
        await using var mesh = await StartAsync(new TestMesh(), backend.Address, http2: false);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        var updates = Enumerable.Repeat<byte[]>([0x20, 0x3f, 0xe1, 0x1f], 4_000).SelectMany(bytes => bytes).ToArray();
        await client.SendAsync([.. Frame(FrameType.Headers, FrameFlags.EndStream, 1, updates), .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1, Fields)]);
        Assert.Equal("200", await streams.OfAsync(1));
        var before = ProcessMemory.Of(mesh.Proxy.Id).Resident;
        for (var i = 0; i < 40; i++)
        {
            await client.SendAsync(
            [
                .. Frame(FrameType.Settings, FrameFlags.None, 0, [.. Setting(1, uint.MaxValue), .. Setting(1, 0), .. Setting(1, uint.MaxValue)]),
                .. Get(3 + (2 * i)),
            ]);
            Assert.Equal("200", await streams.OfAsync(3 + (2 * i)));
        }

        Assert.InRange(ProcessMemory.Of(mesh.Proxy.Id).Resident - before, long.MinValue, 8 * Megabyte);
    }

    /// <summary>100 streams that ask for 32 MB each and take nothing; their connection to the backend is shared.</summary>
    [Fact]
    public async Task StreamsThatTakeNothingHoldUpNobody()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        await using var mesh = await StartAsync(new TestMesh { StreamIdle = 5 * Second }, server.Address, http2: true);
        using var other = await ConnectAsync(mesh.Outbound);
        var others = new StreamOutcomes(other);
        await other.SendAsync(Get(1));
        Assert.Equal("200", await others.OfAsync(1));
        var before = ProcessMemory.Of(mesh.Proxy.Id).Resident;
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        await client.SendAsync(Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 0)));
        for (var i = 0; i < 99; i++)
        {
            await client.SendAsync(Get(1 + (2 * i), path: "/large"));
        }

        for (var i = 0; i < 99; i++)
        {
            Assert.NotNull(await client.FindAsync(header => header.Type == FrameType.Headers));
        }

        // Meanwhile others get bodies from the same backend.
        for (var stream = 3; stream < 23; stream += 2)
        {
            await other.SendAsync([.. Get(stream, end: false), .. Frame(FrameType.Data, FrameFlags.EndStream, stream, new byte[3_000])]);
            Assert.Equal("200", await others.OfAsync(stream));
            Assert.Equal(3_000, others.Body(stream).Length);
        }

        Assert.Equal(0, await MetricAsync(mesh, "banyan_idle_timeouts"));
        Assert.InRange(ProcessMemory.Of(mesh.Proxy.Id).Resident - before, long.MinValue, 40 * Megabyte);
        for (var i = 0; i < 99; i++)
        {
            Assert.StartsWith("reset ", await streams.OfAsync(1 + (2 * i)), StringComparison.Ordinal);
        }

        Assert.Equal(99, await MetricAsync(mesh, "banyan_idle_timeouts"));
    }

    /// <summary>A few streams that take so fast that their windows grow, and then nothing any more.</summary>
    [Fact]
    public async Task StreamsThatStopTakingHoldUpNobody()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        await using var mesh = await StartAsync(new TestMesh(), server.Address, http2: true);
        using var client = await ConnectAsync(mesh.Outbound);
        await client.SendAsync(
        [
            .. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 8 * 1024 * 1024)),
            .. Frame(FrameType.WindowUpdate, FrameFlags.None, 0, Number(int.MaxValue - 65_535)),
        ]);
        for (var i = 0; i < 20; i++)
        {
            await client.SendAsync(Get(1 + (2 * i), path: "/large"));
        }

        var taken = 0L;
        while (taken < 160 * Megabyte)
        {
            taken += (await client.FindAsync(header => header.Type == FrameType.Data))!.Value.Payload.Length;
        }

        using var other = await ConnectAsync(mesh.Outbound);
        var others = new StreamOutcomes(other);
        for (var stream = 1; stream < 21; stream += 2)
        {
            await other.SendAsync([.. Get(stream, end: false), .. Frame(FrameType.Data, FrameFlags.EndStream, stream, new byte[3_000])]);
            Assert.Equal("200", await others.OfAsync(stream));
        }
    }

    /// <summary>A client that opens every window and does not read its socket.</summary>
    [Fact]
    public async Task AClientThatReadsNothingIsCutOff()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        await using var mesh = await StartAsync(new TestMesh { StreamIdle = Second }, server.Address, http2: true);
        var before = ProcessMemory.Of(mesh.Proxy.Id).Resident;
        using var client = await ConnectAsync(mesh.Outbound);
        await client.SendAsync(
        [
            .. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, int.MaxValue)),
            .. Frame(FrameType.WindowUpdate, FrameFlags.None, 0, Number(int.MaxValue - 65_535)),
            .. Enumerable.Range(0, 50).SelectMany(i => Get(1 + (2 * i), path: "/large")),
        ]);
        await Eventually.TrueAsync(async () => await MetricAsync(mesh, "banyan_http2_connections") == 1, "the connection is there");
        await Eventually.TrueAsync(async () => await MetricAsync(mesh, "banyan_connections_active") == 0, "the connection is closed");
        Assert.InRange(ProcessMemory.Of(mesh.Proxy.Id).Resident - before, long.MinValue, 40 * Megabyte);
    }

    [Theory]
    [InlineData("no end of the block")]
    [InlineData("half a frame")]
    [InlineData("drops")]
    public async Task AHeadThatDoesNotEndIsCutOff(string kind)
    {
        await using var backend = new TestBackend();
        await using var mesh = await StartAsync(new TestMesh { HeadTimeout = Second }, backend.Address, http2: false);
        using var client = await ConnectAsync(mesh.Outbound);
        var frame = Get(1, path: "/" + new string('a', 200));
        var sent = 12;
        await client.SendAsync(kind == "no end of the block" ? Frame(FrameType.Headers, FrameFlags.EndStream, 1, Fields) : frame[..sent]);
        var cut = ExpectCalmAsync(client);
        if (kind == "drops")
        {
            // Ten milliseconds at least for each byte: more than two seconds for all of them.
            await Eventually.TrueAsync(
                async () =>
                {
                    await client.SendAsync(frame[sent..(sent + 1)]);
                    return cut.IsCompleted || ++sent == frame.Length;
                },
                "the proxy loses patience");
        }

        await cut;
        Assert.Equal(1, await MetricAsync(mesh, "banyan_head_timeouts"));
        Assert.Equal(0, backend.Requests);
    }

    [Fact]
    public async Task ABodyThatStallsIsCutOff()
    {
        using var witness = new Witness();
        await using var mesh = await StartAsync(new TestMesh { StreamIdle = Second }, witness.Address, http2: false);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        await client.SendAsync([.. Get(1, end: false), .. Frame(FrameType.Data, FrameFlags.None, 1, 1)]);
        Assert.StartsWith("504", await streams.OfAsync(1), StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: stream-idle\r\n", streams.Head(1), StringComparison.Ordinal);
        Assert.Equal(1, await MetricAsync(mesh, "banyan_idle_timeouts"));
        await Eventually.TrueAsync(() => witness.OpenConnections == 0, "the backend is told");
    }

    /// <summary>A server that answers once and then says nothing any more, as one behind a cable that was cut.</summary>
    [Fact]
    public async Task AConnectionThatFellSilentIsNotUsedAgain()
    {
        var served = 0;
        using var server = new FrameServer(request =>
            request.Connection > 1 || Interlocked.Increment(ref served) == 1 ? Ok(request.Stream) : []);
        await using var mesh = await StartAsync(new TestMesh { StreamIdle = Second }, server.Address, http2: true);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        await client.SendAsync(Get(1));
        Assert.Equal("200", await streams.OfAsync(1));
        await client.SendAsync(Get(3));
        Assert.Equal("504", await streams.OfAsync(3));
        await client.SendAsync(Get(5));
        Assert.Equal("200", await streams.OfAsync(5));
        Assert.Equal(2, server.Connections);
    }

    [Fact]
    public async Task AClientThatFinishedSendingIsAnswered()
    {
        await using var backend = new TestBackend(_ => Reply.Ok("here"));
        await using var mesh = await StartAsync(new TestMesh(), backend.Address, http2: false);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        await client.SendAsync(Get(1));
        client.FinishSending();
        Assert.Matches("^(200|closed)$", await streams.OfAsync(1));
        await Eventually.TrueAsync(async () => await MetricAsync(mesh, "banyan_connections_active") == 0, "nothing is left");
    }

    /// <summary>Resets of requests that reach the backend over a connection that others share, from clients that each stay below
    /// the limit: the sidecar at the other end, which counts them together, cuts nobody off.</summary>
    [Fact]
    public async Task ResetsOfManyClientsDoNotAddUpForOthers()
    {
        var waiting = default(ServerRequest);
        using var backend = new FrameServer(request =>
        {
            waiting ??= request;
            return request.Path == "/wait" ? [] : Ok(request.Stream);
        });
        var behind = new TestMesh();
        var inbound = behind.Inbound("web", backend.Address);
        await behind.StartAsync();
        await using var far = behind;
        await using var mesh = await new TestMesh().Cluster("web", true, true, $"127.0.0.1:{inbound}")
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        using var victim = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(victim);
        await victim.SendAsync(Get(1, path: "/wait"));
        await Eventually.TrueAsync(() => waiting is not null, "one that waits");
        for (var attacker = 0; attacker < 8; attacker++)
        {
            using var client = await ConnectAsync(mesh.Outbound);
            for (var i = 0; i < 90; i++)
            {
                await client.SendAsync(Get(1 + (2 * i), path: "/wait"));
                if (i % 30 == 29)
                {
                    // They are with the backend by now.
                    await client.SendAsync(Frame(FrameType.Ping, FrameFlags.None, 0, 1, 1, 1, 1, 1, 1, 1, 1));
                    Assert.NotNull(await client.FindAsync(header => header.Type == FrameType.Ping));
                    for (var j = i - 29; j <= i; j++)
                    {
                        await client.SendAsync(Frame(FrameType.RstStream, FrameFlags.None, 1 + (2 * j), Number(8)));
                    }
                }
            }

            await client.SendAsync(Get(181));
            Assert.Equal("200", await new StreamOutcomes(client).OfAsync(181));
        }

        await waiting!.Peer.SendAsync(Ok(waiting.Stream));
        Assert.Equal("200", await streams.OfAsync(1));
        Assert.Equal(0, await MetricAsync(far, "banyan_http2_floods"));
        Assert.Equal(0, await MetricAsync(mesh, "banyan_http2_floods"));
    }

    [GeneratedRegex("^(?<name>[a-z0-9_]+?)(_total)? (?<value>[0-9]+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex Sample();

    private static async Task<long> MetricAsync(TestMesh mesh, string name)
    {
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        var metrics = await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        return long.Parse(Sample().Matches(metrics).First(m => m.Groups["name"].Value == name).Groups["value"].Value, CultureInfo.InvariantCulture);
    }

    private static async Task ExpectCalmAsync(FramePeer client)
    {
        var end = await client.FindAsync(header => header.Type == FrameType.GoAway);
        Assert.NotNull(end);
        Assert.Equal(ErrorCode.EnhanceYourCalm, CodeOf(end.Value.Payload.AsSpan(4)));
    }

    /// <summary>What a length of 127 and more has behind its first byte (RFC 7541 §5.1).</summary>
    private static byte[] Rest(int value) => value < 0 ? [] : value < 128 ? [(byte)value] : [(byte)(value | 0x80), .. Rest(value >> 7)];

    private static Task<TestMesh> StartAsync(TestMesh mesh, string address, bool http2) => mesh.Cluster("web", false, http2, address)
        .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
}
