using System.Diagnostics;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Answers that come before the request's body is complete.</summary>
public sealed class UnfinishedBodyTests
{
    private const string Smuggled = "GET /smuggled HTTP/1.1\r\nHost: web\r\n\r\n";

    [Fact]
    public async Task TheRestOfAnUnsentBodyIsNeverReadAsARequest()
    {
        using var application = new RawListener();
        await using var mesh = await new TestMesh().Service("web", application.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 1000000\r\n\r\nbegin");
        using var server = await application.AcceptAsync();
        await server.ReadUntilAsync("begin");

        // While the proxy looks away, more of the body comes and the application answers and breaks the connection.
        Signal("STOP", mesh.Proxy.Id);
        await client.SendAsync(string.Concat(Enumerable.Repeat(Smuggled, 1000)));
        await server.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
        server.Reset();
        Signal("CONT", mesh.Proxy.Id);
        Assert.Contains(" 413 ", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);

        // Whatever follows is an end: neither the answer to a piece of body, nor a request at the application.
        await client.ExpectClosedAsync();
        Assert.False(application.HasCaller(TimeSpan.FromMilliseconds(200)), "a part of the body was forwarded as a request");
    }

    [Fact]
    public async Task AnUploadThatMovesIsNotIdleWhileItsAnswerIsAwaited()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh { StreamIdle = TimeSpan.FromSeconds(1) }.Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: web\r\nTransfer-Encoding: chunked\r\n\r\n");
        var start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(3))
        {
            await client.SendAsync("1\r\nx\r\n");
            Assert.False(client.HasMore(TimeSpan.FromMilliseconds(50)), "answered while the body was moving");
        }

        await client.SendAsync("0\r\n\r\n");
        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task AnUpgradeWithABodyIsAnOrdinaryRequest()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        var response = await client.ExchangeAsync(
            "POST / HTTP/1.1\r\nHost: web\r\nConnection: upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal(200, response.Status);
        Assert.Null(backend.Seen[0]["upgrade"]);
        Assert.Equal("ok", backend.Seen[0].Body);
    }

    [Fact]
    public async Task AnUpgradeOnAConnectionThatClosesCarriesOnlyWhatFollows()
    {
        using var application = new RawListener();
        await using var mesh = await new TestMesh().Service("web", application.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("GET /ws HTTP/1.1\r\nHost: web\r\nConnection: close, upgrade\r\nUpgrade: websocket\r\n\r\n");
        using var server = await application.AcceptAsync();
        await server.ReadUntilAsync("\r\n\r\n");
        await server.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        await client.ReadUntilAsync("\r\n\r\n");
        await client.SendAsync("frame");
        Assert.Equal("frame", await server.ReadExactlyAsync(5));
    }

    private static void Signal(string name, int process)
    {
        using var kill = Process.Start("kill", [$"-{name}", $"{process}"]);
        kill.WaitForExit();
    }
}
