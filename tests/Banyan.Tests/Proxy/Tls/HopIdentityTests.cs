using System.Net;
using System.Security.Cryptography;
using Banyan.Proxy.Options;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Banyan.Tests.Proxy.Tcp;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>Who is at the other end of a hop: in metrics, for the application, and as a condition of what is sent there.</summary>
public sealed class HopIdentityTests : IDisposable
{
    private const string Api = "spiffe://banyan.local/ns/default/sa/api";
    private const string Web = "spiffe://banyan.local/ns/default/sa/web";

    private readonly TestAuthority _authority = new();
    private readonly long[] _refusals = new long[TlsRefusals.Count];
    private TcpLab _lab = null!;
    private TlsIdentity _web = null!;

    public void Dispose()
    {
        _lab.Dispose();
        _lab.Worker.Security!.Dispose();
        _authority.Dispose();
    }

    [Theory]
    [InlineData(HopMode.Http1)]
    [InlineData(HopMode.Http2)]
    public async Task RequestsAreCountedByWhoCallsAndWhoIsCalled(HopMode hop)
    {
        Lab(hop);
        using var application = new RawListener();
        var (caller, _) = await HopAsync(PortProtocol.Http, application.Address);
        using var client = await RawConnection.ConnectAsync(caller);
        RawConnection? served = null;
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
            served ??= await application.AcceptAsync();
            await AnswerAsync(served);
            await client.ReadUntilAsync("\r\n\r\n");
        }

        await CountedAsync("http_server_request_duration_seconds_count", 3, "mtls=\"true\"", $"source_identity=\"{Web}\"", "source_namespace=\"default\"");
        await CountedAsync("http_client_request_duration_seconds_count", 3, "mtls=\"true\"", $"destination_identity=\"{Api}\"");
        Assert.Equal(0, _lab.Metric("http_server_request_duration_seconds_count", "mtls=\"false\""));
        Assert.Equal(hop == HopMode.Http2 ? 1 : 0, _lab.Metric("banyan_http2_connections_total"));
        served!.Dispose();
    }

    [Fact]
    public async Task ConnectionsAreCountedByWhoCallsAndWhoIsCalled()
    {
        Lab();
        using var application = new RawListener();
        var (caller, _) = await HopAsync(PortProtocol.Tcp, application.Address);
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("x");
        using var served = await application.AcceptAsync();
        await CountedAsync("banyan_tcp_connections_opened_total", 1, "direction=\"server\"", "mtls=\"true\"", $"source_identity=\"{Web}\"");
        await CountedAsync("banyan_tcp_connections_opened_total", 1, "direction=\"client\"", "mtls=\"true\"", $"destination_identity=\"{Api}\"");
    }

    [Fact]
    public async Task WhoCallsInPlaintextIsNobody()
    {
        Lab();
        using var application = new RawListener();
        var (_, inbound) = await HopAsync(PortProtocol.Http, application.Address, ListenerSecurity.Permissive);
        using var client = await RawConnection.ConnectAsync(inbound);
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        using var served = await application.AcceptAsync();
        await AnswerAsync(served);
        await CountedAsync("http_server_request_duration_seconds_count", 1, "mtls=\"false\"", "source_namespace=\"unknown\"");
        Assert.Equal(0, _lab.Metric("http_server_request_duration_seconds_count", "identity="));
    }

    [Fact]
    public async Task AHopThatFailedBecauseNobodyProvedHimselfWasNotInPlaintext()
    {
        Lab();
        using var application = new RawListener();
        var (caller, _) = await HopAsync(PortProtocol.Http, application.Address, expected: "spiffe://banyan.local/ns/default/sa/other");
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        await CountedAsync("http_client_request_duration_seconds_count", 1, "mtls=\"true\"", "http_response_status_code=\"503\"");
        Assert.Equal(0, _lab.Metric("http_client_request_duration_seconds_count", "destination_identity="));
    }

    [Theory]
    [InlineData(HopMode.Http1)]
    [InlineData(HopMode.Http2)]
    public async Task TheApplicationIsToldWhoCallsAndByNobodyElse(HopMode hop)
    {
        Lab(hop);
        using var application = new RawListener();
        var (caller, inbound) = await HopAsync(PortProtocol.Http, application.Address, ListenerSecurity.Permissive);
        var hash = Convert.ToHexStringLower(SHA256.HashData(_web.Chain[0]));
        foreach (var (port, expected) in ((int, string?)[])
            [(caller, $"By={Api};Hash={hash};URI={Web}"), (inbound, null)])
        {
            using var client = await RawConnection.ConnectAsync(port);
            await client.SendAsync(
                $"GET /a HTTP/1.1\r\nHost: x\r\nX-Forwarded-Client-Cert: By=evil;URI={Web}\r\nAccept: */*\r\n"
                + "x-forwarded-client-cert: URI=spiffe://banyan.local/ns/default/sa/root\r\n\r\n");
            using var served = await application.AcceptAsync();
            var head = await served.ReadUntilAsync("\r\n\r\n");
            await served.SendAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            await client.ReadUntilAsync("\r\n\r\n");
            Assert.Contains("accept: */*", head, StringComparison.OrdinalIgnoreCase);
            string[] told = expected is null ? [] : [expected];
            Assert.Equal(told, head.Split("\r\n")
                .Where(line => line.StartsWith("x-forwarded-client-cert:", StringComparison.OrdinalIgnoreCase))
                .Select(line => line[(line.IndexOf(':') + 2)..]));
        }
    }

    [Fact]
    public async Task AnOutboundRequestKeepsWhatItsApplicationWrote()
    {
        Lab();
        using var application = new RawListener();
        var caller = _lab.Listen(PortProtocol.Http, application.Address);
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\nx-forwarded-client-cert: By=a\r\n\r\n");
        using var served = await application.AcceptAsync();
        Assert.Contains("x-forwarded-client-cert: By=a\r\n", await served.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoCallsCostsNothingForEachRequest()
    {
        Lab();
        _lab.Worker.MeasuresAllocations = true;
        using var application = new RawListener();
        var (caller, _) = await HopAsync(PortProtocol.Http, application.Address);
        using var client = await RawConnection.ConnectAsync(caller);
        RawConnection? served = null;
        var before = 0L;
        const int Rounds = 200;
        for (var i = 0; i < 2 * Rounds; i++)
        {
            before = i == Rounds ? await AllocatedAsync() : before;
            await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
            served ??= await application.AcceptAsync();
            Assert.Contains($"URI={Web}", await served.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
            await served.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            await client.ReadUntilAsync("\r\n\r\n");
        }

        // What the test itself asks of the reactor is all.
        Assert.InRange(await AllocatedAsync() - before, 0, 16 * Rounds);
        served!.Dispose();
    }

    /// <summary>It was opened while the endpoint was called in plaintext, and is given back after that has changed.</summary>
    [Fact]
    public async Task AConnectionIsNotUsedAgainOnceItsEndpointIsCalledOtherwise()
    {
        Lab();
        using var application = new RawListener();
        var caller = _lab.Listen(PortProtocol.Http, application.Address);
        await _lab.StartAsync();
        using var first = await RawConnection.ConnectAsync(caller);
        await first.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        using var plain = await application.AcceptAsync();
        await plain.ReadUntilAsync("\r\n\r\n");
        _lab.Secure(caller, Api);

        // A request that knows it already, while the connection is still in use.
        using var second = await RawConnection.ConnectAsync(caller);
        await second.SendAsync("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
        using var sealedOne = await application.AcceptAsync();
        Assert.Equal("\u0016", await sealedOne.ReadExactlyAsync(1));
        await plain.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await first.ReadUntilAsync("\r\n\r\n");
        await first.SendAsync("GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
        using var next = await application.AcceptAsync();
        Assert.Equal("\u0016", await next.ReadExactlyAsync(1));
        await plain.ExpectClosedAsync();
    }

    [Fact]
    public async Task AnOlderRequestDoesNotTakeAnEndpointsSecurityBack()
    {
        Lab();
        _lab.Listen(PortProtocol.Http, "127.0.0.1:1");
        await _lab.StartAsync();
        var plain = new EndpointConfig { Slot = 7, Address = new IPEndPoint(IPAddress.Loopback, 1) };
        var secured = TcpLab.Secured(plain, Api);
        Assert.True(await _lab.OnWorkerAsync(() => _lab.Worker.Clusters.Endpoint(secured).Config.Mtls));
        Assert.True(await _lab.OnWorkerAsync(() => _lab.Worker.Clusters.Endpoint(plain).Config.Mtls));
    }

    [Fact]
    public async Task AnOwnCertificateThatRanOutIsNotTheEndpointsFault()
    {
        Lab();
        using var application = new RawListener();
        var (caller, _) = await HopAsync(PortProtocol.Http, application.Address);
        var later = new ManualTime();
        later.Advance(TimeProvider.System.GetUtcNow().AddDays(30) - later.GetUtcNow());
        _lab.Worker.Security!.Replace(
            TlsContext.Create(TlsLab.Server(_authority)), TlsContext.Create(TlsLab.Client(_authority) with { Time = later }));
        using var client = await RawConnection.ConnectAsync(caller);
        for (var i = 0; i < 6; i++)
        {
            await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
            Assert.Contains("x-banyan-error: identity-expired", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
            await client.ReadUntilAsync("\n");
        }

        Assert.Equal((0, 0), (_lab.Metric("banyan_ejections_total"), _lab.Metric("banyan_upstream_connects_total")));

        // With the next certificate the endpoint is called at once.
        Secure();
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        using var served = await application.AcceptAsync();
        await served.ReadUntilAsync("\r\n\r\n");
    }

    private static async Task AnswerAsync(RawConnection served)
    {
        await served.ReadUntilAsync("\r\n\r\n");
        await served.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
    }

    private Task<long> AllocatedAsync() => _lab.OnWorkerAsync(() => _lab.Worker.Metrics.AllocatedBytes);

    private Task CountedAsync(string name, double count, params string[] labels) => Eventually.TrueAsync(
        () => _lab.Metric(name, labels) == count, $"{count} of {name} with {string.Join(' ', labels)}");

    private void Lab(HopMode hop = HopMode.Adaptive)
    {
        _lab = new TcpLab(hop);
        _lab.Worker.Security = new HopSecurity(new TlsStage(_lab.Worker, _refusals));
        Secure();
    }

    private void Secure()
    {
        _web = _authority.Issue(Web);
        _lab.Worker.Security!.Replace(
            TlsContext.Create(TlsLab.Server(_authority, Api)),
            TlsContext.Create(TlsLab.Settings(TlsRole.Client, _web, _authority.Bundle)));
    }

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
