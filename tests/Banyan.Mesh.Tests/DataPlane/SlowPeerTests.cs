using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>Peers that stall or drip are cut off, and hold up nobody meanwhile.</summary>
public sealed class SlowPeerTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: web\r\n\r\n";
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task AHeadThatStallsIsAnswered408()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh { HeadTimeout = Second }.Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(Get[..^4]);
        await ExpectTimeoutAsync(client);
        Assert.Equal(0, backend.Connections);
    }

    [Fact]
    public async Task AHeadThatDripsIsAnswered408()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh { HeadTimeout = Second }.Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: web\r\nX: ");
        await Eventually.TrueAsync(
            async () =>
            {
                await client.SendAsync("a");
                return client.HasMore(TimeSpan.Zero);
            },
            "the proxy loses patience");
        await ExpectTimeoutAsync(client);
        Assert.Equal(0, backend.Connections);
    }

    [Fact]
    public async Task TheSecondHeadOnAConnectionHasItsTimeToo()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh { HeadTimeout = Second }.Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        Assert.Equal(200, (await client.ExchangeAsync(Get)).Status);
        await client.SendAsync(Get[..5]);
        await ExpectTimeoutAsync(client);
        Assert.Equal(1, backend.Requests);
    }

    [Fact]
    public async Task AnIdleConnectionIsNotASlowHead()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh { HeadTimeout = Second }.Service("web", backend.Address).StartAsync();
        using var idle = await mesh.ConnectAsync();
        Assert.Equal(200, (await idle.ExchangeAsync(Get)).Status);
        using var slow = await mesh.ConnectAsync();
        await slow.SendAsync(Get[..5]);
        await ExpectTimeoutAsync(slow);

        // The slow one came later and is gone; the idle one never began a head.
        Assert.Equal(200, (await idle.ExchangeAsync(Get)).Status);
    }

    [Fact]
    public async Task ABodyThatStallsIsCutOff()
    {
        using var witness = new Witness();
        await using var mesh = await new TestMesh { StreamIdle = Second }.Service("web", witness.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: web\r\nContent-Length: 10\r\n\r\nabc");
        var said = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 504 ", said, StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: stream-idle\r\n", said, StringComparison.Ordinal);
        await Eventually.TrueAsync(() => witness.OpenConnections == 0, "the backend is told");
        Assert.EndsWith("\r\n\r\nabc", witness.Connections[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAnswerThatStallsIsCutOff()
    {
        using var listener = new RawListener();
        await using var mesh = await new TestMesh { StreamIdle = Second }.Service("web", listener.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(Get);
        using var backend = await listener.AcceptAsync();
        await backend.ReadRequestAsync();
        await backend.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        Assert.EndsWith("\r\n\r\nabc", await client.ReadToEndAsync(), StringComparison.Ordinal);
        await backend.ExpectClosedAsync();
    }

    [Fact]
    public async Task AReaderThatStallsIsCutOff()
    {
        // More than all the buffers between backend and client hold.
        var large = new string('x', 32 * 1024 * 1024);
        await using var backend = new TestBackend(_ => Reply.Ok(large));
        await using var mesh = await new TestMesh { StreamIdle = Second }.Service("web", backend.Address).StartAsync();
        using var client = await mesh.ConnectAsync();
        await client.SendAsync(Get);
        await Eventually.TrueAsync(() => backend.Connections == 1 && backend.OpenConnections == 0, "the backend is let go");
        var said = await client.ReadToEndAsync();
        Assert.InRange(said.Length, 1, large.Length - 1);
    }

    [Fact]
    public async Task AThousandSlowHeadsHoldUpNobody()
    {
        await using var backend = new TestBackend();
        await using var mesh = await new TestMesh { HeadTimeout = Second }.Service("web", backend.Address).StartAsync();
        var slow = new List<RawConnection>();
        try
        {
            for (var i = 0; i < 1000; i++)
            {
                slow.Add(await mesh.ConnectAsync());
                await slow[i].SendAsync(Get[..^3]);
            }

            using var client = await mesh.ConnectAsync();
            Assert.Equal(200, (await client.ExchangeAsync(Get)).Status);
            foreach (var connection in slow)
            {
                await ExpectTimeoutAsync(connection);
            }

            Assert.Equal(1, backend.Requests);
        }
        finally
        {
            slow.ForEach(connection => connection.Dispose());
        }
    }

    private static async Task ExpectTimeoutAsync(RawConnection client)
    {
        var said = await client.ReadToEndAsync();
        Assert.StartsWith("HTTP/1.1 408 ", said, StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: request-head-timeout\r\n", said, StringComparison.Ordinal);
    }
}
