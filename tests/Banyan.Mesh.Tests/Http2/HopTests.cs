using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Two sidecars one behind the other: how requests travel between them, and that the application never notices.</summary>
public sealed class HopTests
{
    /// <summary>The hop is pinned to the other version; the application hears the client's own.</summary>
    [Theory]
    [InlineData(false, "http2")]
    [InlineData(true, "http1")]
    public async Task TheVersionOfTheClientIsRestored(bool http2, string hop)
    {
        await using var server = await EchoServer.StartAsync(http2);
        await using var callee = new TestMesh();
        await using var caller = new TestMesh { Hop = hop };
        await PairAsync(caller, callee, server.Address);
        using var client = Client(http2);
        foreach (var (method, size) in new[] { (HttpMethod.Get, 0), (HttpMethod.Head, 0), (HttpMethod.Post, 5), (HttpMethod.Put, 60_000) })
        {
            var body = RandomNumberGenerator.GetBytes(size);
            using var request = Request(caller, method, "/a%20b?c=d", http2);
            request.Content = size > 0 ? new ByteArrayContent(body) : null;
            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal($"HTTP/{(http2 ? "2" : "1.1")} {method} /a%20b?c=d web", response.Headers.GetValues("x-saw").Single());
            var echo = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.True(body.AsSpan().SequenceEqual(echo));
        }

        // All went the other way but a body that came by HTTP/2 behind its head.
        Assert.Equal((1, http2 ? 2 : 1), (await ConnectionsAsync(callee), await MetricAsync(callee, "banyan_connections_accepted")));
    }

    /// <summary>Semantics "Protocols": a streaming body, <c>te: trailers</c> and an upgrade keep their version.</summary>
    [Theory]
    [InlineData(true, "http1")]
    [InlineData(false, "http2")]
    public async Task WhatWouldLoseSomethingStays(bool http2, string hop)
    {
        await using var server = await EchoServer.StartAsync(http2);
        await using var callee = new TestMesh();
        await using var caller = new TestMesh { Hop = hop };
        await PairAsync(caller, callee, server.Address);
        using var client = Client(http2);
        using var streaming = Request(caller, HttpMethod.Post, "/", http2);
        streaming.Content = new StreamContent(new Unseekable(RandomNumberGenerator.GetBytes(200_000)));
        streaming.Headers.TransferEncodingChunked = !http2;
        using var trailing = Request(caller, HttpMethod.Get, "/", http2);
        trailing.Headers.TE.ParseAdd("trailers");
        foreach (var request in new[] { streaming, trailing })
        {
            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.StartsWith($"HTTP/{(http2 ? "2" : "1.1")} ", response.Headers.GetValues("x-saw").Single(), StringComparison.Ordinal);
        }

        Assert.Equal(http2 ? 1 : 0, await ConnectionsAsync(callee));
    }

    [Fact]
    public async Task AnApplicationCannotChooseForOthers()
    {
        await using var server = await EchoServer.StartAsync(http2: false);
        await using var callee = new TestMesh();
        await using var caller = new TestMesh();
        await PairAsync(caller, callee, server.Address);
        using var client = Client(http2: false);
        using var request = Request(caller, HttpMethod.Get, "/", http2: false);
        request.Headers.Add("x-banyan-version", "2");
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.StartsWith("HTTP/1.1 ", response.Headers.GetValues("x-saw").Single(), StringComparison.Ordinal);
    }

    /// <summary>One at a time each on its own connection; many at once share one, and none of them notices.</summary>
    [Fact]
    public async Task ManyRequestsShareAConnection()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var backend = new TestBackend(request => new Reply
        {
            Body = request.Target,
            Hold = request.Target.StartsWith("/held", StringComparison.Ordinal) ? gate.Task : null,
        });
        await using var callee = new TestMesh();
        await using var caller = new TestMesh();
        await PairAsync(caller, callee, backend.Address);
        using var client = Client(http2: false);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal($"/one/{i}", await GetAsync(client, caller, $"/one/{i}"));
        }

        Assert.Equal(0, await ConnectionsAsync(callee));
        var held = Enumerable.Range(0, 40).Select(i => GetAsync(client, caller, $"/held/{i}")).ToArray();
        await Eventually.TrueAsync(() => backend.Requests == 43, "all are under way");
        gate.SetResult();
        var answers = await Task.WhenAll(held);
        Assert.Equal(Enumerable.Range(0, 40).Select(i => $"/held/{i}"), answers);

        // The first few found nobody else under way.
        Assert.Equal(1, await ConnectionsAsync(callee));
        Assert.InRange(await MetricAsync(callee, "banyan_connections_accepted"), 2, 16);
    }

    private static async Task PairAsync(TestMesh caller, TestMesh callee, string application)
    {
        var inbound = callee.Inbound("web", application);
        await callee.StartAsync();
        await caller.Service("web", meshed: true, $"127.0.0.1:{inbound}").StartAsync();
    }

    private static async Task<string> GetAsync(HttpClient client, TestMesh mesh, string path)
    {
        using var response = await client.SendAsync(Request(mesh, HttpMethod.Get, path, http2: false), TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private static Task<double> ConnectionsAsync(TestMesh callee) => MetricAsync(callee, "banyan_http2_connections");

    private static async Task<double> MetricAsync(TestMesh mesh, string name)
    {
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        var metrics = await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        var line = metrics.Split('\n').FirstOrDefault(l => l.Split(' ')[0] is var first && (first == name || first == $"{name}_total"));
        return line is null ? 0 : double.Parse(line.Split(' ')[1], CultureInfo.InvariantCulture);
    }

    private static HttpClient Client(bool http2) => new(new SocketsHttpHandler { UseProxy = false })
    {
        DefaultRequestVersion = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Timeout = TimeSpan.FromSeconds(30),
    };

    private static HttpRequestMessage Request(TestMesh mesh, HttpMethod method, string path, bool http2) =>
        new(method, $"http://127.0.0.1:{mesh.Outbound}{path}")
        {
            Headers = { Host = "web" },
            Version = http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

    private sealed class Unseekable(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
