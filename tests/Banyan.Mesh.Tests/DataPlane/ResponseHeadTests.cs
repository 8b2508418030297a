using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Heads on their way back: interim responses, transfer codings, and the server-wide OPTIONS on its way out.</summary>
public sealed class ResponseHeadTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";

    [Fact]
    public async Task AnInterimResponsePassesWithoutItsHopByHopAndMeshFields()
    {
        await using var backend = Raw(
            "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nConnection: x-hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=9\r\n"
            + "X-Banyan-Error: not-delivered\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(Get);
        Assert.Equal("HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n", await client.ReadUntilAsync("\r\n\r\n"));
        Assert.Equal(200, (await client.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task AFailureAfterAnInterimResponseIsStillAnswered()
    {
        const string Interim = "HTTP/1.1 103 Early Hints\r\n\r\n";
        await using var backend = new TestBackend(_ => new Reply { Raw = Interim, DieAfter = Interim.Length });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(Get);
        Assert.Equal(Interim, await client.ReadUntilAsync("\r\n\r\n"));
        var response = await client.ReadResponseAsync();
        Assert.Equal(503, response.Status);
        Assert.Equal("reset-before-headers", response["x-banyan-error"]);
    }

    [Fact]
    public async Task ABodyWithAnotherTransferCodingPassesAsItIs()
    {
        await using var backend = Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(Get);
        Assert.Contains("Transfer-Encoding: gzip, chunked\r\n", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal("3\r\nabc\r\n0\r\n\r\n", await client.ReadUntilAsync("0\r\n\r\n"));
        await client.SendAsync(Get);
        Assert.Contains("200 OK", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABodyWhoseLastCodingIsNotChunkedLastsUntilClose()
    {
        await using var backend = new TestBackend(_ => new Reply { Raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc", Close = true });
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(Get);
        var all = await client.ReadToEndAsync();
        Assert.Contains("Transfer-Encoding: gzip\r\n", all, StringComparison.Ordinal);
        Assert.Contains("connection: close\r\n", all, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nabc", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnHttp10ClientDoesNotGetATransferCoding()
    {
        await using var backend = Raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        Assert.Equal(502, (await client.ExchangeAsync("GET / HTTP/1.0\r\nHost: web\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("OPTIONS http://web HTTP/1.1", "OPTIONS * HTTP/1.1")]
    [InlineData("OPTIONS * HTTP/1.1", "OPTIONS * HTTP/1.1")]
    [InlineData("OPTIONS http://web/ HTTP/1.1", "OPTIONS / HTTP/1.1")]
    [InlineData("OPTIONS http://web?q HTTP/1.1", "OPTIONS /?q HTTP/1.1")]
    [InlineData("GET http://web HTTP/1.1", "GET / HTTP/1.1")]
    public async Task OptionsWithoutAPathAsksTheServer(string sent, string received)
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh().Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        Assert.Equal(200, (await client.ExchangeAsync($"{sent}\r\nHost: web\r\n\r\n")).Status);
        Assert.Equal(received, backend.Seen[0].StartLine);
    }

    private static TestBackend Raw(string response) => new(_ => new Reply { Raw = response });
}
