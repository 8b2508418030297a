using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>Declared TCP: what one side says and does, the other side sees.</summary>
public sealed class RelayTests
{
    [Theory]
    [InlineData(ListenerRole.Inbound)]
    [InlineData(ListenerRole.Upstream)]
    public async Task BytesGoBothWaysAndAHalfCloseTravelsOn(ListenerRole role)
    {
        using var listener = new RawListener();
        using var lab = new TcpLab();
        var port = lab.Listen(PortProtocol.Tcp, role, ([listener.Address], 1));
        await lab.StartAsync();

        using var client = await RawConnection.ConnectAsync(port);
        using var server = await listener.AcceptAsync();
        await client.SendAsync("GET / nothing of HTTP");
        Assert.Equal("GET / nothing of HTTP", await server.ReadExactlyAsync(21));
        client.FinishSending();
        await server.ExpectClosedAsync();
        await server.SendAsync("an answer after the end");
        Assert.Equal("an answer after the end", await client.ReadExactlyAsync(23));
        server.FinishSending();
        await client.ExpectClosedAsync();
        await Eventually.TrueAsync(() => lab.Metric("banyan_tcp_connections_closed_total", "end=\"finished\"") == 1, "it is closed");
        Assert.Equal(0, await lab.OnWorkerAsync(() => lab.Worker.Connections.Count + lab.Worker.InFlight));
    }

    [Fact]
    public async Task AServerThatSpeaksFirstIsHeardAtOnce()
    {
        using var listener = new RawListener();
        using var lab = new TcpLab();
        var port = lab.Listen(PortProtocol.Tcp, listener.Address);
        await lab.StartAsync();

        using var client = await RawConnection.ConnectAsync(port);
        using var server = await listener.AcceptAsync();
        await server.SendAsync("220 ready\r\n");
        Assert.Equal("220 ready\r\n", await client.ReadUntilAsync("\n"));
    }
}
