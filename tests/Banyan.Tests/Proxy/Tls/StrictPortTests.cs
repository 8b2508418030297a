using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Banyan.Tests.Proxy.Tcp;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>Nothing in plaintext gets through a strict port, in whatever order or at whatever time it comes.</summary>
public sealed class StrictPortTests : IDisposable
{
    /// <summary>What comes first on the connection, and what it is refused as; the test's names are rules of the table.</summary>
    internal static readonly (string Name, PortProtocol Protocol, string Bytes, string Reason)[] Cases =
    [
        ("a request", PortProtocol.Http, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not-tls"),
        ("a request on an undeclared port", PortProtocol.Detect, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not-tls"),
        ("a CONNECT", PortProtocol.Http, "CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n", "not-tls"),
        ("the preface of HTTP/2", PortProtocol.Http, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "not-tls"),
        ("bytes on a TCP port", PortProtocol.Tcp, "hello, is this a database?", "not-tls"),
        ("a request for an upgrade to TLS", PortProtocol.Http, "OPTIONS * HTTP/1.1\r\nHost: x\r\nUpgrade: TLS/1.3\r\nConnection: upgrade\r\n\r\n", "not-tls"),
        ("a record that is none", PortProtocol.Tcp, "\u0017\u0003\u0003\u0000\u0005abcde", "malformed"),
    ];

    private readonly TcpLab _lab = new();
    private readonly TestAuthority _authority = new();
    private readonly RawListener _application = new();

    public StrictPortTests()
    {
        _lab.Worker.Security = new HopSecurity(new TlsStage(_lab.Worker, _lab.Worker.Metrics.TlsRefusals));
        _lab.Worker.Security.Replace(TlsContext.Create(TlsLab.Server(_authority)), TlsContext.Create(TlsLab.Client(_authority)));
        _lab.Security = ListenerSecurity.Strict;
    }

    public static TheoryData<string> Names => [.. Cases.Select(each => each.Name)];

    public void Dispose()
    {
        _lab.Dispose();
        _lab.Worker.Security!.Dispose();
        _authority.Dispose();
        _application.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task IsRefused(string name)
    {
        var (_, protocol, bytes, reason) = Cases.Single(each => each.Name == name);
        var port = _lab.Listen(protocol, ListenerRole.Inbound, ([_application.Address], 1));
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync(bytes);

        // An alert at most, and the end.
        Assert.InRange((await client.ReadToEndAsync()).Length, 0, 7);
        Assert.False(_application.HasCaller(TimeSpan.Zero));
        Assert.Equal(1, await RefusedAsync(reason));
        Assert.Equal(1, await RefusedAsync());
    }

    /// <summary>Silence, by which a permissive port takes the server for the one who speaks first, opens nothing here.</summary>
    [Theory]
    [InlineData(PortProtocol.Tcp)]
    [InlineData(PortProtocol.Detect)]
    public async Task WhoComesLateIsRefusedToo(PortProtocol protocol)
    {
        using var beside = new RawListener();
        var strict = _lab.Listen(protocol, ListenerRole.Inbound, ([_application.Address], 1));
        _lab.Security = ListenerSecurity.Permissive;
        var permissive = _lab.Listen(PortProtocol.Tcp, ListenerRole.Inbound, ([beside.Address], 1));
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(strict);
        using var other = await RawConnection.ConnectAsync(permissive);

        // It was silent for as long as that one needs.
        using var served = await beside.AcceptAsync();
        Assert.False(_application.HasCaller(TimeSpan.Zero));
        await client.SendAsync("hello");
        Assert.InRange((await client.ReadToEndAsync()).Length, 0, 7);
        Assert.False(_application.HasCaller(TimeSpan.Zero));
        Assert.Equal(1, await RefusedAsync("not-tls"));
    }

    /// <summary>What <c>banyan_tls_refusals</c> counts, of one reason or of all.</summary>
    private Task<long> RefusedAsync(string? reason = null) => _lab.OnWorkerAsync(() => _lab.Worker.Metrics.TlsRefusals
        .Where((_, refusal) => reason is null || TlsRefusals.Labels[refusal] == reason).Sum());
}
