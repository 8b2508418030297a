using System.Text;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Banyan.Xds;
using Xunit;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Every case that the h2spec project lists has one of ours; those that are about what is right stand here.</summary>
public sealed class SpecListTests
{
    private const FrameFlags Block = FrameFlags.EndHeaders | FrameFlags.EndStream;

    /// <summary>The key of a case as <c>h2spec KEY</c> runs it, and the name of ours.</summary>
    private static readonly (string Key, string Ours)[] List =
    [
        ("generic/1/1", "3.4 preface"),
        ("generic/2/1", "5.1 idle PRIORITY"),
        ("generic/2/2", "5.1 half-closed WINDOW_UPDATE"),
        ("generic/2/3", "5.1 half-closed PRIORITY"),
        ("generic/2/4", "5.1 half-closed RST_STREAM"),
        ("generic/2/5", "closed PRIORITY"),
        ("generic/3.1/1", "body of one frame"),
        ("generic/3.1/2", "body of two frames"),
        ("generic/3.1/3", "padded body"),
        ("generic/3.2/1", "nothing but a head"),
        ("generic/3.2/2", "padded head"),
        ("generic/3.2/3", "head with a priority"),
        ("generic/3.3/1", "PRIORITY of 1"),
        ("generic/3.3/2", "PRIORITY of 256"),
        ("generic/3.3/3", "PRIORITY that depends"),
        ("generic/3.3/4", "PRIORITY that is exclusive"),
        ("generic/3.3/5", "PRIORITY of a later stream"),
        ("generic/3.4/1", "6.4 RST_STREAM"),
        ("generic/3.5/1", "6.5 SETTINGS"),
        ("generic/3.7/1", "4.1 unknown flags"),
        ("generic/3.8/1", "6.8 GOAWAY"),
        ("generic/3.9/1", "6.9 WINDOW_UPDATE"),
        ("generic/3.9/2", "6.9 WINDOW_UPDATE on a stream"),
        ("generic/3.10/1", "one CONTINUATION"),
        ("generic/3.10/2", "two CONTINUATIONs"),
        ("generic/4/1", "nothing but a head"),
        ("generic/4/2", "HEAD"),
        ("generic/4/3", "body of one frame"),
        ("generic/4/4", "body and trailers"),
        ("generic/5/1", "field 82"),
        ("generic/5/2", "field 7a 01 61"),
        ("generic/5/3", "field 7a 81 1f"),
        ("generic/5/4", "field 40 01 61 01 61"),
        ("generic/5/5", "field 40 81 1f 81 1f"),
        ("generic/5/6", "field 0f 2b 01 61"),
        ("generic/5/7", "field 0f 2b 81 1f"),
        ("generic/5/8", "field 00 01 61 01 61"),
        ("generic/5/9", "field 00 81 1f 81 1f"),
        ("generic/5/10", "field 1f 2b 01 61"),
        ("generic/5/11", "field 1f 2b 81 1f"),
        ("generic/5/12", "field 10 01 61 01 61"),
        ("generic/5/13", "field 10 81 1f 81 1f"),
        ("generic/5/14", "table of 0"),
        ("generic/5/15", "table of 0, then 4096"),
        ("http2/3.5/1", "3.4 preface"),
        ("http2/3.5/2", nameof(FrameRuleTests.AConnectionThatBeginsWrongEnds)),
        ("http2/4.1/1", "4.1 unknown type"),
        ("http2/4.1/2", "4.1 unknown flags"),
        ("http2/4.1/3", "reserved bit"),
        ("http2/4.2/1", "4.2 DATA of 16384 bytes"),
        ("http2/4.2/2", "4.2 DATA too large"),
        ("http2/4.2/3", "4.2 HEADERS too large"),
        ("http2/4.3/1", "4.3 bad block"),
        ("http2/4.3/2", "4.3 PRIORITY inside a block"),
        ("http2/4.3/3", "4.3 other HEADERS inside a block"),
        ("http2/5.1/1", "5.1 idle DATA"),
        ("http2/5.1/2", "5.1 idle RST_STREAM"),
        ("http2/5.1/3", "5.1 idle WINDOW_UPDATE"),
        ("http2/5.1/4", "5.1 idle CONTINUATION"),
        ("http2/5.1/5", "5.1 half-closed DATA"),
        ("http2/5.1/6", "5.1 half-closed HEADERS"),
        ("http2/5.1/7", "5.1 half-closed CONTINUATION"),
        ("http2/5.1/8", "5.1 reset, then DATA"),
        ("http2/5.1/9", "5.1 reset, then HEADERS"),
        ("http2/5.1/10", "5.1 reset, then CONTINUATION"),
        ("http2/5.1/11", "closed DATA"),
        ("http2/5.1/12", "closed HEADERS"),
        ("http2/5.1/13", "closed CONTINUATION"),
        ("http2/5.1.1/1", "5.1.1 even stream"),
        ("http2/5.1.1/2", "5.1.1 lower stream"),
        ("http2/5.1.2/1", nameof(FrameRuleTests.MoreStreamsThanAllowedAreRefused)),
        ("http2/5.3.1/1", "5.3.1 HEADERS depends on itself"),
        ("http2/5.3.1/2", "5.3.1 PRIORITY depends on itself"),
        ("http2/5.4.1/1", "6.7 PING short"),
        ("http2/5.4.1/2", "6.7 PING short"),
        ("http2/5.5/1", "4.1 unknown type"),
        ("http2/5.5/2", "5.5 unknown frame inside a block"),
        ("http2/6.1/1", "6.1 DATA on 0"),
        ("http2/6.1/2", "closed DATA"),
        ("http2/6.1/3", "6.1 padding of all"),
        ("http2/6.2/1", "4.3 PRIORITY inside a block"),
        ("http2/6.2/2", "4.3 other HEADERS inside a block"),
        ("http2/6.2/3", "6.2 HEADERS on 0"),
        ("http2/6.2/4", "6.2 padding of all"),
        ("http2/6.3/1", "6.3 PRIORITY on 0"),
        ("http2/6.3/2", "6.3 PRIORITY short"),
        ("http2/6.4/1", "6.4 RST_STREAM on 0"),
        ("http2/6.4/2", "5.1 idle RST_STREAM"),
        ("http2/6.4/3", "6.4 RST_STREAM short"),
        ("http2/6.5/1", "6.5 SETTINGS ack with content"),
        ("http2/6.5/2", "6.5 SETTINGS on a stream"),
        ("http2/6.5/3", "6.5 SETTINGS odd length"),
        ("http2/6.5.2/1", "6.5.2 ENABLE_PUSH 2"),
        ("http2/6.5.2/2", "6.5.2 window too large"),
        ("http2/6.5.2/3", "6.5.2 frame size too small"),
        ("http2/6.5.2/4", "6.5.2 frame size too large"),
        ("http2/6.5.2/5", "6.5.2 unknown setting"),
        ("http2/6.5.3/1", nameof(TheLastWindowOfSettingsCounts)),
        ("http2/6.5.3/2", nameof(SettingsAreAcknowledged)),
        ("http2/6.7/1", nameof(PingsAreAnsweredWithTheSame)),
        ("http2/6.7/2", "6.7 PING ack"),
        ("http2/6.7/3", "6.7 PING on a stream"),
        ("http2/6.7/4", "6.7 PING short"),
        ("http2/6.8/1", "6.8 GOAWAY on a stream"),
        ("http2/6.9/1", "6.9 WINDOW_UPDATE of 0"),
        ("http2/6.9/2", "6.9 WINDOW_UPDATE of 0 on a stream"),
        ("http2/6.9/3", "6.9 WINDOW_UPDATE short"),
        ("http2/6.9.1/1", nameof(NoMoreIsSentThanTheWindowTakes)),
        ("http2/6.9.1/2", "6.9.1 window overflow"),
        ("http2/6.9.1/3", "6.9.1 window overflow of a stream"),
        ("http2/6.9.2/1", nameof(AWindowThatOpensLaterIsUsed)),
        ("http2/6.9.2/2", nameof(AWindowBelowZeroFirstComesBack)),
        ("http2/6.9.2/3", "6.5.2 window too large"),
        ("http2/6.10/1", "two CONTINUATIONs"),
        ("http2/6.10/2", "6.10 DATA inside a block"),
        ("http2/6.10/3", "6.10 CONTINUATION on 0"),
        ("http2/6.10/4", "6.10 CONTINUATION after the end of a block"),
        ("http2/6.10/5", "6.10 CONTINUATION after the last one"),
        ("http2/6.10/6", "6.10 CONTINUATION after DATA"),
        ("http2/7/1", "7 GOAWAY of an unknown kind"),
        ("http2/7/2", "7 RST_STREAM of an unknown kind"),
        ("http2/8.1/1", "8.1 second HEADERS without END_STREAM"),
        ("http2/8.1.2/1", "8.2/8.3 upper case"),
        ("http2/8.1.2.1/1", "8.2/8.3 unknown pseudo-header"),
        ("http2/8.1.2.1/2", "8.2/8.3 pseudo-header of responses"),
        ("http2/8.1.2.1/3", "8.3 pseudo-header in trailers"),
        ("http2/8.1.2.1/4", "8.2/8.3 pseudo-header after a field"),
        ("http2/8.1.2.2/1", "8.2/8.3 connection"),
        ("http2/8.1.2.2/2", "8.2/8.3 te other than trailers"),
        ("http2/8.1.2.3/1", "8.2/8.3 empty path"),
        ("http2/8.1.2.3/2", "8.2/8.3 no method"),
        ("http2/8.1.2.3/3", "8.2/8.3 no scheme"),
        ("http2/8.1.2.3/4", "8.2/8.3 no path"),
        ("http2/8.1.2.3/5", "8.2/8.3 two methods"),
        ("http2/8.1.2.3/6", "8.2/8.3 two schemes"),
        ("http2/8.1.2.3/7", "8.2/8.3 two paths"),
        ("http2/8.1.2.6/1", "8.1.1 length too long"),
        ("http2/8.1.2.6/2", "8.1.1 length too long in two frames"),
        ("http2/8.2/1", "6.6 PUSH_PROMISE"),
        ("hpack/2.3.3/1", "HPACK 2.3.3 index that is not there"),
        ("hpack/2.3.3/2", "HPACK 2.3.3 name that is not there"),
        ("hpack/4.2/1", "HPACK 4.2 size update behind a field"),
        ("hpack/5.2/1", "HPACK 5.2 padding of more than 7 bits"),
        ("hpack/5.2/2", "HPACK 5.2 padding of zeros"),
        ("hpack/5.2/3", "HPACK 5.2 EOS"),
        ("hpack/6.1/1", "HPACK 6.1 index 0"),
        ("hpack/6.3/1", "HPACK 6.3 size over the setting"),
    ];

    /// <summary>What is right.</summary>
    internal static IEnumerable<byte[]> Conversations => Right().Select(row => row.Frames);

    [Fact]
    public void EveryCaseHasOneOfOurs()
    {
        var methods = new[] { typeof(SpecListTests), typeof(FrameRuleTests) }.SelectMany(type => type.GetMethods()).Select(method => method.Name);
        var ours = FrameRuleTests.Names.Concat(Right().Select(row => row.Name)).Concat(Closed().Select(row => row.Name)).Concat(methods).ToHashSet();
        Assert.DoesNotContain(List, row => !ours.Contains(row.Ours));
        Assert.Equal(List.Length, List.DistinctBy(row => row.Key).Count());
        Assert.Equal(147, List.Length);
    }

    [Fact]
    public async Task WhatIsRightIsServed()
    {
        await using var backend = new TestBackend(request => new Reply { Body = request.Body });
        await using var mesh = await StartAsync(backend);
        var failures = new List<string>();
        foreach (var (name, frames, body) in Right())
        {
            using var client = await ConnectAsync(mesh.Outbound);
            await client.SendAsync(frames);
            var streams = new StreamOutcomes(client);
            var seen = await streams.OfAsync(1);
            if (seen != "200" || streams.Body(1) != body)
            {
                failures.Add($"{name}: {seen} {streams.Body(1)}");
            }
        }

        Assert.Empty(failures);
    }

    [Fact]
    public async Task WhatComesAfterTheEndIsAnError()
    {
        await using var backend = new TestBackend();
        await using var mesh = await StartAsync(backend);
        foreach (var (name, frames, code) in Closed())
        {
            using var client = await ConnectAsync(mesh.Outbound);
            await client.SendAsync(Get(1));
            Assert.Equal("200", await new StreamOutcomes(client).OfAsync(1));
            await client.SendAsync([.. frames, .. Frame(FrameType.Ping, FrameFlags.None, 0, 9, 9, 9, 9, 9, 9, 9, 9)]);
            var end = await client.FindAsync(header =>
                header.Type is FrameType.GoAway or FrameType.RstStream || (header.Type == FrameType.Ping && (header.Flags & FrameFlags.Ack) != 0));
            var seen = end?.Header.Type switch
            {
                FrameType.GoAway => CodeOf(end.Value.Payload.AsSpan(4)),
                FrameType.RstStream => CodeOf(end.Value.Payload),
                _ => ErrorCode.NoError,
            };
            Assert.True(seen == code, $"{name}: {seen}");
        }
    }

    [Fact]
    public async Task PingsAreAnsweredWithTheSame()
    {
        await using var backend = new TestBackend();
        await using var mesh = await StartAsync(backend);
        using var client = await ConnectAsync(mesh.Outbound);
        await client.SendAsync(Frame(FrameType.Ping, FrameFlags.None, 0, 8, 7, 6, 5, 4, 3, 2, 1));
        var pong = await client.FindAsync(header => header.Type == FrameType.Ping);
        Assert.Equal(FrameFlags.Ack, pong!.Value.Header.Flags);
        Assert.Equal([8, 7, 6, 5, 4, 3, 2, 1], pong.Value.Payload);
    }

    [Fact]
    public async Task SettingsAreAcknowledged()
    {
        await using var backend = new TestBackend();
        await using var mesh = await StartAsync(backend);
        using var client = await ConnectAsync(mesh.Outbound);
        for (var i = 0; i < 3; i++)
        {
            var ack = await client.FindAsync(header => header.Type == FrameType.Settings && (header.Flags & FrameFlags.Ack) != 0);
            Assert.Empty(ack!.Value.Payload);
            await client.SendAsync(Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 1)));
        }
    }

    [Fact]
    public Task NoMoreIsSentThanTheWindowTakes() => DataOfAsync([1, 1], Setting(4, 1), Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(1)));

    [Fact]
    public Task TheLastWindowOfSettingsCounts() =>
        DataOfAsync([1], [.. Setting(4, 100), .. Setting(4, 1)], []);

    [Fact]
    public Task AWindowThatOpensLaterIsUsed() => DataOfAsync([1], Setting(4, 0), Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 1)));

    /// <summary>3 bytes sent, a window of 2 less than nothing; 3 more make one.</summary>
    [Fact]
    public Task AWindowBelowZeroFirstComesBack() => DataOfAsync(
        [3, 1],
        Setting(4, 3),
        [
            .. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 1)),
            .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(2)),
            .. Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(1)),
        ]);

    /// <summary>Asks for a body of ten bytes: lengths of its frames up to the answer to a PING that comes after.</summary>
    private static async Task DataOfAsync(int[] lengths, byte[] settings, byte[] later)
    {
        await using var backend = new TestBackend(_ => Reply.Ok("0123456789"));
        await using var mesh = await StartAsync(backend);
        using var client = await ConnectAsync(mesh.Outbound);
        await client.SendAsync([.. Frame(FrameType.Settings, FrameFlags.None, 0, settings), .. Get(1)]);
        Assert.NotNull(await client.FindAsync(header => header.Type == FrameType.Headers));
        var seen = new List<int>();
        while (seen.Sum() < (later.Length == 0 || lengths.Length > 1 ? lengths[0] : 0))
        {
            seen.Add((await client.FindAsync(header => header.Type == FrameType.Data))!.Value.Payload.Length);
        }

        await client.SendAsync(later);
        while (seen.Sum() < lengths.Sum())
        {
            seen.Add((await client.FindAsync(header => header.Type == FrameType.Data))!.Value.Payload.Length);
        }

        for (var i = 0; i < 2; i++)
        {
            await client.SendAsync(Frame(FrameType.Ping, FrameFlags.None, 0, 9, 9, 9, 9, 9, 9, 9, 9));
            var next = await client.FindAsync(header => header.Type is FrameType.Ping or FrameType.Data);
            Assert.Equal(FrameType.Ping, next!.Value.Header.Type);
        }

        Assert.Equal(lengths, seen);
    }

    private static Task<TestMesh> StartAsync(TestBackend backend) => new TestMesh().Cluster("web", false, false, backend.Address)
        .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();

    private static IEnumerable<(string Name, byte[] Frames, ErrorCode Code)> Closed()
    {
        yield return ("closed DATA", Frame(FrameType.Data, FrameFlags.EndStream, 1, 1), ErrorCode.StreamClosed);
        yield return ("closed HEADERS", Get(1), ErrorCode.StreamClosed);
        yield return ("closed CONTINUATION", Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1, 0x88), ErrorCode.ProtocolError);
        yield return ("closed PRIORITY", Frame(FrameType.Priority, FrameFlags.None, 1, 0, 0, 0, 0, 1), ErrorCode.NoError);
        yield return ("closed WINDOW_UPDATE", Frame(FrameType.WindowUpdate, FrameFlags.None, 1, Number(100)), ErrorCode.NoError);
        yield return ("closed RST_STREAM", Frame(FrameType.RstStream, FrameFlags.None, 1, Number(8)), ErrorCode.NoError);
    }

    /// <summary>Requests on stream 1 and the body that comes back.</summary>
    private static IEnumerable<(string Name, byte[] Frames, string Body)> Right()
    {
        static byte[] Data(FrameFlags flags, string text) => Frame(FrameType.Data, flags, 1, Encoding.Latin1.GetBytes(text));
        static byte[] Priority(int stream, uint parent, byte weight) => Frame(FrameType.Priority, FrameFlags.None, stream, [.. Number(parent), weight]);

        var fields = Literal(":method", "GET", ":scheme", "http", ":path", "/", ":authority", "web");
        var post = Get(1, end: false);
        var reserved = Get(1);
        reserved[5] |= 0x80;
        yield return ("3.4 preface", Get(1), "");
        yield return ("nothing but a head", Get(1), "");
        yield return ("reserved bit", reserved, "");
        yield return ("HEAD", Frame(FrameType.Headers, Block, 1, Literal(":method", "HEAD", ":scheme", "http", ":path", "/", ":authority", "web")), "");
        yield return ("padded head", Frame(FrameType.Headers, Block | FrameFlags.Padded, 1, [2, .. fields, 0, 0]), "");
        yield return ("head with a priority", Frame(FrameType.Headers, Block | FrameFlags.Priority, 1, [0x80, 0, 0, 3, 16, .. fields]), "");
        yield return ("body of one frame", [.. post, .. Data(FrameFlags.EndStream, "abc")], "abc");
        yield return ("body of two frames", [.. post, .. Data(FrameFlags.None, "abc"), .. Data(FrameFlags.EndStream, "def")], "abcdef");
        yield return ("padded body", [.. post, .. Data(FrameFlags.EndStream | FrameFlags.Padded, "\u0002abc\0\0")], "abc");
        yield return ("body and trailers", [.. post, .. Data(FrameFlags.None, "abc"), .. Frame(FrameType.Headers, Block, 1, Literal("x-a", "b"))], "abc");
        yield return ("PRIORITY of 1", [.. Priority(1, 0, 0), .. Get(1)], "");
        yield return ("PRIORITY of 256", [.. Priority(1, 0, 255), .. Get(1)], "");
        yield return ("PRIORITY that depends", [.. Priority(1, 0, 9), .. Priority(3, 1, 9), .. Get(1)], "");
        yield return ("PRIORITY that is exclusive", [.. Priority(1, 0, 9), .. Priority(3, 0x8000_0001, 9), .. Get(1)], "");
        yield return ("PRIORITY of a later stream", [.. Priority(5, 0, 9), .. Get(1)], "");
        yield return ("one CONTINUATION", [.. Frame(FrameType.Headers, FrameFlags.EndStream, 1, fields[..5]), .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1, fields[5..])], "");
        yield return ("two CONTINUATIONs", [.. Frame(FrameType.Headers, FrameFlags.EndStream, 1), .. Frame(FrameType.Continuation, FrameFlags.None, 1, fields[..5]), .. Frame(FrameType.Continuation, FrameFlags.EndHeaders, 1, fields[5..])], "");
        yield return ("field 82", Frame(FrameType.Headers, Block, 1, [0x82, 0x86, 0x84, 0x41, 3, (byte)'w', (byte)'e', (byte)'b']), "");

        // 0x3a and 0x0f 0x2b are user-agent by its index, 0x1f is a in Huffman code.
        foreach (var field in new[]
        {
            "7a 01 61", "7a 81 1f", "40 01 61 01 61", "40 81 1f 81 1f", "0f 2b 01 61", "0f 2b 81 1f", "00 01 61 01 61",
            "00 81 1f 81 1f", "1f 2b 01 61", "1f 2b 81 1f", "10 01 61 01 61", "10 81 1f 81 1f",
        })
        {
            yield return ($"field {field}", Frame(FrameType.Headers, Block, 1, [.. fields, .. Convert.FromHexString(field.Replace(" ", "", StringComparison.Ordinal))]), "");
        }

        yield return ("table of 0", Frame(FrameType.Headers, Block, 1, [0x20, .. fields]), "");
        yield return ("table of 0, then 4096", Frame(FrameType.Headers, Block, 1, [0x20, 0x3f, 0xe1, 0x1f, .. fields]), "");
    }
}
