using System.Net.Sockets;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>What is open when the time to drain is up ends in a reset on both sides: a cut transfer must not look complete.</summary>
public sealed class CutOffTests : IDisposable
{
    private readonly RawListener _server = new();
    private readonly TcpLab _lab = new();

    public void Dispose()
    {
        _lab.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task ARelay()
    {
        var port = _lab.Listen(PortProtocol.Tcp, _server.Address);
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync("ping");
        using var server = await _server.AcceptAsync();
        await server.ReadExactlyAsync(4);
        await EndsAsync(client, server);
    }

    [Fact]
    public async Task AnUpgradedConnection()
    {
        var port = _lab.Listen(PortProtocol.Http, _server.Address);
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
        using var server = await _server.AcceptAsync();
        await server.ReadRequestAsync();
        await server.SendAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n");
        await client.ReadUntilAsync("\r\n\r\n");
        await EndsAsync(client, server);
    }

    [Fact]
    public async Task AResponse()
    {
        var port = _lab.Listen(PortProtocol.Http, _server.Address);
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
        using var server = await _server.AcceptAsync();
        await server.ReadRequestAsync();
        await server.SendAsync("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf");
        await client.ReadUntilAsync("half");
        await _lab.OnWorkerAsync(CutOff);
        await Assert.ThrowsAsync<SocketException>(() => client.ReadUntilAsync("the end"));
        await server.ExpectClosedAsync();
    }

    private async Task EndsAsync(RawConnection client, RawConnection server)
    {
        await _lab.OnWorkerAsync(CutOff);
        await Assert.ThrowsAsync<SocketException>(() => client.ReadUntilAsync("the end"));
        await Assert.ThrowsAsync<SocketException>(() => server.ReadUntilAsync("the end"));
        await Eventually.TrueAsync(() => _lab.Worker is { OpenConnections: 0, InFlight: 0 }, "nothing is open");
    }

    private bool CutOff()
    {
        _lab.Worker.CutOff(inbound: false);
        return true;
    }
}
