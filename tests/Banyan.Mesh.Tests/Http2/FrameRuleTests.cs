using System.Globalization;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Xunit;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>What the server's role answers to frames that break RFC 9113, rule by rule; nothing of it reaches the backend.</summary>
public sealed class FrameRuleTests
{
    private const FrameFlags Block = FrameFlags.EndHeaders | FrameFlags.EndStream;

    private enum Answer
    {
        /// <summary>GOAWAY with the code, and the end.</summary>
        Connection,

        /// <summary>RST_STREAM with the code; GOAWAY with it will do.</summary>
        Stream,

        /// <summary>Nothing: a PING after it is answered.</summary>
        Ignored,
    }

    [Fact]
    public async Task EveryRuleIsKept()
    {
        using var witness = new Witness();

        // HTTP/1.1 to the backend, so that what reaches it can be read.
        await using var mesh = await new TestMesh().Cluster("web", false, false, witness.Address)
            .Routes("web", TestMesh.Forward(new Xds.RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        var failures = new List<string>();
        foreach (var (name, frames, answer, code) in Cases())
        {
            using var peer = await ConnectAsync(mesh.Outbound);
            await peer.SendAsync(frames);
            await peer.SendAsync(Frame(FrameType.Ping, FrameFlags.None, 0, 9, 9, 9, 9, 9, 9, 9, 9));
            var seen = await AnswerAsync(peer, answer);
            if (seen != (answer == Answer.Ignored ? "alive" : code.ToString()))
            {
                failures.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: {seen} instead of {answer} {code}"));
            }
        }

        Assert.Empty(failures);
        Assert.DoesNotContain(witness.Connections, c => c.Text.Contains("smuggled", StringComparison.Ordinal));
    }

    /// <summary>A window beyond 2^31-1 is its stream's fault; a new initial window is not added to it once more.</summary>
    [Fact]
    public async Task AWindowThatWasTooLargeEndsItsStreamOnly()
    {
        using var witness = new Witness();
        await using var mesh = await new TestMesh().Cluster("web", false, false, witness.Address)
            .Routes("web", TestMesh.Forward(new Xds.RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        using var peer = await ConnectAsync(mesh.Outbound);
        await peer.SendAsync(
        [
            .. Get(1, end: false),
            .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(int.MaxValue)),
            .. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 65_536)),
            .. Frame(FrameType.Ping, FrameFlags.None, 0, 9, 9, 9, 9, 9, 9, 9, 9),
        ]);
        var answer = await peer.FindAsync(header => header.Type is FrameType.GoAway or FrameType.Ping);
        Assert.Equal(FrameType.Ping, answer?.Header.Type);
    }

    [Theory]
    [InlineData("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\x08\x06\0\0\0\0\0ABCDEFGH")]
    public async Task AConnectionThatBeginsWrongEnds(string bytes)
    {
        await using var mesh = await new TestMesh().Service("web", "127.0.0.1:1").StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(bytes);
        await client.ReadToEndAsync();
    }

    public static TheoryData<string, int> Floods() => new()
    {
        { "ping", 3_000 },
        { "settings", 1_000 },
        { "reset", 1_500 },
        { "empty data", 3_000 },
        { "continuation", 200 },
        { "priority", 20_000 },
    };

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task AFloodIsCutOff(string kind, int count)
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Cluster("web", false, false, backend.Address)
            .Routes("web", TestMesh.Forward(new Xds.RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        using var peer = await ConnectAsync(mesh.Outbound);
        var flood = new MemoryStream();
        switch (kind)
        {
            case "empty data":
                flood.Write(Get(1, end: false));
                break;
            case "continuation":
                flood.Write(Frame(FrameType.Headers, FrameFlags.None, 1, Literal(":method", "GET")));
                break;
        }

        for (var i = 0; i < count; i++)
        {
            flood.Write(kind switch
            {
                "ping" => Frame(FrameType.Ping, FrameFlags.None, 0, 1, 2, 3, 4, 5, 6, 7, 8),
                "settings" => Frame(FrameType.Settings, FrameFlags.None, 0),
                "reset" => [.. Get((2 * i) + 1), .. Frame(FrameType.RstStream, FrameFlags.None, (2 * i) + 1, Number(8))],
                "empty data" => Frame(FrameType.Data, FrameFlags.None, 1),
                "continuation" => Frame(FrameType.Continuation, FrameFlags.None, 1),
                _ => Frame(FrameType.Priority, FrameFlags.None, 3, 0, 0, 0, 1, 16),
            });
        }

        await peer.SendAsync(flood.ToArray());
        var end = await peer.FindAsync(header => header.Type == FrameType.GoAway);
        Assert.NotNull(end);
        Assert.Equal(ErrorCode.EnhanceYourCalm, CodeOf(end.Value.Payload.AsSpan(4)));

        // Everybody else is served.
        using var other = await mesh.ConnectAsync();
        Assert.Equal(200, (await other.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n")).Status);
    }

    [Fact]
    public async Task MoreStreamsThanAllowedAreRefused()
    {
        var hold = new TaskCompletionSource();
        await using var backend = new TestBackend(_ => new Reply { Hold = hold.Task });
        await using var mesh = await new TestMesh().Cluster("web", false, false, backend.Address)
            .Routes("web", TestMesh.Forward(new Xds.RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        using var peer = await ConnectAsync(mesh.Outbound);
        for (var i = 0; i <= 100; i++)
        {
            await peer.SendAsync(Get((2 * i) + 1));
        }

        var refused = await peer.FindAsync(header => header.Type == FrameType.RstStream);
        Assert.Equal(201, refused!.Value.Header.StreamId);
        Assert.Equal(ErrorCode.RefusedStream, CodeOf(refused.Value.Payload));
        hold.SetResult();
        Assert.NotNull(await peer.FindAsync(header => header.Type == FrameType.Headers));
    }

    private static async Task<string> AnswerAsync(FramePeer peer, Answer expected)
    {
        while (await peer.NextAsync() is var (header, payload))
        {
            switch (header.Type)
            {
                case FrameType.GoAway:
                    return CodeOf(payload.AsSpan(4)).ToString();
                case FrameType.RstStream when expected != Answer.Connection:
                    return CodeOf(payload).ToString();
                case FrameType.Ping when (header.Flags & FrameFlags.Ack) != 0 && payload[0] == 9 && expected != Answer.Stream:
                    return "alive";
            }
        }

        return "closed";
    }

    /// <summary>Names of the cases, for the list of what others test.</summary>
    internal static IEnumerable<string> Names => Cases().Select(row => row.Name);

    /// <summary>What the cases say.</summary>
    internal static IEnumerable<byte[]> Conversations => Cases().Select(row => row.Frames).Where(frames => frames.Length < 1_000);

    private static IEnumerable<(string Name, byte[] Frames, Answer Answer, ErrorCode Code)> Cases()
    {
        foreach (var row in MoreCases())
        {
            yield return row;
        }

        // RFC 9113 section 4: frames.
        yield return ("4.1 unknown type", Frame((FrameType)0x16, FrameFlags.None, 0, 1, 2, 3), Answer.Ignored, 0);
        yield return ("4.1 unknown flags", Frame(FrameType.Ping, (FrameFlags)0x16, 0, 1, 2, 3, 4, 5, 6, 7, 8), Answer.Ignored, 0);
        yield return ("4.2 DATA too large", [.. Get(1, end: false), .. Frame(FrameType.Data, FrameFlags.None, 1, new byte[16_385])], Answer.Connection, ErrorCode.FrameSizeError);
        yield return ("4.2 HEADERS too large", Frame(FrameType.Headers, Block, 1, new byte[16_385]), Answer.Connection, ErrorCode.FrameSizeError);
        yield return ("4.3 bad block", Frame(FrameType.Headers, Block, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), Answer.Connection, ErrorCode.CompressionError);
        yield return ("4.3 PRIORITY inside a block", [.. Frame(FrameType.Headers, FrameFlags.EndStream, 1, Literal(":method", "GET")), .. Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 0, 1)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("4.3 other HEADERS inside a block", [.. Frame(FrameType.Headers, FrameFlags.EndStream, 1, Literal(":method", "GET")), .. Get(3)], Answer.Connection, ErrorCode.ProtocolError);

        // Section 5: streams.
        yield return ("5.1 idle DATA", Frame(FrameType.Data, FrameFlags.EndStream, 1, 1), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("5.1 idle RST_STREAM", Frame(FrameType.RstStream, FrameFlags.None, 1, Number(8)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("5.1 idle WINDOW_UPDATE", Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(1)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("5.1 idle CONTINUATION", Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1, Literal(":method", "GET")), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("5.1 half-closed DATA", [.. Get(1), .. Frame(FrameType.Data, FrameFlags.EndStream, 1, 1)], Answer.Stream, ErrorCode.StreamClosed);
        yield return ("5.1 half-closed HEADERS", [.. Get(1), .. Get(1)], Answer.Stream, ErrorCode.StreamClosed);
        yield return ("5.1 reset, then DATA", [.. Get(1, end: false), .. Frame(FrameType.RstStream, FrameFlags.None, 1, Number(8)), .. Frame(FrameType.Data, FrameFlags.EndStream, 1, 1)], Answer.Stream, ErrorCode.StreamClosed);
        yield return ("5.1 reset, then HEADERS", [.. Get(1, end: false), .. Frame(FrameType.RstStream, FrameFlags.None, 1, Number(8)), .. Get(1)], Answer.Stream, ErrorCode.StreamClosed);
        yield return ("5.1.1 even stream", Get(2), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("5.1.1 lower stream", [.. Get(5), .. Get(3)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("5.3.1 HEADERS depends on itself", Frame(FrameType.Headers, Block | FrameFlags.Priority, 1, [0, 0, 0, 1, 16, .. Literal(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "web")]), Answer.Stream, ErrorCode.ProtocolError);
        yield return ("5.3.1 PRIORITY depends on itself", Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 1, 16), Answer.Stream, ErrorCode.ProtocolError);
        yield return ("5.5 unknown frame inside a block", [.. Frame(FrameType.Headers, FrameFlags.EndStream, 1, Literal(":method", "GET")), .. Frame((FrameType)0x16, FrameFlags.None, 0)], Answer.Connection, ErrorCode.ProtocolError);

        // Section 6: each frame.
        yield return ("6.1 DATA on 0", Frame(FrameType.Data, FrameFlags.EndStream, 0, 1), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.1 padding of all", [.. Get(1, end: false), .. Frame(FrameType.Data, FrameFlags.Padded, 1, 6, 1, 2, 3, 4, 5)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.2 HEADERS on 0", Get(0), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.2 padding of all", Frame(FrameType.Headers, Block | FrameFlags.Padded, 1, 9, 0, 0), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.3 PRIORITY on 0", Frame(FrameType.Priority, FrameFlags.None, 0, 0, 0, 0, 1, 16), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.3 PRIORITY short", Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 1), Answer.Stream, ErrorCode.FrameSizeError);
        yield return ("6.4 RST_STREAM on 0", Frame(FrameType.RstStream, FrameFlags.None, 0, Number(8)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.4 RST_STREAM short", [.. Get(1, end: false), .. Frame(FrameType.RstStream, FrameFlags.None, 1, 0, 0, 0)], Answer.Connection, ErrorCode.FrameSizeError);
        yield return ("6.5 SETTINGS ack with content", Frame(FrameType.Settings, FrameFlags.Ack, 0, 0), Answer.Connection, ErrorCode.FrameSizeError);
        yield return ("6.5 SETTINGS on a stream", Frame(FrameType.Settings, FrameFlags.None, 1, Setting(3, 100)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.5 SETTINGS odd length", Frame(FrameType.Settings, FrameFlags.None, 0, 0, 3, 0), Answer.Connection, ErrorCode.FrameSizeError);
        yield return ("6.5.2 ENABLE_PUSH 2", Frame(FrameType.Settings, FrameFlags.None, 0, Setting(2, 2)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.5.2 window too large", Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 0x8000_0000)), Answer.Connection, ErrorCode.FlowControlError);
        yield return ("6.5.2 frame size too small", Frame(FrameType.Settings, FrameFlags.None, 0, Setting(5, 16_383)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.5.2 frame size too large", Frame(FrameType.Settings, FrameFlags.None, 0, Setting(5, 16_777_216)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.5.2 unknown setting", Frame(FrameType.Settings, FrameFlags.None, 0, Setting(0xff, 1)), Answer.Ignored, 0);
        yield return ("6.6 PUSH_PROMISE", [.. Get(1, end: false), .. Frame(FrameType.PushPromise, FrameFlags.EndHeaders, 1, 0, 0, 0, 2)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.7 PING ack", Frame(FrameType.Ping, FrameFlags.Ack, 0, 1, 2, 3, 4, 5, 6, 7, 8), Answer.Ignored, 0);
        yield return ("6.7 PING on a stream", Frame(FrameType.Ping, FrameFlags.None, 1, 1, 2, 3, 4, 5, 6, 7, 8), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.7 PING short", Frame(FrameType.Ping, FrameFlags.None, 0, 1, 2, 3, 4, 5, 6), Answer.Connection, ErrorCode.FrameSizeError);
        yield return ("6.8 GOAWAY on a stream", Frame(FrameType.GoAway, FrameFlags.None, 1, 0, 0, 0, 0, 0, 0, 0, 0), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.9 WINDOW_UPDATE of 0", Frame(FrameType.WindowUpdate, FrameFlags.None, 0, Number(0)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.9 WINDOW_UPDATE of 0 on a stream", [.. Get(1, end: false), .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(0))], Answer.Stream, ErrorCode.ProtocolError);
        yield return ("6.9 WINDOW_UPDATE short", Frame(FrameType.WindowUpdate, FrameFlags.None, 0, 0, 0, 1), Answer.Connection, ErrorCode.FrameSizeError);
        yield return ("6.9.1 window overflow", [.. Frame(FrameType.WindowUpdate, FrameFlags.None, 0, Number(int.MaxValue)), .. Frame(FrameType.WindowUpdate, FrameFlags.None, 0, Number(int.MaxValue))], Answer.Connection, ErrorCode.FlowControlError);
        yield return ("6.9.1 window overflow of a stream", [.. Get(1, end: false), .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(int.MaxValue)), .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(int.MaxValue))], Answer.Stream, ErrorCode.FlowControlError);
        yield return ("6.10 CONTINUATION after the end of a block", [.. Get(1), .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1, 0)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.10 CONTINUATION on 0", [.. Frame(FrameType.Headers, FrameFlags.EndStream, 1, Literal(":method", "GET")), .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, 0, 0)], Answer.Connection, ErrorCode.ProtocolError);

        // Section 8: requests. Malformed is an error of the stream.
        yield return ("8.1 second HEADERS without END_STREAM", [.. Get(1, end: false), .. Frame(FrameType.Headers, FrameFlags.EndHeaders, 1, Literal("x-a", "b"))], Answer.Stream, ErrorCode.ProtocolError);
        yield return ("8.1.1 length too short", [.. Post("content-length", "5"), .. Frame(FrameType.Data, FrameFlags.EndStream, 1, 1, 2)], Answer.Stream, ErrorCode.ProtocolError);
        yield return ("8.1.1 length too long", [.. Post("content-length", "1"), .. Frame(FrameType.Data, FrameFlags.EndStream, 1, 1, 2)], Answer.Stream, ErrorCode.ProtocolError);
        yield return ("8.1.1 length without body", Bad(":method", "POST", ":scheme", "http", ":path", "/", ":authority", "web", "content-length", "5"), Answer.Stream, ErrorCode.ProtocolError);
        yield return ("RFC 8441 §4 extended CONNECT without path", Bad(":method", "CONNECT", ":protocol", "websocket", ":scheme", "http", ":authority", "web"), Answer.Stream, ErrorCode.ProtocolError);
        yield return ("RFC 8441 §4 :protocol of another method", Bad(":method", "GET", ":protocol", "websocket", ":scheme", "http", ":path", "/smuggled", ":authority", "web"), Answer.Stream, ErrorCode.ProtocolError);
        yield return ("RFC 8441 §4 HTTP/2 inside", Bad(":method", "CONNECT", ":protocol", "h2c", ":scheme", "http", ":path", "/smuggled", ":authority", "web"), Answer.Stream, ErrorCode.ProtocolError);
        yield return ("RFC 8441 §3 setting of 2", Frame(FrameType.Settings, FrameFlags.None, 0, Setting(8, 2)), Answer.Connection, ErrorCode.ProtocolError);
        yield return ("RFC 8441 §3 setting taken back", [.. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(8, 1)), .. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(8, 0))], Answer.Connection, ErrorCode.ProtocolError);
        foreach (var (name, fields) in BadFields())
        {
            yield return ("8.2/8.3 " + name, Bad(fields), Answer.Stream, ErrorCode.ProtocolError);
        }
    }

    private static IEnumerable<(string Name, byte[] Frames, Answer Answer, ErrorCode Code)> MoreCases()
    {
        static byte[] Continuation(FrameFlags flags, params byte[] block) => Frame(FrameType.Continuation, flags, 1, block);

        var reset = Frame(FrameType.RstStream, FrameFlags.None, 1, Number(8));
        var open = Frame(FrameType.Headers, FrameFlags.EndStream, 1, Literal(":method", "GET"));
        yield return ("4.2 DATA of 16384 bytes", [.. Get(1, end: false), .. Frame(FrameType.Data, FrameFlags.None, 1, new byte[16_384])], Answer.Ignored, 0);
        yield return ("5.1 half-closed CONTINUATION", [.. Get(1), .. Continuation(FrameFlags.EndHeaders, 0x88)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("5.1 reset, then CONTINUATION", [.. Get(1, end: false), .. reset, .. Continuation(FrameFlags.EndHeaders, 0x88)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("5.1 idle PRIORITY", Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 0, 1), Answer.Ignored, 0);
        yield return ("5.1 half-closed WINDOW_UPDATE", [.. Get(1), .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(100))], Answer.Ignored, 0);
        yield return ("5.1 half-closed PRIORITY", [.. Get(1), .. Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 0, 1)], Answer.Ignored, 0);
        yield return ("5.1 half-closed RST_STREAM", [.. Get(1), .. reset], Answer.Ignored, 0);
        yield return ("6.1 padding", [.. Get(1, end: false), .. Frame(FrameType.Data, FrameFlags.Padded, 1, 2, 1, 0, 0)], Answer.Ignored, 0);
        yield return ("6.4 RST_STREAM", [.. Get(1, end: false), .. reset], Answer.Ignored, 0);
        yield return ("6.5 SETTINGS", Frame(FrameType.Settings, FrameFlags.None, 0, Setting(3, 100)), Answer.Ignored, 0);
        yield return ("6.8 GOAWAY", [.. Get(1, end: false), .. Frame(FrameType.GoAway, FrameFlags.None, 0, 0, 0, 0, 0, 0, 0, 0, 0)], Answer.Ignored, 0);
        yield return ("6.9 WINDOW_UPDATE", Frame(FrameType.WindowUpdate, FrameFlags.None, 0, Number(100)), Answer.Ignored, 0);
        yield return ("6.9 WINDOW_UPDATE on a stream", [.. Get(1, end: false), .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(100))], Answer.Ignored, 0);
        yield return ("6.9.2 overflow by SETTINGS", [.. Get(1, end: false), .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(int.MaxValue - 65_535)), .. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 65_536))], Answer.Connection, ErrorCode.FlowControlError);
        yield return ("6.10 DATA inside a block", [.. open, .. Continuation(FrameFlags.None, 0x86), .. Frame(FrameType.Data, FrameFlags.EndStream, 1, 1)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.10 CONTINUATION on another stream", [.. open, .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, 3, 0x86)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.10 CONTINUATION after the last one", [.. open, .. Continuation(FrameFlags.EndHeaders, Literal(":scheme", "http", ":path", "/", ":authority", "web")), .. Continuation(FrameFlags.EndHeaders, 0x88)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("6.10 CONTINUATION after DATA", [.. Get(1, end: false), .. Frame(FrameType.Data, FrameFlags.None, 1, 1), .. Continuation(FrameFlags.EndHeaders, 0x88)], Answer.Connection, ErrorCode.ProtocolError);
        yield return ("7 GOAWAY of an unknown kind", [.. Get(1, end: false), .. Frame(FrameType.GoAway, FrameFlags.None, 0, [0, 0, 0, 0, .. Number(0xff)])], Answer.Ignored, 0);
        yield return ("7 RST_STREAM of an unknown kind", [.. Get(1, end: false), .. Frame(FrameType.RstStream, FrameFlags.None, 1, Number(0xff))], Answer.Ignored, 0);
        yield return ("8.1.1 length too long in two frames", [.. Post("content-length", "1"), .. Frame(FrameType.Data, FrameFlags.None, 1, 1), .. Frame(FrameType.Data, FrameFlags.EndStream, 1, 2)], Answer.Stream, ErrorCode.ProtocolError);
        yield return ("8.1.1 length too short in two frames", [.. Post("content-length", "5"), .. Frame(FrameType.Data, FrameFlags.None, 1, 1), .. Frame(FrameType.Data, FrameFlags.EndStream, 1, 2)], Answer.Stream, ErrorCode.ProtocolError);
        yield return ("8.1.1 length, and trailers before its end", [.. Post("content-length", "5"), .. Frame(FrameType.Headers, Block, 1, Literal("x-a", "b"))], Answer.Stream, ErrorCode.ProtocolError);
        yield return ("8.3 pseudo-header in trailers", [.. Post(), .. Frame(FrameType.Headers, Block, 1, Literal(":method", "GET"))], Answer.Stream, ErrorCode.ProtocolError);
        foreach (var (name, block) in BadBlocks())
        {
            yield return ("HPACK " + name, Frame(FrameType.Headers, Block, 1, block), Answer.Connection, ErrorCode.CompressionError);
        }
    }

    /// <summary>RFC 7541.</summary>
    private static IEnumerable<(string Name, byte[] Block)> BadBlocks()
    {
        yield return ("2.3.3 index that is not there", [0x82, 0xff, 0x00]);
        yield return ("2.3.3 name that is not there", [0x82, 0x7f, 0x00, 1, 0x61]);
        yield return ("4.2 size update behind a field", [0x82, 0x20]);
        yield return ("5.2 padding of more than 7 bits", [0x82, 0x00, 0x81, 0x1f, 0x82, 0x1f, 0xff]);
        yield return ("5.2 padding of zeros", [0x82, 0x00, 0x81, 0x1f, 0x81, 0x18]);
        yield return ("5.2 EOS", [0x82, 0x00, 0x81, 0x1f, 0x84, 0xff, 0xff, 0xff, 0xfc]);
        yield return ("6.1 index 0", [0x82, 0x80]);
        yield return ("6.3 size over the setting", [0x3f, 0xe2, 0x1f, 0x82]);
    }

    private static byte[] Bad(params string[] fields) => Frame(FrameType.Headers, Block, 1, Literal(fields));

    /// <summary>A head that is right: it may reach the backend before its body turns out wrong.</summary>
    private static byte[] Post(params string[] more) => Frame(
        FrameType.Headers, FrameFlags.EndHeaders, 1, Literal([":method", "POST", ":scheme", "http", ":path", "/", ":authority", "web", .. more]));

    private static IEnumerable<(string Name, string[] Fields)> BadFields()
    {
        string[] good = [":method", "GET", ":scheme", "http", ":path", "/smuggled", ":authority", "web"];
        yield return ("upper case", [.. good, "X-Upper", "a"]);
        yield return ("CR LF in a value", [.. good, "x-a", "b\r\nx-smuggled: 1"]);
        yield return ("LF in a value", [.. good, "x-a", "b\nx-smuggled: 1"]);
        yield return ("NUL in a value", [.. good, "x-a", "b\0c"]);
        yield return ("space before a value", [.. good, "x-a", " b"]);
        yield return ("CR LF in a name", [.. good, "x-a: b\r\nx-b", "c"]);
        yield return ("colon in a name", [.. good, "x:a", "c"]);
        yield return ("empty name", [.. good, "", "c"]);
        yield return ("transfer-encoding", [.. good, "transfer-encoding", "chunked"]);
        yield return ("connection", [.. good, "connection", "keep-alive"]);
        yield return ("keep-alive", [.. good, "keep-alive", "timeout=5"]);
        yield return ("proxy-connection", [.. good, "proxy-connection", "close"]);
        yield return ("upgrade", [.. good, "upgrade", "h2c"]);
        yield return ("te other than trailers", [.. good, "te", "gzip"]);
        yield return ("unknown pseudo-header", [.. good, ":foo", "a"]);
        yield return ("pseudo-header of responses", [.. good, ":status", "200"]);
        yield return ("pseudo-header after a field", [":method", "GET", ":scheme", "http", ":path", "/", "x-a", "b", ":authority", "web"]);
        yield return ("no method", [":scheme", "http", ":path", "/", ":authority", "web"]);
        yield return ("no scheme", [":method", "GET", ":path", "/", ":authority", "web"]);
        yield return ("no path", [":method", "GET", ":scheme", "http", ":authority", "web"]);
        yield return ("empty path", [":method", "GET", ":scheme", "http", ":path", "", ":authority", "web"]);
        yield return ("two methods", [":method", "GET", .. good]);
        yield return ("two schemes", [":scheme", "http", .. good]);
        yield return ("two paths", [":path", "/", .. good]);
        yield return ("two authorities", [.. good, ":authority", "web"]);
        yield return ("space in the path", [":method", "GET", ":scheme", "http", ":path", "/ HTTP/1.1 smuggled", ":authority", "web"]);
        yield return ("CR LF in the path", [":method", "GET", ":scheme", "http", ":path", "/ HTTP/1.1\r\nsmuggled: 1", ":authority", "web"]);
        yield return ("CR LF in the method", [":method", "GET / HTTP/1.1\r\nsmuggled: 1\r\n", ":scheme", "http", ":path", "/", ":authority", "web"]);
        yield return ("CR LF in the authority", [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "web\r\nsmuggled: 1"]);
        yield return ("host and authority differ", [.. good, "host", "other"]);
        yield return ("two lengths", [.. good, "content-length", "0", "content-length", "1"]);
        yield return ("length that is none", [.. good, "content-length", "+1"]);
    }
}
