using System.Net.Sockets;
using Banyan.Mesh.Tests.Http2;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Banyan.Xds;
using Xunit;

namespace Banyan.Mesh.Tests.WebSocket;

/// <summary>Upgrades by extended CONNECT (RFC 8441) and what they become by HTTP/1.1, end by end.</summary>
public sealed class UpgradeTests
{
    private const string Switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n";

    [Fact]
    public async Task HalfClosesTravelBothWays()
    {
        using var listener = new RawListener();
        await using var mesh = await StartAsync(listener.Address, http2: false);
        using (var client = await OpenAsync(mesh, "early"))
        {
            using var server = await listener.AcceptAsync();
            Assert.Contains("upgrade: chat", await server.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
            await server.SendAsync(Switching + "greeting");
            Assert.Equal(200, await client.StatusAsync());
            Assert.Equal("greeting", await client.ReadAsync(8));
            await client.SendAsync("ping", end: true);
            Assert.Equal("earlyping", await server.ReadToEndAsync());
            await server.SendAsync("last words");
            server.FinishSending();
            Assert.Equal("END_STREAM", await client.EndAsync());
            Assert.Equal("last words", client.Rest());
        }

        using (var client = await OpenAsync(mesh))
        {
            using var server = await listener.AcceptAsync();
            await server.ReadUntilAsync("\r\n\r\n");
            await server.SendAsync(Switching);
            server.FinishSending();
            Assert.Equal("END_STREAM", await client.EndAsync());
            await client.SendAsync("still here", end: true);
            Assert.Equal("still here", await server.ReadToEndAsync());
        }

        await Eventually.TrueAsync(async () => await SocketMesh.MetricAsync(mesh, "banyan_upgrades_active") == 0, "both are over");
    }

    [Fact]
    public async Task ResetsTravelBothWays()
    {
        using var listener = new RawListener();
        await using var mesh = await StartAsync(listener.Address, http2: false);
        using (var client = await OpenAsync(mesh))
        {
            using var server = await listener.AcceptAsync();
            await server.ReadUntilAsync("\r\n\r\n");
            await server.SendAsync(Switching + "half a mess");
            await client.ReadAsync(11);
            server.Reset();
            Assert.Equal("RST_STREAM Cancel", await client.EndAsync());
        }

        using (var client = await OpenAsync(mesh))
        {
            using var server = await listener.AcceptAsync();
            await server.ReadUntilAsync("\r\n\r\n");
            await server.SendAsync(Switching);
            await client.StatusAsync();
            await client.ResetAsync(ErrorCode.Cancel);
            await Assert.ThrowsAsync<SocketException>(() => server.ReadUntilAsync("the end"));
        }
    }

    /// <summary>A reader that stands still holds the writer up, and neither loses a byte.</summary>
    [Fact]
    public async Task BackPressureHoldsAndNothingIsLost()
    {
        const int Size = 8_000_000;
        using var listener = new RawListener();
        await using var mesh = await StartAsync(listener.Address, http2: false);
        using var client = await OpenAsync(mesh);
        using var server = await listener.AcceptAsync();
        await server.ReadUntilAsync("\r\n\r\n");
        await server.SendAsync(Switching);
        await client.StatusAsync();
        var text = string.Create(Size, 0, static (span, _) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = (char)('a' + (i * 7919L % 25));
            }
        });
        var sending = server.SendAsync(text);
        await Eventually.TrueAsync(
            async () => await SocketMesh.MetricAsync(mesh, "banyan_upgrade_received_bytes") >= 65_535, "the window is full");
        Assert.False(sending.IsCompleted);
        Assert.Equal(65_535, await SocketMesh.MetricAsync(mesh, "banyan_upgrade_received_bytes"));
        Assert.True(text == await client.ReadAsync(Size));
        await sending;
        var receiving = server.ReadExactlyAsync(Size);
        await client.SendAsync(text, end: true);
        Assert.True(text == await receiving);
    }

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n", 502, "malformed-response")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n", 502, "malformed-response")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 502, "upgrade-ignored")]
    [InlineData("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno", 403, null)]
    [InlineData("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 2\r\n\r\nno", 426, null)]
    public async Task AnAnswerThatIsNoHandshakeOpensNothing(string answer, int status, string? error)
    {
        using var listener = new RawListener();
        await using var mesh = await StartAsync(listener.Address, http2: false);
        using var client = await TunnelPeer.UpgradeAsync(mesh.Outbound);
        using var server = await listener.AcceptAsync();
        Assert.Matches("sec-websocket-key: [A-Za-z0-9+/]{22}==\r\n", await server.ReadUntilAsync("\r\n\r\n"));
        await server.SendAsync(answer);
        Assert.Equal(status, await client.StatusAsync());
        Assert.Equal("END_STREAM", await client.EndAsync());
        Assert.Equal(error is not null, client.Head.Contains($"x-banyan-error: {error}\r\n", StringComparison.Ordinal));
        Assert.Equal(error is null, client.Rest() == "no");
    }

    [Fact]
    public async Task AServerWithoutTheSettingIsSpokenToByHttp1WhereThatIsAllowed()
    {
        using var listener = new RawListener();
        await using var mesh = await StartAsync(listener.Address, http2: null);
        for (var i = 0; i < 2; i++)
        {
            using var client = await OpenAsync(mesh);
            if (i == 0)
            {
                using var http2 = await listener.AcceptAsync();
                await http2.ReadUntilAsync("SM\r\n\r\n");
                await http2.SendAsync(FramePeer.Frame(FrameType.Settings, FrameFlags.None, 0));
                await UpgradedAsync(client, listener);
                continue;
            }

            // The first connection is gone, so its settings are asked for again; one that ends before it speaks has none.
            using (var silent = await listener.AcceptAsync())
            {
                await silent.ReadUntilAsync("SM\r\n\r\n");
            }

            await UpgradedAsync(client, listener);
        }
    }

    [Theory]
    [InlineData("GET", "dGhlIHNhbXBsZSBub25jZQ==", 502, "upgrade-unsupported")]
    [InlineData("POST", "dGhlIHNhbXBsZSBub25jZQ==", 502, "upgrade-unsupported")]
    public async Task AServerThatSpeaksHttp2AloneAndDoesNotOfferItIsAnError(string method, string key, int status, string error)
    {
        using var listener = new RawListener();
        await using var mesh = await StartAsync(listener.Address, http2: true);
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(
            $"{method} / HTTP/1.1\r\nHost: web\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {key}\r\nContent-Length: 0\r\n\r\n");
        using var server = method == "GET" ? await listener.AcceptAsync() : null;
        if (server is not null)
        {
            await server.ReadUntilAsync("SM\r\n\r\n");
            await server.SendAsync(FramePeer.Frame(FrameType.Settings, FrameFlags.None, 0));
        }

        var answer = await client.ReadResponseAsync();
        Assert.Equal((status, error), (answer.Status, answer["x-banyan-error"]));
    }

    [Theory]
    [InlineData("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 101)]
    [InlineData("Sec-WebSocket-Key: short\r\n", 400)]
    [InlineData("", 400)]
    public async Task TheKeyOfAnHttp1ClientIsAnsweredByTheProxy(string key, int status)
    {
        await using var server = await SocketServer.StartAsync("kestrel2");
        await using var mesh = await StartAsync(server.Address, http2: true);
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(
            $"GET /echo HTTP/1.1\r\nHost: web\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n{key}\r\n");
        var answer = await client.ReadResponseAsync();
        Assert.Equal(status, answer.Status);
        if (status == 101)
        {
            // The pair of RFC 6455 §1.3.
            Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer["sec-websocket-accept"]);
            Assert.Equal(("upgrade", "websocket"), (answer["connection"], answer["upgrade"]));
        }
    }

    private static async Task UpgradedAsync(TunnelPeer client, RawListener listener)
    {
        using var server = await listener.AcceptAsync();
        Assert.StartsWith("GET /chat HTTP/1.1\r\n", await server.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        await server.SendAsync(Switching + "hi");
        Assert.Equal("hi", await client.ReadAsync(2));
    }

    /// <summary>Asks for an upgrade that is not WebSocket, and may not wait for the answer.</summary>
    private static async Task<TunnelPeer> OpenAsync(TestMesh mesh, string early = "")
    {
        var client = await TunnelPeer.UpgradeAsync(mesh.Outbound, "chat");
        await client.SendAsync(early);
        return client;
    }

    private static Task<TestMesh> StartAsync(string address, bool? http2) => new TestMesh()
        .Cluster("web", false, http2, address)
        .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1)))
        .StartAsync();
}
