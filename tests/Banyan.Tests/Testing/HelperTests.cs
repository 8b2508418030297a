using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Testing;

public sealed class HelperTests
{
    [Fact]
    public async Task ABackendCountsWhatReachesIt()
    {
        await using var backend = new TestBackend(static request => Reply.Ok(request.Body + "!"));
        using var client = await RawConnection.ConnectAsync(backend.Port);

        await client.SendInPiecesAsync("POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", 7);
        var first = await client.ReadResponseAsync();
        var second = await client.ExchangeAsync("HEAD /b HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal((200, "hi!"), (first.Status, first.Body));
        Assert.Equal(("", "1"), (second.Body, second["content-length"]));
        Assert.Equal((1, 2), (backend.Connections, backend.Requests));
        Assert.Equal(50 + 29, backend.Bytes);
        Assert.Equal("/b", backend.Seen[1].Target);
    }

    [Fact]
    public async Task ABackendDiesInMidResponse()
    {
        await using var backend = new TestBackend(static _ => new Reply { Body = "0123456789", DieAfter = 40 });
        using var client = await RawConnection.ConnectAsync(backend.Port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.True((await client.ReadToEndAsync()).Length <= 40);
    }

    [Fact]
    public async Task AChunkedResponseIsReadWithItsTrailers()
    {
        await using var backend = new TestBackend(static _ => new Reply
        {
            Raw = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-sum: 1\r\n\r\n",
        });
        using var client = await RawConnection.ConnectAsync(backend.Port);
        var response = await client.ExchangeAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(("abc", "x-sum"), (response.Body, response.Trailers[0].Key));
    }

    [Fact]
    public async Task AProcessIsCapturedAndStopped()
    {
        await using var process = TestProcess.Start("/bin/sh", ["-c", "echo up; trap 'exit 7' TERM; while :; do sleep 0.05; done"]);
        await process.LineAsync("up");
        Assert.Equal(7, (await process.StopAsync()).ExitCode);
    }

    [Fact]
    public async Task AConditionThatNeverHoldsFailsWithItsName()
    {
        var failure = await Assert.ThrowsAsync<TimeoutException>(
            () => Eventually.TrueAsync(static () => false, "the moon", TimeSpan.FromMilliseconds(30)));
        Assert.Contains("the moon", failure.Message, StringComparison.Ordinal);
    }
}
