using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>Ports whose protocol nobody declared: the first bytes tell, or their absence.</summary>
public sealed class UndeclaredTests : IDisposable
{
    private const string Request = "GET /at HTTP/1.1\r\nHost: a\r\n\r\n";

    private readonly RawListener _server = new();
    private readonly TcpLab _lab = new();

    public void Dispose()
    {
        _lab.Dispose();
        _server.Dispose();
    }

    [Theory]
    [InlineData(ListenerRole.Inbound)]
    [InlineData(ListenerRole.Upstream)]
    public async Task ARequestSplitAnywhereIsServedAsHttp(ListenerRole role)
    {
        var port = _lab.Listen(PortProtocol.Detect, role, ([_server.Address], 1));
        await _lab.StartAsync();
        for (var split = 1; split < Request.Length; split++)
        {
            using var client = await RawConnection.ConnectAsync(port);
            await client.SendAsync(Request[..split]);
            await TakenAsync(client);
            await client.SendAsync(Request[split..]);
            using var server = await _server.AcceptAsync();
            var request = await server.ReadRequestAsync();

            // The sidecar adds to a request that it understands.
            Assert.NotNull(request["traceparent"]);
            await server.SendAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            Assert.Equal(204, (await client.ReadResponseAsync()).Status);
        }

        Assert.Equal(Request.Length - 1, Detected("http/1"));
        Assert.Equal(0, _lab.Metric("banyan_tcp_connections_opened_total"));
    }

    [Theory]
    [InlineData("*1\r\n$4\r\nPING\r\n", "tcp")]
    [InlineData("GET key\r\n", "tcp")]
    [InlineData("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "tls")]
    public async Task OtherBytesSplitAnywhereArriveUnchanged(string bytes, string detected)
    {
        var port = _lab.Listen(PortProtocol.Detect, _server.Address);
        await _lab.StartAsync();
        for (var split = 1; split < bytes.Length; split++)
        {
            using var client = await RawConnection.ConnectAsync(port);
            await client.SendAsync(bytes[..split]);
            await TakenAsync(client);
            await client.SendAsync(bytes[split..]);
            using var server = await _server.AcceptAsync();
            Assert.Equal(bytes, await server.ReadExactlyAsync(bytes.Length));
            await server.SendAsync("+PONG\r\n");
            Assert.Equal("+PONG\r\n", await client.ReadUntilAsync("\n"));
        }

        Assert.Equal(bytes.Length - 1, Detected(detected));
    }

    [Fact]
    public async Task ASilentClientHearsTheServerAfterASecond()
    {
        var port = _lab.Listen(PortProtocol.Detect, _server.Address);
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        using var server = await _server.AcceptAsync();
        await server.SendAsync("220 mail.test\r\n");
        Assert.Equal("220 mail.test\r\n", await client.ReadUntilAsync("\n"));
        Assert.Equal((1, 0), (Detected("silent"), Detected("tcp")));
    }

    [Fact]
    public async Task AClientThatHasFinishedWithoutAWordIsHandedOn()
    {
        var port = _lab.Listen(PortProtocol.Detect, _server.Address);
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        client.FinishSending();
        using var server = await _server.AcceptAsync();
        await server.ExpectClosedAsync();
        await server.SendAsync("Sunday\r\n");
        Assert.Equal("Sunday\r\n", await client.ReadUntilAsync("\n"));
    }

    [Fact]
    public async Task TheApplicationsOwnTlsPassesUntouched()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=app.test", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(99));
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = _lab.Listen(PortProtocol.Detect, listener.LocalEndpoint.ToString()!);
        await _lab.StartAsync();

        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var client = new SslStream(socket.GetStream(), false, (_, seen, _, _) => seen!.Subject == "CN=app.test");
        var handshake = client.AuthenticateAsClientAsync("app.test");
        using var accepted = await Eventually.WithinAsync(listener.AcceptTcpClientAsync(), "the connection");
        await using var server = new SslStream(accepted.GetStream());
        await Eventually.WithinAsync(server.AuthenticateAsServerAsync(certificate), "the handshake");
        await Eventually.WithinAsync(handshake, "the client's handshake");
        await server.WriteAsync("secret"u8.ToArray());
        var got = new byte[6];
        await client.ReadExactlyAsync(got);
        Assert.Equal("secret", Encoding.ASCII.GetString(got));
        Assert.Equal(1, Detected("tls"));
    }

    [Fact]
    public async Task WhatIsDeclaredWins()
    {
        var tcp = _lab.Listen(PortProtocol.Tcp, _server.Address);
        var http = _lab.Listen(PortProtocol.Http, _server.Address);
        await _lab.StartAsync();
        using var raw = await RawConnection.ConnectAsync(tcp);
        await raw.SendAsync(Request);
        using var server = await _server.AcceptAsync();
        Assert.Equal(Request, await server.ReadExactlyAsync(Request.Length));

        using var refused = await RawConnection.ConnectAsync(http);
        await refused.SendAsync("*1\r\n$4\r\nPING\r\n\r\n");
        Assert.Equal(400, (await refused.ReadResponseAsync()).Status);
        Assert.Equal(0, _lab.Metric("banyan_undeclared_port_connections_total"));
    }

    private double Detected(string protocol) =>
        _lab.Metric("banyan_undeclared_port_connections_total", "server_port=\"80\"", $"detected=\"{protocol}\"");

    /// <summary>The first piece must have been looked at before the second comes, or the two are one.</summary>
    private async Task TakenAsync(RawConnection client)
    {
        await Eventually.TrueAsync(
            () => _lab.OnWorkerAsync(() => _lab.Worker.Connections.Any(
                open => !open.Idle || open.In is not null)),
            $"the first bytes of port {client.LocalPort} are taken");
    }
}
