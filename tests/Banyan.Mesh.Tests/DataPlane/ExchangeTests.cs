using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>One request and its response through the binary: framing, connection handling, what is added and removed.</summary>
public sealed class ExchangeTests
{
    [Fact]
    public async Task AGetGoesByHostAndComesBack()
    {
        await using var backend = new TestBackend(_ => Reply.Ok("hello"));
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync("GET /a?b=c HTTP/1.1\r\nHost: web\r\nX-One: 1\r\n\r\n");
        Assert.Equal(200, response.Status);
        Assert.Equal("hello", response.Body);
        var seen = Assert.Single(backend.Seen);
        Assert.Equal("GET /a?b=c HTTP/1.1", seen.StartLine);
        Assert.Equal("web", seen["host"]);
        Assert.Equal("1", seen["x-one"]);
        Assert.Matches("^00-[0-9a-f]{32}-[0-9a-f]{16}-00$", seen["traceparent"]);
    }

    [Theory]
    [InlineData("web")]
    [InlineData("WEB")]
    [InlineData("web:80")]
    [InlineData("web.default")]
    [InlineData("web.default.svc")]
    [InlineData("web.default.svc.cluster.local")]
    public async Task EveryFormOfTheNameIsTheService(string host)
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        Assert.Equal(200, (await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).Status);
    }

    [Fact]
    public async Task AnAbsoluteTargetWinsOverHost()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        Assert.Equal(200, (await client.ExchangeAsync("GET http://web/x HTTP/1.1\r\nHost: other\r\n\r\n")).Status);
        Assert.Equal("GET /x HTTP/1.1", backend.Seen[0].StartLine);
        Assert.Equal("web", backend.Seen[0]["host"]);
    }

    [Fact]
    public async Task KeepsBothConnectionsAlive()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(200, (await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n")).Status);
        }

        Assert.Equal(1, backend.Connections);
        Assert.Equal(10, backend.Requests);
    }

    [Fact]
    public async Task PipelinedRequestsAreAnsweredInOrder()
    {
        await using var backend = new TestBackend(r => Reply.Ok(r.Target));
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(string.Concat(Enumerable.Range(0, 5).Select(i => $"POST /{i} HTTP/1.1\r\nHost: web\r\nContent-Length: 3\r\n\r\nabc")));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal($"/{i}", (await client.ReadResponseAsync()).Body);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3_000)]
    [InlineData(60_000)]
    [InlineData(200_000)]
    [InlineData(3_000_000)]
    public async Task BodiesOfAnySizePassBothWays(int size)
    {
        var body = new string('x', size);
        await using var backend = new TestBackend(r => Reply.Ok(r.Body));
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        for (var i = 0; i < 2; i++)
        {
            var response = await client.ExchangeAsync($"POST / HTTP/1.1\r\nHost: web\r\nContent-Length: {size}\r\n\r\n{body}");
            Assert.Equal(200, response.Status);
            Assert.Equal(body.Length, response.Body.Length);
            Assert.Equal(body, response.Body);
        }
    }

    [Fact]
    public async Task ChunkedBodiesAndTrailersPassBothWays()
    {
        await using var backend = new TestBackend(r => new Reply { Chunks = [r.Body, "tail"] });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        await client.SendInPiecesAsync("6;x=y\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n");
        var response = await client.ReadResponseAsync();
        Assert.True(response.Chunked);
        Assert.Equal("hello worldtail", response.Body);
        Assert.Equal("1", backend.Seen[0].Trailers.Single().Value);
    }

    [Fact]
    public async Task AnHttp10ClientGetsNoChunks()
    {
        await using var backend = new TestBackend(_ => new Reply { Chunks = ["one", "two"] });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.0\r\nHost: web\r\nConnection: keep-alive\r\n\r\n");
        var all = await client.ReadToEndAsync();
        Assert.DoesNotContain("chunked", all, StringComparison.OrdinalIgnoreCase);
        Assert.EndsWith("\r\n\r\nonetwo", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AResponseThatEndsWithTheConnectionReachesAnHttp11ClientInChunks()
    {
        await using var backend = new TestBackend(_ => new Reply { Raw = "HTTP/1.1 200 OK\r\n\r\nuntil the end", Close = true });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
        Assert.True(response.Chunked);
        Assert.Equal("until the end", response.Body);
        Assert.Equal(200, (await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n")]
    public async Task ResponsesWithoutBodyLeaveTheConnectionUsable(string method, string raw)
    {
        await using var backend = new TestBackend(_ => new Reply { Raw = raw });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync($"{method} / HTTP/1.1\r\nHost: web\r\n\r\n");
            var response = await client.ReadResponseAsync(toHead: true);
            Assert.Equal(raw.Split(' ')[1], response.Status.ToString(System.Globalization.CultureInfo.InvariantCulture));
        }

        Assert.Equal(1, backend.Connections);
    }

    [Fact]
    public async Task ExpectContinueIsAnsweredByTheApplication()
    {
        await using var mesh = new TestMesh();
        using var listener = new RawListener();
        await mesh.Service("web", listener.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: web\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
        using var server = await listener.AcceptAsync();
        await server.ReadUntilAsync("\r\n\r\n");
        await server.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
        await client.ReadUntilAsync("100 Continue\r\n\r\n");
        await client.SendAsync("body");
        Assert.Equal("body", await server.ReadExactlyAsync(4));
        await server.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal("ok", (await client.ReadResponseAsync()).Body);
    }

    [Fact]
    public async Task AnEarlyAnswerArrivesThoughTheBodyIsStillBeingSent()
    {
        await using var mesh = new TestMesh();
        using var listener = new RawListener();
        await mesh.Service("web", listener.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1000000\r\n\r\nstart");
        using var server = await listener.AcceptAsync();
        await server.ReadUntilAsync("start");
        await server.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
        var response = await client.ReadResponseAsync();
        Assert.Equal(413, response.Status);
        Assert.Equal("close", response["connection"]);
        Assert.Equal("big", response.Body);
    }

    [Fact]
    public async Task HopByHopFieldsEndHere()
    {
        await using var backend = new TestBackend(_ => new Reply { Fields = ["Keep-Alive: timeout=9", "X-Banyan-Error: forged", "X-Kept: 1"] });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync(
            "GET / HTTP/1.1\r\nHost: web\r\nConnection: X-Drop, keep-alive\r\nX-Drop: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n"
            + "Proxy-Authorization: Basic x\r\nX-Banyan-Depth: 9\r\nX-Kept: 1\r\n\r\n");
        Assert.Null(response["keep-alive"]);
        Assert.Null(response["x-banyan-error"]);
        Assert.Equal("1", response["x-kept"]);
        var seen = backend.Seen[0];
        Assert.Null(seen["x-drop"]);
        Assert.Null(seen["keep-alive"]);
        Assert.Null(seen["proxy-connection"]);
        Assert.Null(seen["proxy-authorization"]);
        Assert.Null(seen["x-banyan-depth"]);
        Assert.Null(seen["connection"]);
        Assert.Equal("1", seen["x-kept"]);
    }

    [Fact]
    public async Task AnUpgradeBecomesATunnel()
    {
        await using var mesh = new TestMesh();
        using var listener = new RawListener();
        await mesh.Service("web", listener.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("GET /ws HTTP/1.1\r\nHost: web\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        using var server = await listener.AcceptAsync();
        var request = await server.ReadUntilAsync("\r\n\r\n");
        Assert.Contains("upgrade: websocket", request, StringComparison.OrdinalIgnoreCase);
        await server.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nearly");
        var answer = await client.ReadUntilAsync("early");
        Assert.Contains("upgrade: websocket", answer, StringComparison.OrdinalIgnoreCase);
        await client.SendAsync("ping");
        Assert.Equal("ping", await server.ReadExactlyAsync(4));
        await server.SendAsync("pong");
        Assert.Equal("pong", await client.ReadExactlyAsync(4));
        client.FinishSending();
        await server.ExpectClosedAsync();
        await server.SendAsync("last words");
        server.FinishSending();
        Assert.Equal("last words", await client.ReadToEndAsync());
    }

    [Fact]
    public async Task HalfClosedClientsAreStillAnswered()
    {
        await using var backend = new TestBackend(_ => new Reply { Body = "late", Delay = TimeSpan.FromMilliseconds(100) });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: web\r\n\r\n");
        client.FinishSending();
        Assert.Contains("late", await client.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a//b", "/a/b")]
    [InlineData("/%7euser", "/~user")]
    [InlineData("/a/%2e%2e/b?x=%2f..", "/b?x=%2f..")]
    public async Task ThePathIsForwardedAsItIsMatched(string sent, string forwarded)
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        Assert.Equal(200, (await client.ExchangeAsync($"GET {sent} HTTP/1.1\r\nHost: web\r\n\r\n")).Status);
        Assert.Equal(forwarded, backend.Seen[0].Target);
    }

    [Fact]
    public async Task AFixedLocalPortNeedsNoHost()
    {
        await using var backend = new TestBackend();
        await using var mesh = new TestMesh().Service("web", backend.Address);
        var port = mesh.Upstream("web");
        await mesh.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        Assert.Equal(200, (await client.ExchangeAsync($"GET / HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n")).Status);
    }

    [Fact]
    public async Task HttpInsideConnectIsRoutedAndOtherBytesAreRelayed()
    {
        await using var backend = new TestBackend();
        using var raw = new RawListener();
        await using var mesh = await new TestMesh().Service("web", backend.Address).Undeclared("tcp", raw.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("CONNECT web:80 HTTP/1.1\r\nHost: web:80\r\n\r\n");
        await client.ReadUntilAsync("\r\n\r\n");
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(200, (await client.ExchangeAsync("GET /in HTTP/1.1\r\nHost: whatever\r\n\r\n")).Status);
        }

        using var other = await mesh.ConnectAsync();
        await other.SendAsync("CONNECT tcp:80 HTTP/1.1\r\nHost: tcp:80\r\n\r\n\x16\x03\x01");
        await other.ReadUntilAsync("\r\n\r\n");
        using var server = await raw.AcceptAsync();
        Assert.Equal("\x16\x03\x01", await server.ReadExactlyAsync(3));
        await server.SendAsync("hi");
        Assert.Equal("hi", await other.ReadExactlyAsync(2));
    }
}
