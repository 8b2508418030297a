using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Banyan.Tests.Proxy.Tcp;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>From one sidecar's listener to another's: HTTP and TCP, which do not know of TLS.</summary>
public sealed class HopTests : IDisposable
{
    private const string Api = "spiffe://banyan.local/ns/default/sa/api";

    private readonly TcpLab _lab = new();
    private readonly TestAuthority _authority = new();
    private readonly TlsStage _stage;
    private readonly long[] _refusals = new long[TlsRefusals.Count];

    public HopTests()
    {
        _stage = new TlsStage(_lab.Worker, _refusals);
        _lab.Worker.Security = new HopSecurity(_stage);
        Secure(_authority);
    }

    public void Dispose()
    {
        _lab.Dispose();
        _lab.Worker.Security!.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task RequestsTravelSealedOnPooledConnections()
    {
        using var application = new RawListener();
        var (caller, inbound) = await HopAsync(PortProtocol.Http, application.Address);
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        using var served = await application.AcceptAsync();
        for (var i = 0; i < 3; i++)
        {
            await served.ReadUntilAsync("\r\n\r\n");
            await served.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n{new string((char)('a' + i), 40_000)}");
            await client.ReadUntilAsync("\r\n\r\n");
            Assert.Equal(new string((char)('a' + i), 40_000), await client.ReadExactlyAsync(40_000));
            await client.SendAsync($"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello");
        }

        // One connection served all of them: a ticket in between is no reason to drop it.
        Assert.Equal((2, 0), (_lab.Metric("banyan_tls_handshakes_full_total"), _lab.Metric("banyan_upstream_idle_closes_total")));

        // Whoever comes without TLS is not heard.
        using var stranger = await RawConnection.ConnectAsync(inbound);
        await stranger.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        await stranger.ExpectClosedAsync();
        Assert.Equal(1, await _lab.OnWorkerAsync(() => _refusals[(int)TlsRefusal.NotTls]));
    }

    [Fact]
    public async Task BytesTravelSealedAndAHalfCloseTravelsOn()
    {
        using var application = new RawListener();
        var (caller, _) = await HopAsync(PortProtocol.Tcp, application.Address);
        using var client = await RawConnection.ConnectAsync(caller);
        var text = new string('x', 2_000_000);
        var sending = client.SendAsync(text);
        using var served = await application.AcceptAsync();
        Assert.Equal(text, await served.ReadExactlyAsync(text.Length));
        await sending;
        await served.SendAsync("bye");
        Assert.Equal("bye", await client.ReadExactlyAsync(3));
        Assert.Equal(2, _lab.Metric("banyan_tls_handshakes_full_total"));
    }

    [Fact]
    public async Task NothingIsSentToWhoCannotProveWhoItIs()
    {
        using var foreign = new TestAuthority("foreign root");
        using var application = new RawListener();
        var (caller, _) = await HopAsync(PortProtocol.Http, application.Address);
        var mixed = TlsContext.Create(TlsLab.Settings(TlsRole.Server, foreign.Issue(RefusalCases.Web), _authority.Bundle));
        _lab.Worker.Security!.Replace(mixed, TlsContext.Create(TlsLab.Client(_authority)));
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        Assert.False(application.HasCaller(TimeSpan.Zero));
        Assert.NotEqual(0, await _lab.OnWorkerAsync(() => _refusals[(int)TlsRefusal.UntrustedChain]));

        // The next certificate is good, and nothing has to be restarted for it.
        Secure(_authority);
        await Eventually.TrueAsync(
            async () =>
            {
                await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
                if (application.HasCaller(TimeSpan.FromMilliseconds(100)))
                {
                    return true;
                }

                await client.ReadUntilAsync("\r\n\r\n");
                return false;
            },
            "a request arrives");
    }

    [Fact]
    public async Task AnotherIdentityThanTheServicesIsNotCalled()
    {
        using var application = new RawListener();
        var (caller, _) = await HopAsync(PortProtocol.Http, application.Address, expected: "spiffe://banyan.local/ns/default/sa/other");
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        Assert.False(application.HasCaller(TimeSpan.Zero));
        Assert.NotEqual(0, await _lab.OnWorkerAsync(() => _refusals[(int)TlsRefusal.UnexpectedPeer]));
    }

    [Fact]
    public async Task WithoutAnIdentityNothingIsSentToAnEndpointWithMtls()
    {
        using var application = new RawListener();
        _lab.Worker.Security!.Dispose();
        var (caller, _) = await HopAsync(PortProtocol.Http, application.Address);
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        var head = await client.ReadUntilAsync("\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503", head, StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: identity-missing", head, StringComparison.Ordinal);
        Assert.False(application.HasCaller(TimeSpan.Zero));
        Assert.Equal(0, _lab.Metric("banyan_upstream_connects_total"));
    }

    [Theory]
    [InlineData(PortProtocol.Http)]
    [InlineData(PortProtocol.Detect)]
    public async Task APermissiveListenerTakesSidecarsAndPlaintextOnOnePort(PortProtocol protocol)
    {
        using var application = new RawListener();
        var (caller, inbound) = await HopAsync(protocol, application.Address, ListenerSecurity.Permissive);
        foreach (var port in (int[])[caller, inbound])
        {
            using var client = await RawConnection.ConnectAsync(port);

            // In pieces: the first bytes tell nothing yet.
            await client.SendAsync("GE");
            await client.SendAsync("T /a HTTP/1.1\r\nHost: x\r\n\r\n");
            using var served = await application.AcceptAsync();
            await served.ReadUntilAsync("\r\n\r\n");
            await served.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 204", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        }

        Assert.Equal(2, _lab.Metric("banyan_tls_handshakes_full_total"));
    }

    [Fact]
    public async Task TlsOfTheApplicationsOwnPassesAPermissiveListener()
    {
        using var application = new RawListener();
        var (_, inbound) = await HopAsync(PortProtocol.Detect, application.Address, ListenerSecurity.Permissive);
        using var client = await RawConnection.ConnectAsync(inbound);
        var hello = TlsHello.For("db.example.com");
        await client.SendAsync(hello.AsMemory(0, 3));
        await client.SendAsync(hello.AsMemory(3));
        using var served = await application.AcceptAsync();
        Assert.Equal(System.Text.Encoding.Latin1.GetString(hello), await served.ReadExactlyAsync(hello.Length));
    }

    [Fact]
    public async Task AServerThatSpeaksFirstDoesSoBehindAPermissiveListener()
    {
        using var application = new RawListener();
        var (_, inbound) = await HopAsync(PortProtocol.Tcp, application.Address, ListenerSecurity.Permissive);
        using var client = await RawConnection.ConnectAsync(inbound);
        using var served = await application.AcceptAsync();
        await served.SendAsync("220 hello");
        Assert.Equal("220 hello", await client.ReadExactlyAsync(9));
    }

    private void Secure(TestAuthority authority) => _lab.Worker.Security!.Replace(
        TlsContext.Create(TlsLab.Server(authority)), TlsContext.Create(TlsLab.Client(authority)));

    private async Task<(int Caller, int Inbound)> HopAsync(
        PortProtocol protocol, string application, ListenerSecurity security = ListenerSecurity.Strict, string expected = Api)
    {
        _lab.Security = security;
        var inbound = _lab.Listen(protocol, ListenerRole.Inbound, ([application], 1));
        _lab.Meshed = true;
        _lab.Identities = [expected];
        var caller = _lab.Listen(protocol, $"127.0.0.1:{inbound}");
        await _lab.StartAsync();
        return (caller, inbound);
    }
}
