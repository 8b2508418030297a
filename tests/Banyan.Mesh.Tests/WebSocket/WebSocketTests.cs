using System.Net;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.WebSocket;

/// <summary>WebSocket between clients and servers that nobody here wrote, in every pair of versions, through one sidecar and two.</summary>
public sealed class WebSocketTests
{
    /// <summary>Whether the client speaks HTTP/2; the server; the sidecars between.</summary>
    public static TheoryData<bool, string, int> Pairs()
    {
        var pairs = new TheoryData<bool, string, int>();
        foreach (var server in new[] { "kestrel1", "kestrel2", "ws" })
        {
            foreach (var sidecars in new[] { 1, 2 })
            {
                pairs.Add(false, server, sidecars);
                pairs.Add(true, server, sidecars);
            }
        }

        return pairs;
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task WhatASocketCanDoArrives(bool http2, string kind, int sidecars)
    {
        await using var server = await SocketServer.StartAsync(kind);
        await using var mesh = await SocketMesh.StartAsync(server.Address, kind == "kestrel2", sidecars);
        await IsRefusedAsync(mesh, http2);
        await MessagesArriveAsync(mesh, http2);
        await TheServerSeesItsOwnVersionAsync(mesh, http2, kind);
        await PingsAreAnsweredAsync(mesh, http2, kind);
        await TheServersCloseCodeArrivesAsync(mesh, http2);
        await AClientVanishesAsync(mesh, http2);
        await TheServerDiesAsync(mesh, http2, server);
    }

    [Theory]
    [InlineData(false, "ws", 1)]
    [InlineData(true, "ws", 1)]
    [InlineData(false, "kestrel2", 1)]
    [InlineData(true, "kestrel2", 2)]
    public async Task SilenceEndsASocket(bool http2, string kind, int sidecars)
    {
        await using var server = await SocketServer.StartAsync(kind);
        await using var mesh = await SocketMesh.StartAsync(server.Address, kind == "kestrel2", sidecars, TimeSpan.FromSeconds(1));
        using var socket = await mesh.ConnectAsync("/echo", http2);
        await EchoAsync(socket);
        await Assert.ThrowsAsync<WebSocketException>(() => Eventually.WithinAsync(ReceiveAsync(socket), "the end"));
        await GoneAsync(mesh);
        var silences = await SocketMesh.MetricAsync(mesh.Caller, "banyan_idle_timeouts") + await SocketMesh.MetricAsync(mesh.Callee, "banyan_idle_timeouts");
        Assert.NotEqual(0, silences);
    }

    [Theory]
    [InlineData("kestrel1", 1)]
    [InlineData("kestrel2", 2)]
    [InlineData("ws", 2)]
    public async Task TheWsClientIsServed(string kind, int sidecars)
    {
        await using var server = await SocketServer.StartAsync(kind);
        await using var mesh = await SocketMesh.StartAsync(server.Address, kind == "kestrel2", sidecars);
        var client = await WebSocketPeers.RunClientAsync(mesh.Caller.Outbound, "web");
        Assert.Equal(
            """
            protocol chat.v2
            echoed 7 text äöü false
            pong ball
            closed 4002 bye
            closed 4001 enough
            denied 401 no-key

            """,
            client.Output);
    }

    [Fact]
    public async Task ManySocketsShareAConnection()
    {
        await using var server = await SocketServer.StartAsync("kestrel2");
        await using var mesh = await SocketMesh.StartAsync(server.Address, http2: true, sidecars: 2);
        var sockets = new List<ClientWebSocket>();
        for (var i = 0; i < 60; i++)
        {
            sockets.Add(await mesh.ConnectAsync("/echo", http2: true));
        }

        await Task.WhenAll(sockets.Select(socket => EchoAsync(socket, 100_000)));
        Assert.Equal(60, await SocketMesh.MetricAsync(mesh.Caller, "banyan_upgrades_active"));
        Assert.Equal(1, await SocketMesh.MetricAsync(mesh.Caller, "banyan_upstream_connects"));
        sockets.ForEach(socket => socket.Dispose());
        await GoneAsync(mesh);
    }

    private static async Task IsRefusedAsync(SocketMesh mesh, bool http2)
    {
        for (var i = 0; i < 2; i++)
        {
            var refused = await Assert.ThrowsAsync<RefusedException>(() => mesh.ConnectAsync("/deny", http2));
            Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
            Assert.Equal("no-key", refused["x-why"]);
        }

        Assert.Equal(0, await SocketMesh.MetricAsync(mesh.Caller, "banyan_tunnels"));
    }

    private static async Task MessagesArriveAsync(SocketMesh mesh, bool http2)
    {
        using var socket = await mesh.ConnectAsync("/echo", http2, "chat.v2");
        Assert.Equal("chat.v2", socket.SubProtocol);

        // Several megabytes each way at the same time.
        long sent = 0;
        foreach (var size in new[] { 0, 1, 125, 126, 65_535, 70_000, 4_000_000 })
        {
            await EchoAsync(socket, size);
            sent += size;
        }

        await socket.CloseAsync((WebSocketCloseStatus)4002, "bye", TestContext.Current.CancellationToken);
        Assert.Equal(4002, (int)socket.CloseStatus!);
        Assert.Equal("bye", socket.CloseStatusDescription);
        await CountedAsync(mesh, http2, sent);
    }

    private static async Task TheServerSeesItsOwnVersionAsync(SocketMesh mesh, bool http2, string kind)
    {
        using var socket = await mesh.ConnectAsync("/saw", http2);

        // HTTP/2 has no key (RFC 8441 §5).
        Assert.Equal(kind == "kestrel2" ? "2 web m 0" : "1.1 web m 24", Encoding.ASCII.GetString(await ReceiveAsync(socket)));
    }

    private static async Task PingsAreAnsweredAsync(SocketMesh mesh, bool http2, string kind)
    {
        var before = await SocketMesh.MetricAsync(mesh.Caller, "banyan_upgrade_sent_bytes");
        using var socket = await mesh.ConnectAsync("/ping", http2);
        var receiving = ReceiveAsync(socket);
        if (kind == "ws")
        {
            Assert.Equal("pong are you there", Encoding.ASCII.GetString(await receiving));
            return;
        }

        // Kestrel's pings are its own; that they are answered shows in the bytes that leave while nobody says anything.
        await Eventually.TrueAsync(
            async () => await SocketMesh.MetricAsync(mesh.Caller, "banyan_upgrade_sent_bytes") > before + 50, "pongs");
        Assert.False(receiving.IsCompleted);
        socket.Abort();
        await Assert.ThrowsAnyAsync<Exception>(() => receiving);
    }

    private static async Task TheServersCloseCodeArrivesAsync(SocketMesh mesh, bool http2)
    {
        using var socket = await mesh.ConnectAsync("/close", http2);
        await socket.SendAsync("go"u8.ToArray(), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
        Assert.Empty(await ReceiveAsync(socket));
        Assert.Equal(4001, (int)socket.CloseStatus!);
        Assert.Equal("enough", socket.CloseStatusDescription);
    }

    private static async Task AClientVanishesAsync(SocketMesh mesh, bool http2)
    {
        using var socket = await mesh.ConnectAsync("/echo", http2);
        using var other = await mesh.ConnectAsync("/echo", http2);
        await EchoAsync(socket);
        socket.Abort();
        await Eventually.TrueAsync(
            async () => await SocketMesh.MetricAsync(mesh.Callee, "banyan_upgrades_active") == 1, "one socket less");

        // What shares a connection with it lives on.
        await EchoAsync(other);
        other.Abort();
        await GoneAsync(mesh);
    }

    private static async Task TheServerDiesAsync(SocketMesh mesh, bool http2, SocketServer server)
    {
        using var socket = await mesh.ConnectAsync("/echo", http2);
        await EchoAsync(socket);
        await server.KillAsync();
        await Assert.ThrowsAsync<WebSocketException>(() => Eventually.WithinAsync(ReceiveAsync(socket), "the end"));
        socket.Dispose();
        await GoneAsync(mesh);
    }

    private static async Task EchoAsync(ClientWebSocket socket, int size = 10)
    {
        var message = RandomNumberGenerator.GetBytes(size);
        var sending = socket.SendAsync(message, WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        var echo = await ReceiveAsync(socket);
        await sending;
        Assert.Equal(SHA256.HashData(message), SHA256.HashData(echo));
    }

    private static async Task<byte[]> ReceiveAsync(ClientWebSocket socket)
    {
        using var message = new MemoryStream();
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken);
            message.Write(buffer, 0, received.Count);
            if (received.EndOfMessage)
            {
                return message.ToArray();
            }
        }
    }

    /// <summary>Recorded once on each side, with what the caller got and every byte.</summary>
    private static async Task CountedAsync(SocketMesh mesh, bool http2, long bytes)
    {
        await GoneAsync(mesh);
        foreach (var sidecar in new[] { mesh.Caller, mesh.Callee }.Distinct())
        {
            Assert.Equal(1, await SocketMesh.MetricAsync(sidecar, "banyan_tunnels"));
            Assert.InRange(await SocketMesh.MetricAsync(sidecar, "banyan_upgrade_sent_bytes"), bytes, bytes + (bytes / 50));
            Assert.InRange(await SocketMesh.MetricAsync(sidecar, "banyan_upgrade_received_bytes"), bytes, bytes + (bytes / 50));
        }

        using var admin = UnixSocketClient.Create(mesh.Caller.AdminSocket);
        var metrics = await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        var counts = metrics.Split('\n').Where(line => line.StartsWith("http_client_request_duration_seconds_count", StringComparison.Ordinal)).ToArray();
        var count = Assert.Single(counts, line => line.Contains($"http_response_status_code=\"{(http2 ? 200 : 101)}\"", StringComparison.Ordinal));
        Assert.EndsWith(" 1", count, StringComparison.Ordinal);
    }

    private static Task GoneAsync(SocketMesh mesh) => Eventually.TrueAsync(
        async () => await SocketMesh.MetricAsync(mesh.Caller, "banyan_upgrades_active") == 0
            && await SocketMesh.MetricAsync(mesh.Callee, "banyan_upgrades_active") == 0,
        "no upgraded connection");
}
