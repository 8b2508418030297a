using System.Security.Cryptography;
using Banyan.Proxy.Options;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Banyan.Tests.Proxy.Tcp;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>A denied certificate opens nothing, resumes nothing, and keeps nothing open.</summary>
public sealed class DenialTests : IDisposable
{
    private const string Api = "spiffe://banyan.local/ns/default/sa/api";
    private const string Web = "spiffe://banyan.local/ns/default/sa/web";

    private readonly TestAuthority _authority = new();
    private readonly TlsIdentity _api;
    private readonly TlsIdentity _web;

    /// <summary>What the server denies, and the client.</summary>
    private readonly DeniedSerials _ofServer = new();
    private readonly DeniedSerials _ofClient = new();

    public DenialTests() => (_api, _web) = (_authority.Issue(Api), _authority.Issue(Web));

    public void Dispose() => _authority.Dispose();

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    [InlineData(false, true)]
    public async Task ItOpensNothingAndResumesNothing(bool client, bool resumes)
    {
        using var lab = new TlsLab();
        using var near = Server();
        using var far = Client();
        var target = new TlsTarget([Api], "api-1");
        if (resumes)
        {
            var first = await lab.MeetAsync(near, far, target);
            Assert.True(first.ServerAgreed && first.ClientAgreed, first.ToString());
            await lab.WriteAsync(first.ServerSock, "hi"u8.ToArray());
            await lab.ReadAsync(first.ClientSock, 2);
        }

        Deny(client);
        var meeting = await lab.MeetAsync(near, far, target);
        var (refuser, other) = client ? (meeting.Server, meeting.Client) : (meeting.Client, meeting.Server);
        Assert.False(client ? meeting.ServerAgreed : meeting.ClientAgreed, meeting.ToString());
        Assert.Equal(resumes, refuser.Resumed);
        Assert.Equal((TlsRefusal.Denied, ""), (refuser.Refusal, refuser.PeerId));
        Assert.Equal($"the certificate {Serial(client ? _web : _api)} of {(client ? Web : Api)} is denied", refuser.Reason);
        Assert.Equal(1, lab.Refusals[(int)TlsRefusal.Denied]);
        if (!client && !resumes)
        {
            Assert.Equal(TlsRefusal.RefusedByPeer, other.Refusal);
            Assert.Contains("revoked", other.Reason, StringComparison.Ordinal);
        }

        // It is not tried again, and others are not meant.
        Assert.Equal(0, client ? 0 : await lab.CallAsync(() => far.Sessions.Count));
        _ofServer.Replace([]);
        _ofClient.Replace(["1234"]);
        meeting = await lab.MeetAsync(near, far, target);
        Assert.True(meeting.ServerAgreed && meeting.ClientAgreed, meeting.ToString());
    }

    [Theory]
    [InlineData(true, HopMode.Http1)]
    [InlineData(false, HopMode.Http1)]
    [InlineData(true, HopMode.Http2)]
    [InlineData(false, HopMode.Http2)]
    public async Task AnIdleConnectionOfRequestsEnds(bool client, HopMode hop)
    {
        await using var mesh = new Hop(this, hop);
        using var application = new RawListener();
        var caller = await mesh.StartAsync(PortProtocol.Http, application.Address);
        using var connection = await RawConnection.ConnectAsync(caller);
        await connection.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        using var served = await application.AcceptAsync();
        await served.ReadUntilAsync("\r\n\r\n");
        await served.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        await connection.ReadUntilAsync("\r\n\r\n");
        Deny(client);
        await mesh.ClosedAsync();

        // What comes next is refused, and not sent.
        await connection.SendAsync("GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 503", await connection.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, HopMode.Http1)]
    [InlineData(false, HopMode.Http1)]
    [InlineData(true, HopMode.Http2)]
    [InlineData(false, HopMode.Http2)]
    public async Task ARequestUnderWayIsBrokenOff(bool client, HopMode hop)
    {
        await using var mesh = new Hop(this, hop);
        using var application = new RawListener();
        var caller = await mesh.StartAsync(PortProtocol.Http, application.Address);
        using var connection = await RawConnection.ConnectAsync(caller);
        await connection.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        using var served = await application.AcceptAsync();
        await served.ReadUntilAsync("\r\n\r\n");
        await served.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ");
        await connection.ReadUntilAsync("half ");
        Deny(client);
        await mesh.ClosedAsync();
        await connection.ExpectClosedAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ARelayIsBrokenOff(bool client)
    {
        await using var mesh = new Hop(this, HopMode.Adaptive);
        using var application = new RawListener();
        var caller = await mesh.StartAsync(PortProtocol.Tcp, application.Address);
        using var connection = await RawConnection.ConnectAsync(caller);
        await connection.SendAsync("hello");
        using var served = await application.AcceptAsync();
        Assert.Equal("hello", await served.ReadExactlyAsync(5));
        Deny(client);
        await mesh.ClosedAsync();
        await connection.ExpectClosedAsync();
        await served.ExpectClosedAsync();
    }

    /// <summary>Another list does not touch who is not in it.</summary>
    [Fact]
    public async Task OthersGoOn()
    {
        await using var mesh = new Hop(this, HopMode.Adaptive);
        using var application = new RawListener();
        var caller = await mesh.StartAsync(PortProtocol.Tcp, application.Address);
        using var connection = await RawConnection.ConnectAsync(caller);
        await connection.SendAsync("hello");
        using var served = await application.AcceptAsync();
        _ofServer.Replace(["1234", Serial(_api)]);
        _ofClient.Replace(["1234", Serial(_web)]);
        await mesh.CloseAsync();
        await connection.SendAsync(" again");
        Assert.Equal("hello again", await served.ReadExactlyAsync(11));
    }

    private static string Serial(TlsIdentity identity)
    {
        using var leaf = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificate(identity.Chain[0]);
        return leaf.SerialNumber.ToLowerInvariant();
    }

    private void Deny(bool client)
    {
        if (client)
        {
            _ofServer.Replace([Serial(_web)]);
        }
        else
        {
            _ofClient.Replace([Serial(_api)]);
        }
    }

    private TlsContext Server() => TlsContext.Create(
        TlsLab.Settings(TlsRole.Server, _api, _authority.Bundle) with
        {
            Denied = _ofServer,
            TicketKeys = RandomNumberGenerator.GetBytes(TlsContext.TicketKeysSize),
        });

    private TlsContext Client() => TlsContext.Create(
        TlsLab.Settings(TlsRole.Client, _web, _authority.Bundle) with { Denied = _ofClient });

    /// <summary>Two listeners of one worker, mTLS between them.</summary>
    private sealed class Hop : IAsyncDisposable
    {
        private readonly TcpLab _lab;
        private readonly long[] _refusals = new long[TlsRefusals.Count];

        public Hop(DenialTests owner, HopMode mode)
        {
            _lab = new TcpLab(mode);
            _lab.Worker.Security = new HopSecurity(new TlsStage(_lab.Worker, _refusals));
            _lab.Worker.Security.Replace(owner.Server(), owner.Client());
        }

        public async Task<int> StartAsync(PortProtocol protocol, string application)
        {
            _lab.Security = ListenerSecurity.Strict;
            var inbound = _lab.Listen(protocol, ListenerRole.Inbound, ([application], 1));
            _lab.Meshed = true;
            _lab.Identities = [Api];
            var caller = _lab.Listen(protocol, $"127.0.0.1:{inbound}");
            await _lab.StartAsync();
            return caller;
        }

        public async Task CloseAsync()
        {
            _lab.Worker.Security!.CloseDenied();
            await _lab.OnWorkerAsync(() => true);
        }

        /// <summary>The connection of the hop ended, and is counted once.</summary>
        public async Task ClosedAsync()
        {
            await CloseAsync();
            Assert.Equal(1, await _lab.OnWorkerAsync(() => _refusals[(int)TlsRefusal.Denied]));
        }

        public ValueTask DisposeAsync()
        {
            _lab.Dispose();
            _lab.Worker.Security!.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
