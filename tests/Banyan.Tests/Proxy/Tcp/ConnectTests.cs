using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>CONNECT to a destination of the mesh: declared, undeclared, absent.</summary>
public sealed class ConnectTests : IDisposable
{
    private readonly RawListener _server = new();
    private readonly TcpLab _lab = new();

    public void Dispose()
    {
        _lab.Dispose();
        _server.Dispose();
    }

    [Fact]
    public async Task ADeclaredServerMaySpeakFirst()
    {
        using var client = await ConnectAsync("mail", PortProtocol.Tcp, _server.Address);
        using var server = await _server.AcceptAsync();
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        await server.SendAsync("220 ready\r\n");
        Assert.Equal("220 ready\r\n", await client.ReadUntilAsync("\n"));
        Assert.Equal(1, _lab.Metric("banyan_tcp_connections_active", "direction=\"client\"", "destination_service=\"mail\""));
        client.FinishSending();
        await server.ExpectClosedAsync();
    }

    [Fact]
    public async Task BytesThatCameWithTheRequestAreNotLost()
    {
        using var client = await ConnectAsync("cache", PortProtocol.Tcp, _server.Address, "PING\r\n");
        using var server = await _server.AcceptAsync();
        Assert.Equal("PING\r\n", await server.ReadUntilAsync("\n"));
    }

    [Fact]
    public async Task ADeclaredDestinationThatIsNotThereIsToldInTheAnswer()
    {
        using var client = await ConnectAsync("gone", PortProtocol.Tcp, FreePorts.NextAddress());
        var answer = await client.ReadResponseAsync();
        Assert.Equal((503, "connect-failed"), (answer.Status, answer["x-banyan-error"]));
        await client.ExpectClosedAsync();
    }

    [Fact]
    public async Task ANameThatDoesNotExistIsToldInTheAnswer()
    {
        using var client = await ConnectAsync("nobody", PortProtocol.Detect);
        var answer = await client.ReadResponseAsync();
        Assert.Equal((502, "no-such-service"), (answer.Status, answer["x-banyan-error"]));
    }

    [Theory]
    [InlineData(PortProtocol.Detect)]
    [InlineData(PortProtocol.Http)]
    public async Task RequestsInsideAreRequests(PortProtocol protocol)
    {
        using var client = await ConnectAsync("web", protocol, _server.Address);
        await client.ReadUntilAsync("\r\n\r\n");
        await client.SendAsync("GET / HTTP/1.1\r\nHost: other\r\n\r\n");
        using var server = await _server.AcceptAsync();
        Assert.NotNull((await server.ReadRequestAsync())["traceparent"]);
        await server.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.Equal(204, (await client.ReadResponseAsync()).Status);
    }

    [Fact]
    public async Task AnUndeclaredServerMaySpeakFirstAfterASecond()
    {
        using var client = await ConnectAsync("old", PortProtocol.Detect, _server.Address);
        await client.ReadUntilAsync("\r\n\r\n");
        using var server = await _server.AcceptAsync();
        await server.SendAsync("login: ");
        Assert.Equal("login: ", await client.ReadExactlyAsync(7));
        Assert.Equal(1, _lab.Metric("banyan_undeclared_port_connections_total", "\"old\"", "detected=\"silent\""));
    }

    private async Task<RawConnection> ConnectAsync(string name, PortProtocol protocol, string? endpoint = null, string more = "")
    {
        var port = _lab.Outbound();
        if (endpoint is not null)
        {
            _lab.Destination(name, protocol, endpoint);
        }

        await _lab.StartAsync();
        var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync($"CONNECT {name}:80 HTTP/1.1\r\nHost: {name}:80\r\n\r\n{more}");
        return client;
    }
}
