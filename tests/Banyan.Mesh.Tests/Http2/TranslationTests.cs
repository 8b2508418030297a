using System.Net;
using System.Security.Cryptography;
using Banyan.Mesh.Tests.Support;
using Banyan.Wire.Http2;
using Banyan.Xds;
using Xunit;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Every pair of versions between a client and a server that nobody here wrote: HttpClient, the proxy, Kestrel.</summary>
public sealed class TranslationTests
{
    public static TheoryData<bool, bool> Pairs() => new() { { true, true }, { true, false }, { false, true } };

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task HeadsBodiesAndTrailersArriveAsTheyAre(bool clientHttp2, bool serverHttp2)
    {
        await using var server = await EchoServer.StartAsync(serverHttp2);
        await using var mesh = await StartAsync(server, serverHttp2);
        using var client = Client(clientHttp2);
        foreach (var size in new[] { 0, 1, 1_000, 70_000, 3_000_000 })
        {
            var body = RandomNumberGenerator.GetBytes(size);
            foreach (var known in new[] { true, false })
            {
                using var request = Request(mesh, HttpMethod.Post, "/echo?a=b%20c" + (known ? "&length" : ""), clientHttp2);
                request.Content = known ? new ByteArrayContent(body) : new StreamContent(new Unseekable(body));
                using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);

                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                Assert.Equal(
                    $"HTTP/{(serverHttp2 ? "2" : "1.1")} POST /echo?a=b%20c{(known ? "&length" : "")} web",
                    response.Headers.GetValues("x-saw").Single());
                Assert.Equal(known ? $"{size}" : "none", response.Headers.GetValues("x-length").Single());
                var echo = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
                Assert.True(body.AsSpan().SequenceEqual(echo));
                if (serverHttp2)
                {
                    AssertTrailer(response, clientHttp2, known);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Pairs))]
    public async Task AnswersWithoutBodyEnd(bool clientHttp2, bool serverHttp2)
    {
        await using var server = await EchoServer.StartAsync(serverHttp2);
        await using var mesh = await StartAsync(server, serverHttp2);
        using var client = Client(clientHttp2);
        for (var i = 0; i < 3; i++)
        {
            using var head = await client.SendAsync(Request(mesh, HttpMethod.Head, "/head", clientHttp2), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
            using var empty = await client.SendAsync(Request(mesh, HttpMethod.Get, "/empty", clientHttp2), TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NoContent, empty.StatusCode);
        }
    }

    [Theory]
    [InlineData("3\r\nabc\r\n0\r\nx-end: sent\r\nContent-Length: 7\r\n\r\n")]
    [InlineData("3\r\nabc\r\n0\r\nx-end: sent\r\n\r\n")]
    public async Task TrailersOfChunksBecomeATrailerSection(string body)
    {
        var malformed = body.Contains("Content-Length", StringComparison.Ordinal);
        await using var backend = new Banyan.Testing.TestBackend(
            _ => new Banyan.Testing.Reply { Raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body });
        await using var mesh = await new TestMesh().Cluster("web", false, false, backend.Address)
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        using var client = Client(http2: true);
        var sending = client.SendAsync(Request(mesh, HttpMethod.Get, "/"), TestContext.Current.CancellationToken);
        if (malformed)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => sending);
            return;
        }

        using var response = await sending;
        Assert.Equal("abc", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("sent", response.TrailingHeaders.GetValues("x-end").Single());
    }

    /// <summary>What HTTP/2 has no place for: a trailer of the handshake of WebSocket, a coding that is not undone.</summary>
    [Theory]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nsec-websocket-accept: x\r\n\r\n", HttpStatusCode.OK)]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", HttpStatusCode.BadGateway)]
    public async Task WhatHttp2CannotSayIsLeftOutOrRefused(string answer, HttpStatusCode status)
    {
        await using var backend = new Banyan.Testing.TestBackend(
            _ => new Banyan.Testing.Reply { Raw = "HTTP/1.1 200 OK\r\n" + answer });
        await using var mesh = await new TestMesh().Cluster("web", false, false, backend.Address)
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        using var client = Client(http2: true);
        for (var i = 0; i < 2; i++)
        {
            using var response = await client.SendAsync(Request(mesh, HttpMethod.Get, "/"), TestContext.Current.CancellationToken);
            Assert.Equal(status, response.StatusCode);
            Assert.Empty(response.TrailingHeaders);
        }
    }

    [Fact]
    public async Task AStreamThatNeverBeganEndsNobodyElses()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        await using var mesh = await StartAsync(server, serverHttp2: true);
        using var client = Client(http2: true);
        for (var i = 0; i < 4; i++)
        {
            using var request = Request(mesh, HttpMethod.Post, "/");
            request.Content = new ByteArrayContent([1, 2, 3]);
            if (i % 2 == 1)
            {
                // No time is left when the stream to the server is open: its request is never sent.
                request.Content.Headers.ContentType = new("application/grpc");
                request.Headers.Add("grpc-timeout", "0m");
            }

            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(i % 2 == 1, response.Headers.Contains("grpc-status"));
        }

        using var admin = Banyan.Testing.UnixSocketClient.Create(mesh.AdminSocket);
        var metrics = await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Matches("(?m)^banyan_upstream_connects(_total)? 1$", metrics);
    }

    /// <summary>The proxy's own answer waits a moment for the end of the request; one that does not come is given up.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task TheEndOfARequestMayArriveBeforeItIsAnswered(bool comes)
    {
        await using var mesh = await new TestMesh().Service("web").StartAsync();
        using var client = await FramePeer.ConnectAsync(mesh.Outbound);
        await client.SendAsync([.. FramePeer.Get(1, end: false), .. FramePeer.Frame(FrameType.Ping, FrameFlags.None, 0, 1, 2, 3, 4, 5, 6, 7, 8)]);
        var before = new List<FrameType>();
        while (await NextAsync() is var seen && seen.Type != FrameType.Ping)
        {
            before.Add(seen.Type);
        }

        Assert.DoesNotContain(FrameType.Headers, before);
        if (comes)
        {
            await client.SendAsync(FramePeer.Frame(FrameType.Data, FrameFlags.EndStream, 1, 1, 2, 3));
        }

        while (await NextAsync() is var answer && (answer.StreamId != 1 || (answer.Flags & FrameFlags.EndStream) == 0))
        {
            // The answer up to its end.
        }

        if (!comes)
        {
            Assert.Equal((FrameType.RstStream, 1), await NextAsync() is var end ? (end.Type, end.StreamId) : default);
        }

        async Task<FrameHeader> NextAsync() => (await client.NextAsync() ?? throw new InvalidOperationException("the connection ended")).Header;
    }

    [Fact]
    public async Task ManyStreamsShareAConnection()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        await using var mesh = await StartAsync(server, serverHttp2: true);
        using var client = Client(http2: true);
        var body = RandomNumberGenerator.GetBytes(200_000);
        await Parallel.ForAsync(0, 300, new ParallelOptions { MaxDegreeOfParallelism = 80 }, async (_, cancel) =>
        {
            using var request = Request(mesh, HttpMethod.Post, "/many");
            request.Content = new ByteArrayContent(body);
            using var response = await client.SendAsync(request, cancel);
            var echo = await response.Content.ReadAsByteArrayAsync(cancel);
            Assert.True(body.AsSpan().SequenceEqual(echo));
        });
    }

    [Fact]
    public async Task ALostBackendIsAnsweredAndTheClientsConnectionLives()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        await using var mesh = await StartAsync(server, serverHttp2: true);
        using var client = Client(http2: true);
        using (var good = await client.SendAsync(Request(mesh, HttpMethod.Get, "/"), TestContext.Current.CancellationToken))
        {
            Assert.Equal(HttpStatusCode.OK, good.StatusCode);
        }

        await server.DisposeAsync();
        using var bad = await client.SendAsync(Request(mesh, HttpMethod.Get, "/"), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, bad.StatusCode);
    }

    private static void AssertTrailer(HttpResponseMessage response, bool clientHttp2, bool known)
    {
        // A response with a length has no place for trailers in HTTP/1.
        if (clientHttp2 || !known)
        {
            Assert.Equal("sent", response.TrailingHeaders.GetValues("x-end").Single());
        }
    }

    private static Task<TestMesh> StartAsync(EchoServer server, bool serverHttp2) => new TestMesh()
        .Cluster("web", false, serverHttp2, server.Address)
        .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1)))
        .StartAsync();

    private static HttpClient Client(bool http2) => new(new SocketsHttpHandler { UseProxy = false })
    {
        DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(30),
    };

    private static HttpRequestMessage Request(TestMesh mesh, HttpMethod method, string path, bool http2 = true) => new(method, $"http://127.0.0.1:{mesh.Outbound}{path}")
    {
        Headers = { Host = "web" },
        Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>A body whose length nobody knows.</summary>
    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
