using System.Net.Sockets;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>Declared TCP: what one side says and does, the other side sees.</summary>
public sealed class RelayTests
{
    private readonly RawListener _server = new();
    private readonly TcpLab _lab = new();

    [Theory]
    [InlineData(ListenerRole.Inbound)]
    [InlineData(ListenerRole.Upstream)]
    public async Task BytesGoBothWaysAndAHalfCloseTravelsOn(ListenerRole role)
    {
        var (client, server) = await OpenAsync(_lab.Listen(PortProtocol.Tcp, role, ([_server.Address], 1)));
        await client.SendAsync("GET / nothing of HTTP");
        Assert.Equal("GET / nothing of HTTP", await server.ReadExactlyAsync(21));
        client.FinishSending();
        await server.ExpectClosedAsync();
        await server.SendAsync("an answer after the end");
        Assert.Equal("an answer after the end", await client.ReadExactlyAsync(23));
        server.FinishSending();
        await client.ExpectClosedAsync();
        await Eventually.TrueAsync(() => Closed("finished") == 1, "it has ended");
        Assert.Equal(0, await _lab.OnWorkerAsync(() => _lab.Worker.Connections.Count + _lab.Worker.InFlight));
        var direction = role == ListenerRole.Inbound ? "direction=\"server\"" : "direction=\"client\"";
        Assert.Equal(21, _lab.Metric("banyan_tcp_relayed_bytes_total", "to=\"destination\"", direction));
        Assert.Equal(23, _lab.Metric("banyan_tcp_relayed_bytes_total", "to=\"source\"", direction));
        Assert.Equal(1, _lab.Metric("banyan_tcp_connection_duration_seconds_count", direction));
    }

    [Fact]
    public async Task AServerThatSpeaksFirstIsHeardAtOnce()
    {
        var (client, server) = await OpenAsync(_lab.Listen(PortProtocol.Tcp, _server.Address));
        await server.SendAsync("220 ready\r\n");
        Assert.Equal("220 ready\r\n", await client.ReadUntilAsync("\n"));
        Assert.Equal(1, _lab.Metric("banyan_tcp_connections_active"));
        Assert.Equal(0, _lab.Metric("banyan_undeclared_port_connections_total"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task AResetTravelsOnAsAReset(bool byClient)
    {
        var (client, server) = await OpenAsync(_lab.Listen(PortProtocol.Tcp, _server.Address));
        await client.SendAsync("hello");
        await server.ReadExactlyAsync(5);
        (byClient ? client : server).Reset();
        await Assert.ThrowsAsync<SocketException>(() => (byClient ? server : client).ReadExactlyAsync(1));
        var end = byClient ? "reset-by-source" : "reset-by-destination";
        await Eventually.TrueAsync(() => Closed(end) == 1, "the reset is counted");
    }

    [Fact]
    public async Task AResetIsNotHeldUpByBytesThatNobodyTakes()
    {
        var (client, server) = await OpenAsync(_lab.Listen(PortProtocol.Tcp, _server.Address));
        using var sending = new CancellationTokenSource();
        var sent = new SentSoFar();
        var flood = BulkData.FloodAsync(client, sent, sending.Token);
        await sent.StuckAsync();
        client.Reset();
        await Eventually.TrueAsync(() => Closed("reset-by-source") == 1, "the reset arrived");
        await sending.CancelAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => flood);
        await Assert.ThrowsAsync<SocketException>(() => server.DiscardAsync(long.MaxValue));
    }

    [Fact]
    public async Task AConnectionOnWhichNothingMovesEnds()
    {
        _lab.Idle = TimeSpan.FromMilliseconds(300);
        var (client, server) = await OpenAsync(_lab.Listen(PortProtocol.Tcp, _server.Address));
        await client.SendAsync("x");
        await server.ReadExactlyAsync(1);
        await client.ExpectClosedAsync();
        await server.ExpectClosedAsync();
        Assert.Equal(1, Closed("idle"));
    }

    [Fact]
    public async Task ManySmallMessagesAllocateNothing()
    {
        var (client, server) = await OpenAsync(_lab.Listen(PortProtocol.Tcp, _server.Address));
        await PingAsync(client, server, 2_000);
        var allocated = long.MaxValue;

        // The two questions allocate a little of their own on that thread, and something that grows once may grow here: then the
        // next 10,000 decide.
        for (var window = 0; window < 4 && allocated > 1_000; window++)
        {
            var before = await _lab.OnWorkerAsync(GC.GetAllocatedBytesForCurrentThread);
            await PingAsync(client, server, 10_000);
            allocated = await _lab.OnWorkerAsync(GC.GetAllocatedBytesForCurrentThread) - before;
        }

        Assert.InRange(allocated, 0, 1_000);
    }

    [Fact]
    public async Task WhatIsUnderWaySurvivesADrain()
    {
        var (client, server) = await OpenAsync(_lab.Listen(PortProtocol.Tcp, ListenerRole.Inbound, ([_server.Address], 1)));
        await client.SendAsync("before");
        await server.ReadExactlyAsync(6);
        await _lab.OnWorkerAsync(() =>
        {
            _lab.Worker.DrainsInbound = true;
            _lab.Worker.CloseIdle(inbound: true);
            return 0;
        });
        Assert.Equal((1, 1), (_lab.Worker.InboundConnections, _lab.Worker.InFlight));
        await server.SendAsync("after");
        Assert.Equal("after", await client.ReadExactlyAsync(5));
        client.FinishSending();
        server.FinishSending();
        await client.ExpectClosedAsync();
        await Eventually.TrueAsync(() => _lab.Worker.InboundConnections + _lab.Worker.InFlight == 0, "nothing is under way");
    }

    private static async Task PingAsync(RawConnection client, RawConnection server, int times)
    {
        var message = new byte[100];
        for (var i = 0; i < times; i++)
        {
            await client.SendAsync(message);
            await server.DiscardAsync(message.Length);
            await server.SendAsync(message);
            await client.DiscardAsync(message.Length);
        }
    }

    private double Closed(string end) => _lab.Metric("banyan_tcp_connections_closed_total", $"end=\"{end}\"");

    private async Task<(RawConnection Client, RawConnection Server)> OpenAsync(int port)
    {
        await _lab.StartAsync();
        var client = await RawConnection.ConnectAsync(port);
        return (client, await _server.AcceptAsync());
    }
}
