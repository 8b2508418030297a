using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Rules.Authorization;
using Banyan.Testing;
using Banyan.Tests.Proxy.Tcp;
using Banyan.Xds.Authorization;
using Xunit;
using Action = Banyan.Xds.Authorization.RBAC.Types.Action;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>A sidecar decides who may call its application: by what the caller's certificate proved, before a byte arrives.</summary>
public sealed class AuthorizationHopTests : IDisposable
{
    private const string Api = "spiffe://banyan.local/ns/default/sa/api";
    private const string Web = "spiffe://banyan.local/ns/default/sa/web";
    private const string ByCaller = $$"""{"principals": [{"authenticated": {"principalName": {"exact": "{{Web}}" } } }], "permissions": [{"any": true}]}""";
    private const string ByOther = """{"principals": [{"authenticated": {"principalName": {"exact": "spiffe://banyan.local/ns/default/sa/other"}}}], "permissions": [{"any": true}]}""";
    private const string ByAnybodyOnA = """{"principals": [{"any": true}], "permissions": [{"urlPath": {"path": {"exact": "/a"}}}]}""";
    private const string ByLoopback = """{"principals": [{"directRemoteIp": {"addressPrefix": "127.0.0.0", "prefixLen": 8}}], "permissions": [{"any": true}]}""";
    private const string Request = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

    /// <summary>Paths by which somebody who may call /a alone tries another one, and what they are told.</summary>
    internal static readonly (string Path, int Status, string Error)[] Tricks =
    [
        ("/a/../b", 403, "authorization-denied"),
        ("/a/%2e%2e/b", 403, "authorization-denied"),
        ("/a/.%2E/b", 403, "authorization-denied"),
        ("/a/./../b", 403, "authorization-denied"),
        ("//b", 403, "authorization-denied"),
        ("/b//../b", 403, "authorization-denied"),
        ("/a;x", 403, "authorization-denied"),
        ("/a;/../b", 403, "authorization-denied"),
        ("/a/..;/b", 403, "authorization-denied"),
        ("/%252e%252e/a", 403, "authorization-denied"),
        ("/b/%252e%252e/a", 403, "authorization-denied"),
        ("/a%3Fb", 403, "authorization-denied"),
        ("/a%23", 403, "authorization-denied"),
        ("/a%20", 403, "authorization-denied"),
        ("/A", 403, "authorization-denied"),
        ("/a/", 403, "authorization-denied"),
        ("/b%2f..%2fa", 400, "path-refused"),
        ("/b%2F../a", 400, "path-refused"),
        ("/b%5c..%5ca", 400, "path-refused"),
        ("/b\\..\\a", 400, "path-refused"),
        ("/a%00", 400, "path-refused"),
        ("/a%", 400, "path-refused"),
        ("/a%zz", 400, "path-refused"),
        ("/../a", 400, "path-refused"),
    ];

    private readonly TcpLab _lab = new();
    private readonly TestAuthority _authority = new();
    private readonly RawListener _application = new();

    public AuthorizationHopTests()
    {
        _lab.Worker.Security = new HopSecurity(new TlsStage(_lab.Worker, new long[TlsRefusals.Count]));
        _lab.Worker.Security.Replace(TlsContext.Create(TlsLab.Server(_authority)), TlsContext.Create(TlsLab.Client(_authority)));
    }

    public void Dispose()
    {
        _lab.Dispose();
        _lab.Worker.Security!.Dispose();
        _authority.Dispose();
        _application.Dispose();
    }

    [Fact]
    public async Task WhoIsAllowedArrives()
    {
        var (caller, _) = await HopAsync(PortProtocol.Http, Action.Allow, ByCaller);
        await ServedAsync(caller, Request);
        Assert.Equal(0, _lab.Metric("banyan_authorization_denied_total"));
    }

    [Fact]
    public async Task WhoIsNotIsToldWhichPolicyDenies()
    {
        var (caller, _) = await HopAsync(PortProtocol.Http, Action.Allow, ByOther);
        var head = await DeniedAsync(caller, Request);
        Assert.Contains("x-banyan-error: authorization-denied", head, StringComparison.Ordinal);
        Assert.Contains("x-banyan-denied-by: shop/p\r\n", head, StringComparison.Ordinal);
        Assert.Equal(1, _lab.Metric("banyan_authorization_denied_total"));
    }

    [Theory]
    [InlineData("text/plain", "HTTP/2 403")]
    [InlineData("application/grpc", "grpc-status: 7")]
    public async Task AStreamIsDeniedInItsOwnWords(string type, string expected)
    {
        var (caller, _) = await HopAsync(PortProtocol.Http, Action.Allow, ByOther);
        var result = await TestProcess.RunAsync(
            "curl", ["-s", "--http2-prior-knowledge", "-D", "-", "-d", "x", "-H", $"content-type: {type}", $"http://127.0.0.1:{caller}/a.B/C"]);
        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: authorization-denied", result.Output, StringComparison.Ordinal);
        Assert.Contains("x-banyan-denied-by: shop/p", result.Output, StringComparison.Ordinal);
        Assert.False(_application.HasCaller(TimeSpan.Zero));
    }

    /// <summary>What a request says of its caller is not what its connection proved.</summary>
    [Theory]
    [InlineData("x-forwarded-client-cert: URI=" + Web)]
    [InlineData("x-banyan-identity: " + Web)]
    [InlineData("forwarded: for=" + Web)]
    public async Task ACallerInPlaintextProvesNothing(string field)
    {
        var (_, inbound) = await HopAsync(PortProtocol.Http, Action.Allow, ByCaller, ListenerSecurity.Permissive);
        var head = await DeniedAsync(inbound, $"GET /a HTTP/1.1\r\nHost: x\r\n{field}\r\n\r\n");
        Assert.DoesNotContain("x-banyan-denied-by", head, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/a", true)]
    [InlineData("/a?b", true)]
    [InlineData("/x/../a", true)]
    [InlineData("//a", true)]
    [InlineData("/%61", true)]
    [InlineData("/%2e/a", true)]
    [InlineData("/b", false)]
    [InlineData("/a/../b", false)]
    [InlineData("/a/%2e%2e/b", false)]
    [InlineData("/a;x", false)]
    [InlineData("/a/", false)]
    [InlineData("/A", false)]
    public async Task ThePathIsTheCanonicalOne(string path, bool allowed)
    {
        var request = $"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n";
        var (caller, _) = await HopAsync(PortProtocol.Http, Action.Allow, ByAnybodyOnA);
        await (allowed ? ServedAsync(caller, request) : DeniedAsync(caller, request));
    }

    public static TheoryData<string> TrickNames => [.. Tricks.Select(each => each.Path)];

    [Theory]
    [MemberData(nameof(TrickNames))]
    public async Task ATrickIsRefused(string path)
    {
        var (_, status, error) = Tricks.Single(each => each.Path == path);
        var (caller, inbound) = await HopAsync(PortProtocol.Http, Action.Allow, ByAnybodyOnA, ListenerSecurity.Permissive);
        foreach (var port in (int[])[caller, inbound])
        {
            using var client = await RawConnection.ConnectAsync(port);
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            var head = await client.ReadUntilAsync("\r\n\r\n");
            Assert.StartsWith($"HTTP/1.1 {status}", head, StringComparison.Ordinal);
            Assert.Contains($"x-banyan-error: {error}\r\n", head, StringComparison.Ordinal);
        }

        Assert.False(_application.HasCaller(TimeSpan.Zero));
        var metric = status == 403 ? "banyan_authorization_denied_total" : "banyan_malformed_requests_total";
        await Eventually.TrueAsync(() => _lab.Metric(metric) == 2, $"{metric} counts both");
    }

    [Theory]
    [InlineData("/a")]
    [InlineData("//a")]
    [InlineData("/./a")]
    [InlineData("/x/../a")]
    [InlineData("/%61")]
    [InlineData("/%2e/a")]
    public async Task ADeniedPathHasNoOtherSpelling(string path)
    {
        var (caller, _) = await HopAsync(PortProtocol.Http, Action.Deny, ByAnybodyOnA);
        await DeniedAsync(caller, $"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    }

    [Fact]
    public async Task ARequestIsJudgedEachTimeAndTheConnectionStays()
    {
        var (caller, _) = await HopAsync(PortProtocol.Http, Action.Allow, ByAnybodyOnA);
        using var client = await RawConnection.ConnectAsync(caller);
        foreach (var path in (string[])["/b", "/a", "/b"])
        {
            await client.SendAsync($"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
            if (path == "/a")
            {
                using var served = await _application.AcceptAsync();
                await served.ReadUntilAsync("\r\n\r\n");
                await served.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            }

            var head = await client.ReadUntilAsync("\r\n\r\n");
            Assert.StartsWith(path == "/a" ? "HTTP/1.1 204" : "HTTP/1.1 403", head, StringComparison.Ordinal);
            await client.ReadExactlyAsync(path == "/a" ? 0 : "An authorization policy denies the call.\n".Length);
        }
    }

    [Fact]
    public async Task AnAuditOnlyCounts()
    {
        var (caller, _) = await HopAsync(PortProtocol.Http, Action.Allow, ByOther, isShadow: true);
        await ServedAsync(caller, Request);
        Assert.Equal(
            (1, 0), (_lab.Metric("banyan_authorization_audited_total"), _lab.Metric("banyan_authorization_denied_total")));
    }

    [Theory]
    [InlineData(PortProtocol.Tcp)]
    [InlineData(PortProtocol.Detect)]
    public async Task BytesOfWhoIsNotAllowedReachNobody(PortProtocol protocol)
    {
        var (caller, _) = await HopAsync(protocol, Action.Allow, ByOther);
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("\u0001hello");
        await client.ExpectClosedAsync();
        Assert.False(_application.HasCaller(TimeSpan.Zero));
        Assert.Equal(1, _lab.Metric("banyan_authorization_denied_total"));
    }

    [Theory]
    [InlineData(PortProtocol.Tcp)]
    [InlineData(PortProtocol.Detect)]
    public async Task BytesOfWhoIsAllowedArrive(PortProtocol protocol)
    {
        var (caller, _) = await HopAsync(protocol, Action.Allow, ByCaller);
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("\u0001hello");
        using var served = await _application.AcceptAsync();
        Assert.Equal("\u0001hello", await served.ReadExactlyAsync(6));
    }

    [Fact]
    public async Task WhatIsNotHttpIsNoWayRoundAPolicyAboutRequests()
    {
        var (caller, _) = await HopAsync(PortProtocol.Detect, Action.Deny, ByAnybodyOnA);
        using var client = await RawConnection.ConnectAsync(caller);
        await client.SendAsync("\u0001hello");
        await client.ExpectClosedAsync();
        Assert.False(_application.HasCaller(TimeSpan.Zero));
    }

    [Fact]
    public async Task TheAddressIsThatOfTheConnection()
    {
        var (_, inbound) = await HopAsync(PortProtocol.Http, Action.Deny, ByLoopback, ListenerSecurity.Permissive);
        await DeniedAsync(inbound, "GET /a HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n");
    }

    private async Task ServedAsync(int port, string request)
    {
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync(request);
        using var served = await _application.AcceptAsync();
        await served.ReadUntilAsync("\r\n\r\n");
        await served.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 204", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    private async Task<string> DeniedAsync(int port, string request)
    {
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync(request);
        var head = await client.ReadUntilAsync("\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403", head, StringComparison.Ordinal);
        Assert.False(_application.HasCaller(TimeSpan.Zero));
        return head;
    }

    private async Task<(int Caller, int Inbound)> HopAsync(
        PortProtocol protocol,
        Action action,
        string policy,
        ListenerSecurity security = ListenerSecurity.Strict,
        bool isShadow = false)
    {
        var rules = new RBAC { Action = action, Policies = { ["shop/p"] = Banyan.Xds.Authorization.Policy.Parser.ParseJson(policy) } };
        Assert.True(AuthorizationTable.TryCompile(
            [new AuthorizationFilter(isShadow ? null : rules, isShadow ? rules : null)], "f", out var table, out var error), error);
        _lab.Security = security;
        _lab.Authorization = table;
        var inbound = _lab.Listen(protocol, ListenerRole.Inbound, ([_application.Address], 1));
        _lab.Authorization = null;
        _lab.Meshed = true;
        _lab.Identities = [Api];
        var caller = _lab.Listen(protocol, $"127.0.0.1:{inbound}");
        await _lab.StartAsync();
        return (caller, inbound);
    }
}
