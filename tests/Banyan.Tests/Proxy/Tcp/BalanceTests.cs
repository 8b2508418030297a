using System.Net.Sockets;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>Where a connection goes, and what happens when nobody is there.</summary>
public sealed class BalanceTests
{
    private readonly TcpLab _lab = new();

    [Fact]
    public async Task OpenConnectionsAreSpreadEvenly()
    {
        using var one = new RawListener();
        using var other = new RawListener();
        var port = _lab.Listen(PortProtocol.Tcp, one.Address, other.Address);
        await _lab.StartAsync();
        var open = await OpenAsync(port, 20);
        await Eventually.TrueAsync(() => Opened() == 20, "all are connected");
        for (var i = 0; i < 10; i++)
        {
            open.Add(await one.AcceptAsync());
            open.Add(await other.AcceptAsync());
        }

        open.ForEach(connection => connection.Dispose());
    }

    [Fact]
    public async Task BackendsGetTheirShare()
    {
        using var three = new RawListener();
        using var one = new RawListener();
        var port = _lab.Listen(PortProtocol.Tcp, ListenerRole.Upstream, ([three.Address], 3), ([one.Address], 1));
        await _lab.StartAsync();
        var open = await OpenAsync(port, 100);
        await Eventually.TrueAsync(() => Opened() == 100, "all are connected");

        // Six standard deviations around 75.
        Assert.InRange(_lab.Metric("banyan_tcp_connections_opened_total", "/0\""), 49, 99);
        open.ForEach(connection => connection.Dispose());
    }

    [Fact]
    public async Task AnEndpointThatRefusesIsPassedOverAndEjected()
    {
        using var good = new RawListener();
        var port = _lab.Listen(PortProtocol.Tcp, FreePorts.NextAddress(), good.Address);
        await _lab.StartAsync();
        for (var i = 0; i < 30; i++)
        {
            using var client = await RawConnection.ConnectAsync(port);
            using var server = await good.AcceptAsync();
            await client.SendAsync("x");
            Assert.Equal("x", await server.ReadExactlyAsync(1));
        }

        Assert.Equal(30, Opened());
        Assert.InRange(await CountAsync(Counter.Ejections), 1, 2);
        Assert.InRange(await CountAsync(Counter.Retries), 5, 8);
    }

    [Fact]
    public async Task WithoutAnybodyTheClientIsReset()
    {
        var port = _lab.Listen(PortProtocol.Tcp, FreePorts.NextAddress());
        var empty = _lab.Listen(PortProtocol.Tcp, []);
        await _lab.StartAsync();
        await ResetAsync(port);
        await ResetAsync(empty);
        await Eventually.TrueAsync(() => Failures("connect-failed") == 1 && Failures("no-healthy-endpoint") == 1, "both are counted");
        Assert.Equal(0, Opened());
        Assert.Equal(1, await CountAsync(Counter.UpstreamConnectFailures));
    }

    [Fact]
    public async Task BeyondTheLimitOneWaitsAndTheNextIsReset()
    {
        using var listener = new RawListener();
        (_lab.MaxConnections, _lab.MaxPending) = (1, 1);
        var port = _lab.Listen(PortProtocol.Tcp, listener.Address);
        await _lab.StartAsync();
        using var first = await RawConnection.ConnectAsync(port);
        using var served = await listener.AcceptAsync();
        using var waiting = await RawConnection.ConnectAsync(port);
        await Eventually.TrueAsync(() => _lab.OnWorkerAsync(() => _lab.Worker.InFlight == 2), "the second waits");
        await ResetAsync(port);
        Assert.Equal(1, Failures("overflow"));

        first.Dispose();
        served.Dispose();
        using var next = await listener.AcceptAsync();
        await next.SendAsync("yours");
        Assert.Equal("yours", await waiting.ReadExactlyAsync(5));
    }

    [Fact]
    public async Task ASidecarThatResetsBeforeAWordCountsAsAnEndpointThatRefuses()
    {
        using var listener = new RawListener();
        var port = _lab.Listen(PortProtocol.Tcp, listener.Address);
        await _lab.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            using var client = await RawConnection.ConnectAsync(port);
            (await listener.AcceptAsync()).Reset();
            await Assert.ThrowsAsync<SocketException>(() => client.ReadExactlyAsync(1));
        }

        await Eventually.TrueAsync(async () => await CountAsync(Counter.Ejections) == 1, "it is ejected");
    }

    private static async Task<List<RawConnection>> OpenAsync(int port, int count)
    {
        var open = new List<RawConnection>();
        for (var i = 0; i < count; i++)
        {
            open.Add(await RawConnection.ConnectAsync(port));
        }

        return open;
    }

    /// <summary>The reset may come while the client still takes note of its connection.</summary>
    private static Task ResetAsync(int port) => Assert.ThrowsAsync<SocketException>(async () =>
    {
        using var client = await RawConnection.ConnectAsync(port);
        await client.ReadExactlyAsync(1);
    });

    private double Opened() => _lab.Metric("banyan_tcp_connections_opened_total");

    private double Failures(string error) => _lab.Metric("banyan_tcp_connection_failures_total", $"error=\"{error}\"");

    private Task<long> CountAsync(Counter counter) => _lab.OnWorkerAsync(() => _lab.Worker.Metrics.Counters[(int)counter]);
}
