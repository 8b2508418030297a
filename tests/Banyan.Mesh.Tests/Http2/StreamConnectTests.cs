using System.Net.Sockets;
using System.Text;
using Banyan.Mesh.Tests.Support;
using Banyan.Mesh.Tests.WebSocket;
using Banyan.Testing;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>CONNECT on a stream: what is inside is detected, routed and relayed as inside CONNECT of HTTP/1.1.</summary>
public sealed class StreamConnectTests : IDisposable
{
    private readonly RawListener _listener = new();

    public void Dispose() => _listener.Dispose();

    [Fact]
    public async Task RequestsInsideAreRequests()
    {
        await using var mesh = await new TestMesh().Service("web", _listener.Address).StartAsync();
        using var client = await ConnectAsync(mesh, "web:80");
        Assert.Equal(200, await client.StatusAsync());
        RawConnection? server = null;
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"GET /{i} HTTP/1.1\r\nHost: other\r\n\r\n");
            server ??= await _listener.AcceptAsync();
            var request = await server.ReadRequestAsync();
            Assert.NotNull(request["traceparent"]);
            Assert.Equal("other", request["host"]);
            await server.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n{i}");
            Assert.EndsWith($"\r\n\r\n{i}", await client.ReadUntilAsync($"\r\n\r\n{i}"), StringComparison.Ordinal);
        }

        await client.SendAsync("", end: true);
        Assert.Equal("END_STREAM", await client.EndAsync());
        server!.Dispose();
    }

    [Fact]
    public async Task Http2InsideIsHttp2()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        await using var mesh = await new TestMesh().Cluster("web", false, true, server.Address)
            .Routes("web", TestMesh.Forward(new Xds.RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        using var client = await ConnectAsync(mesh, "web:80");
        await client.SendAsync((byte[])[.. Preface.Bytes, .. FramePeer.Frame(FrameType.Settings, FrameFlags.None, 0), .. FramePeer.Get(1)]);

        var text = new byte[64 * 1024];
        var length = 0;
        while (length == 0)
        {
            var header = FrameHeader.Read(Encoding.Latin1.GetBytes(await client.ReadAsync(FrameHeader.Size)));
            var payload = Encoding.Latin1.GetBytes(await client.ReadAsync(header.Length));
            if (header.Type == FrameType.Headers)
            {
                new HpackDecoder().DecodeResponse(payload, text, out length);
            }
        }

        Assert.Contains("x-saw: HTTP/2 GET / web\r\n", Encoding.Latin1.GetString(text, 0, length), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARequestThatIsCutOffInsideResetsTheStream()
    {
        await using var mesh = await new TestMesh().Service("web", _listener.Address).StartAsync();
        using var client = await ConnectAsync(mesh, "web:80");
        await client.SendAsync("GET / HTTP/1.1\r\nHost: other\r\n\r\n");
        using var server = await _listener.AcceptAsync();
        await server.ReadRequestAsync();
        await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
        await client.ReadUntilAsync("half");
        server.Reset();
        Assert.Equal("RST_STREAM ConnectError", await client.EndAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BytesAreRelayed(bool declared)
    {
        var mesh = new TestMesh();
        await using var started = await (declared ? mesh.Tcp("cache", _listener.Address) : mesh.Undeclared("cache", _listener.Address)).StartAsync();
        using var client = await ConnectAsync(mesh, "cache:80");
        await client.SendAsync("SSH-2.0-client\r\n");
        using var server = await _listener.AcceptAsync();
        Assert.Equal("SSH-2.0-client\r\n", await server.ReadUntilAsync("\n"));
        var random = new Random(7);
        var bytes = new byte[5_000_000];
        random.NextBytes(bytes);
        var text = Encoding.Latin1.GetString(bytes);
        var receiving = server.ReadExactlyAsync(bytes.Length);
        await client.SendAsync(bytes, end: true);
        Assert.True(text == await receiving);
        await server.ExpectClosedAsync();
        var sending = server.SendAsync(text);
        Assert.True(text == await client.ReadAsync(bytes.Length));
        await sending;
        server.FinishSending();
        Assert.Equal("END_STREAM", await client.EndAsync());
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        var metrics = await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Matches("banyan_tcp_connections_closed_total\\{[^}]*end=\"finished\"[^}]*\\} 1", metrics);
        Assert.Matches("banyan_tcp_relayed_bytes_total\\{[^}]*to=\"destination\"[^}]*\\} 5000016", metrics);
    }

    [Fact]
    public async Task ADeclaredServerMaySpeakFirstAndResetsTravel()
    {
        await using var mesh = await new TestMesh().Tcp("mail", _listener.Address).StartAsync();
        using (var client = await ConnectAsync(mesh, "mail:80"))
        {
            using var server = await _listener.AcceptAsync();
            await server.SendAsync("220 ready\r\n");
            await client.ReadUntilAsync("\n");
            server.Reset();
            Assert.Equal("RST_STREAM ConnectError", await client.EndAsync());
        }

        using (var client = await ConnectAsync(mesh, "mail:80"))
        {
            using var server = await _listener.AcceptAsync();
            await client.StatusAsync();
            await client.ResetAsync(ErrorCode.Cancel);
            await Assert.ThrowsAsync<SocketException>(() => server.ReadUntilAsync("the end"));
        }
    }

    [Theory]
    [InlineData("gone:80", 503, "connect-failed")]
    [InlineData("nobody.svc:80", 503, "discovery-unavailable")]
    public async Task WhatCannotBeReachedIsToldInTheAnswer(string authority, int status, string error)
    {
        await using var mesh = await new TestMesh().Tcp("gone", FreePorts.NextAddress()).StartAsync();
        using var client = await ConnectAsync(mesh, authority);
        Assert.Equal(status, await client.StatusAsync());
        Assert.Contains($"x-banyan-error: {error}", client.Head, StringComparison.Ordinal);
        Assert.Equal("END_STREAM", await client.EndAsync());
    }

    private static Task<TunnelPeer> ConnectAsync(TestMesh mesh, string authority) =>
        TunnelPeer.OpenAsync(mesh.Outbound, ":method", "CONNECT", ":authority", authority);
}
