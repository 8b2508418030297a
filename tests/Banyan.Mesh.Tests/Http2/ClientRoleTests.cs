using System.Globalization;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Banyan.Xds;
using Xunit;
using static Banyan.Mesh.Tests.Http2.FramePeer;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>What the client's role answers to servers that break RFC 9113: the caller hears 502, the server why, and everybody
/// else is served.</summary>
public sealed class ClientRoleTests
{
    private const string Good = "200";

    [Fact]
    public async Task EveryRuleIsKept()
    {
        var answer = default(byte[]);
        var hold = default(ServerRequest);
        var last = 0;
        using var server = new FrameServer(request =>
        {
            last = request.Connection;
            switch (request.Path)
            {
                case "/hold":
                    hold = request;
                    return [];
                case "/case" when answer is not null:
                    var bytes = ServerCases.At(request.Stream, answer);
                    answer = null;
                    return bytes;
                default:
                    return Ok(request.Stream);
            }
        });
        await using var mesh = await StartAsync(server);
        var failures = new List<string>();
        foreach (var rule in ServerCases.All())
        {
            answer = rule.Answer;
            hold = null;
            using var client = await ConnectAsync(mesh.Outbound);
            var streams = new StreamOutcomes(client);
            await client.SendAsync([.. Get(1, path: "/hold"), .. Get(3, path: "/case")]);
            var seen = await streams.OfAsync(3);
            await Eventually.TrueAsync(() => hold is not null, "the request that waits is there");
            var first = hold!.Connection;
            var told = rule.Answers == Told.Nothing ? "nothing" : await ToldAsync(server, first, rule.Answers);
            if (rule.Answers != Told.Connection)
            {
                await hold.Peer.SendAsync(Ok(hold.Stream));
            }

            var other = await streams.OfAsync(1);
            await client.SendAsync(Get(5, path: "/good"));
            var next = await streams.OfAsync(5);
            var fresh = last != first;
            var wanted = (rule.Caller, rule.Answers == Told.Nothing ? "nothing" : rule.Code.ToString(), rule.Answers == Told.Connection ? "502" : Good, Good);
            if ((Shape(seen, rule.Caller), told, other, next) != wanted || (rule.Answers == Told.Connection && !fresh))
            {
                failures.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{rule.Name}: caller {seen}, server told {told}, other {other}, next {next} {(fresh ? "elsewhere" : "there")}; wanted {wanted}"));
            }
        }

        Assert.Empty(failures);
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        var metrics = await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Matches("banyan_http2_errors_total [1-9][0-9]+", metrics);
        Assert.Matches("banyan_malformed_responses_total [1-9][0-9]+", metrics);
    }

    public static TheoryData<string> Greetings() =>
    [
        "no settings", "settings acknowledged first", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n",
    ];

    [Theory]
    [MemberData(nameof(Greetings))]
    public async Task AServerThatBeginsWrongIsNoServer(string text)
    {
        using var server = new FrameServer(_ => [], text switch
        {
            "no settings" => Frame(FrameType.Ping, FrameFlags.None, 0, 1, 2, 3, 4, 5, 6, 7, 8),
            "settings acknowledged first" => Frame(FrameType.Settings, FrameFlags.Ack, 0),
            _ => System.Text.Encoding.ASCII.GetBytes(text),
        });
        await using var mesh = await StartAsync(server);
        for (var i = 0; i < 2; i++)
        {
            using var client = await ConnectAsync(mesh.Outbound);
            await client.SendAsync(Get(1));
            var streams = new StreamOutcomes(client);
            Assert.Equal("502", await streams.OfAsync(1));
            Assert.Contains("x-banyan-error: malformed-response\r\n", streams.Head(1), StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, int> Floods() => new()
    {
        { "ping", 3_000 },
        { "ping ack", 3_000 },
        { "settings", 1_000 },
        { "settings ack", 3_000 },
        { "empty data", 3_000 },
        { "continuation", 200 },
        { "priority", 20_000 },
        { "unknown", 3_000 },
        { "window of one", 3_000 },
        { "window of one on the stream", 3_000 },
        { "reset", 3_000 },
        { "goaway", 3_000 },
        { "interim", 3_000 },
    };

    [Theory]
    [MemberData(nameof(Floods))]
    public async Task AFloodIsCutOff(string kind, int count)
    {
        using var server = new FrameServer(request => request.Path == "/flood" ? Flood(kind, count, request.Stream) : Ok(request.Stream));
        await using var mesh = await StartAsync(server);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        await client.SendAsync(Get(1, path: "/flood"));
        await Eventually.TrueAsync(() => server.EndOf(1, goAway: true) is not null, "the server is told");
        Assert.Equal(ErrorCode.EnhanceYourCalm, server.EndOf(1, goAway: true));
        Assert.Matches("^(502|503|200 reset .*|103 reset .*)$", await streams.OfAsync(1));

        // Everybody else is served, on another connection.
        await client.SendAsync(Get(3));
        Assert.Equal(Good, await streams.OfAsync(3));
        Assert.Equal(2, server.Connections);
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        Assert.Contains(
            "banyan_http2_floods_total 1",
            await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    /// <summary>GOAWAY names the last request that was taken up: what came after it goes to another connection.</summary>
    [Theory]
    [InlineData(ErrorCode.NoError)]
    [InlineData(ErrorCode.EnhanceYourCalm)]
    [InlineData((ErrorCode)0x1234)]
    public async Task WhatAGoingServerDidNotTakeUpIsSentAgain(ErrorCode code)
    {
        var first = default(ServerRequest);
        using var server = new FrameServer(request =>
        {
            if (request is { Connection: 1, Path: "/first" })
            {
                first = request;
                return [];
            }

            return request.Connection == 1
                ? Frame(FrameType.GoAway, FrameFlags.None, 0, [.. Number((uint)first!.Stream), .. Number((uint)code)])
                : Ok(request.Stream, "again");
        });
        await using var mesh = await StartAsync(server);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        await client.SendAsync([.. Get(1, path: "/first"), .. Get(3, path: "/second")]);
        Assert.Equal(Good, await streams.OfAsync(3));
        Assert.Equal("again", streams.Body(3));
        await first!.Peer.SendAsync(Ok(first.Stream, "taken up"));
        Assert.Equal(Good, await streams.OfAsync(1));
        Assert.Equal("taken up", streams.Body(1));
        Assert.Equal(2, server.Connections);
    }

    /// <summary>Kestrel refuses streams so while it still clears away others; what is under way there goes on.</summary>
    [Fact]
    public async Task AConnectionWhoseServerAsksForCalmTakesNoFurtherRequests()
    {
        var first = default(ServerRequest);
        using var server = new FrameServer(request =>
        {
            if (request.Path == "/first")
            {
                first = request;
                return [];
            }

            return request.Path == "/calm"
                ? Frame(FrameType.RstStream, FrameFlags.None, request.Stream, Number((uint)ErrorCode.EnhanceYourCalm))
                : Ok(request.Stream, $"connection {request.Connection}");
        });
        await using var mesh = await StartAsync(server);
        using var client = await ConnectAsync(mesh.Outbound);
        var streams = new StreamOutcomes(client);
        await client.SendAsync([.. Get(1, path: "/first"), .. Get(3, path: "/before"), .. Get(5, path: "/calm")]);
        Assert.Equal("503", await streams.OfAsync(5));
        await client.SendAsync(Get(7, path: "/next"));
        Assert.Equal(Good, await streams.OfAsync(7));
        Assert.Equal(("connection 1", "connection 2"), (streams.Body(3), streams.Body(7)));
        await first!.Peer.SendAsync(Ok(first.Stream, "taken up"));
        Assert.Equal(Good, await streams.OfAsync(1));
        Assert.Equal("taken up", streams.Body(1));
    }

    [Fact]
    public async Task AServerThatSendsMoreThanItMayHearsIt()
    {
        using var server = new FrameServer(request => request.Path == "/good" ? Ok(request.Stream) :
        [
            .. Frame(FrameType.Headers, FrameFlags.EndHeaders, request.Stream, Literal(":status", "200")),
            .. Enumerable.Range(0, 4).SelectMany(_ => Frame(FrameType.Data, FrameFlags.None, request.Stream, new byte[16_384])),
            .. Frame(FrameType.Data, FrameFlags.None, request.Stream, 1),
        ]);
        await using var mesh = await StartAsync(server);

        // The client takes nothing, so that no credit goes back.
        using var client = await ConnectAsync(mesh.Outbound);
        await client.SendAsync([.. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 0)), .. Get(1)]);
        await Eventually.TrueAsync(() => server.EndOf(1, goAway: false) is not null, "the server is told");
        Assert.Equal(ErrorCode.FlowControlError, server.EndOf(1, goAway: false));
        await client.SendAsync(
        [
            .. Frame(FrameType.Settings, FrameFlags.None, 0, Setting(4, 65_535)),
            .. Frame(FrameType.WindowUpdate, FrameFlags.None, 0, Number(1_000_000)),
            .. Get(3, path: "/good"),
        ]);
        Assert.Equal(Good, await new StreamOutcomes(client).OfAsync(3));
        Assert.Equal(1, server.Connections);
    }

    private static Task<TestMesh> StartAsync(FrameServer server) => new TestMesh().Cluster("web", false, true, server.Address)
        .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();

    /// <summary>A head that was passed on cannot be taken back: then the stream is reset.</summary>
    private static string Shape(string seen, string wanted) =>
        wanted == ServerCases.Broken && (seen == "502" || seen.StartsWith("200 reset ", StringComparison.Ordinal)) ? wanted : seen;

    private static async Task<string> ToldAsync(FrameServer server, int connection, Told told)
    {
        var end = default(ErrorCode?);
        await Eventually.TrueAsync(
            () => (end = server.EndOf(connection, told == Told.Connection)) is not null || server.EndOf(connection, true) is not null,
            "the server is told");
        return end?.ToString() ?? $"GOAWAY {server.EndOf(connection, true)}";
    }

    private static byte[] Flood(string kind, int count, int stream)
    {
        var flood = new MemoryStream();
        if (kind is "empty data" or "window of one on the stream")
        {
            flood.Write(Frame(FrameType.Headers, FrameFlags.EndHeaders, stream, Literal(":status", "200")));
        }
        else if (kind is "continuation")
        {
            flood.Write(Frame(FrameType.Headers, FrameFlags.None, stream, Literal(":status", "200")));
        }

        var one = kind switch
        {
            "ping" => Frame(FrameType.Ping, FrameFlags.None, 0, 1, 2, 3, 4, 5, 6, 7, 8),
            "ping ack" => Frame(FrameType.Ping, FrameFlags.Ack, 0, 1, 2, 3, 4, 5, 6, 7, 8),
            "settings" => Frame(FrameType.Settings, FrameFlags.None, 0),
            "settings ack" => Frame(FrameType.Settings, FrameFlags.Ack, 0),
            "empty data" => Frame(FrameType.Data, FrameFlags.None, stream),
            "continuation" => Frame(FrameType.Continuation, FrameFlags.None, stream),
            "priority" => Frame(FrameType.Priority, FrameFlags.None, stream, 0, 0, 0, 0, 16),
            "unknown" => Frame((FrameType)0x16, FrameFlags.None, 0),
            "window of one" => Frame(FrameType.WindowUpdate, FrameFlags.None, 0, Number(1)),
            "window of one on the stream" => Frame(FrameType.WindowUpdate, FrameFlags.None, stream, Number(1)),
            "reset" => Frame(FrameType.RstStream, FrameFlags.None, stream, Number(8)),
            "goaway" => Frame(FrameType.GoAway, FrameFlags.None, 0, [.. Number(int.MaxValue), .. Number(0)]),
            _ => Frame(FrameType.Headers, FrameFlags.EndHeaders, stream, Literal(":status", "103", "link", "</a>")),
        };
        for (var i = 0; i < count; i++)
        {
            flood.Write(one);
        }

        return flood.ToArray();
    }
}
