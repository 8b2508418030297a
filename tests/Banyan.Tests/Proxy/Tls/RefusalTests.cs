using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Banyan.Proxy.Tls;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>Who must not come in does not, and is told apart by reason and number.</summary>
public sealed class RefusalTests : IDisposable
{
    private readonly TlsLab _lab = new();
    private readonly TestAuthority _authority = new();
    private readonly TestAuthority _foreign = new("foreign root");
    private readonly TestAuthority _dead = new("dead root", issuerEnds: TimeSpan.FromHours(-1));
    private readonly TestAuthority _bound = new("bound root", permitted: "elsewhere.example");
    private readonly TestAuthority _barred = new("barred root", excluded: "banyan.local");
    private readonly TestAuthority _early = new("early root", issuerBegins: TimeSpan.FromHours(1));
    private readonly TestAuthority _last = new("last root", isLast: true);
    private readonly TestAuthority _mute = new("mute root", issuerUsage: X509KeyUsageFlags.CrlSign);

    /// <summary>Clients that are .NET's own: what they show and speak, and what they are refused as.</summary>
    internal static readonly (string Name, bool Shows, SslProtocols Version, string Protocol, string Reason, string Text)[] Foreign =
    [
        ("no certificate", false, SslProtocols.Tls13, "banyan-h2", "no-certificate", "no certificate"),
        ("TLS 1.2", true, SslProtocols.Tls12, "banyan-h2", "version", "TLS 1.3 is required"),
        ("HTTP/2 that is not the mesh's", true, SslProtocols.Tls13, "h2", "protocol", "ALPN"),
        ("a name that begins like one", true, SslProtocols.Tls13, "banyan-h", "protocol", "ALPN"),
        ("a name in capitals", true, SslProtocols.Tls13, "BANYAN-H2", "protocol", "ALPN"),
        ("no application protocol", true, SslProtocols.Tls13, "", "protocol", "ALPN"),
    ];

    public static TheoryData<string> ForeignNames => [.. Foreign.Select(each => each.Name)];

    public static TheoryData<string> Names => [.. RefusalCases.All.Select(refusal => refusal.Name)];

    public static TheoryData<string> ChainNames =>
        [.. RefusalCases.All.Concat(RefusalCases.Chains).Where(CanBeSeenInAChain).Select(refusal => refusal.Name)];

    private IReadOnlyDictionary<string, byte[][]> Bundle => new Dictionary<string, byte[][]>(StringComparer.Ordinal)
    {
        ["banyan.local"] = [_authority.Root, _dead.Root, _bound.Root, _barred.Root, _early.Root, _last.Root, _mute.Root],
    };

    public void Dispose()
    {
        _lab.Dispose();
        _authority.Dispose();
        _foreign.Dispose();
        _dead.Dispose();
        _bound.Dispose();
        _barred.Dispose();
        _early.Dispose();
        _last.Dispose();
        _mute.Dispose();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AClientIsRefused(string name)
    {
        var refusal = RefusalCases.All.Single(candidate => candidate.Name == name);
        using var server = TlsContext.Create(TlsLab.Server(_authority) with { Bundles = Bundle });
        using var client = TlsContext.Create(TlsLab.Client(_authority) with { Identity = Identity(refusal) });
        var meeting = await _lab.MeetAsync(server, client);
        Assert.False(meeting.ServerAgreed, meeting.ToString());
        AssertRefused(refusal, meeting.Server);
        Assert.Equal(1, _lab.Refusals[(int)refusal.Refusal]);
        Assert.Equal("", meeting.Server.PeerId);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task AServerIsRefused(string name)
    {
        var refusal = RefusalCases.All.Single(candidate => candidate.Name == name);
        using var server = TlsContext.Create(TlsLab.Server(_authority) with { Identity = Identity(refusal), Bundles = Bundle });
        using var client = TlsContext.Create(TlsLab.Client(_authority) with { Bundles = Bundle });
        var meeting = await _lab.MeetAsync(server, client);
        Assert.False(meeting.ClientAgreed, meeting.ToString());
        AssertRefused(refusal, meeting.Client);
        Assert.Equal(1, _lab.Refusals[(int)refusal.Refusal]);

        // It is told by an alert.
        Assert.Equal(TlsRefusal.RefusedByPeer, meeting.Server.Refusal);
    }

    [Theory]
    [MemberData(nameof(ChainNames))]
    public void AChainIsRefused(string name)
    {
        var refusal = RefusalCases.All.Concat(RefusalCases.Chains).Single(candidate => candidate.Name == name);
        OpenSslLibrary.Require();
        using var anchors = new TrustAnchors(Bundle);
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var verdict = PeerVerification.CheckChain(Identity(refusal).Chain, new PeerTerms(anchors, IsServer: true, null, now));
        Assert.Equal(refusal.Refusal, verdict.Refusal);
        Assert.All(refusal.Reason, part => Assert.Contains(part, verdict.Reason, StringComparison.Ordinal));
    }

    [Fact]
    public void AGoodChainIsNot()
    {
        OpenSslLibrary.Require();
        using var anchors = new TrustAnchors(Bundle);
        var chain = _authority.Issue(RefusalCases.Web).Chain;
        var now = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();
        var terms = new PeerTerms(anchors, IsServer: true, null, now);
        Assert.Equal("", PeerVerification.CheckChain(chain, terms).Reason);

        // The clock is the one that is given.
        Assert.Equal(TlsRefusal.Expired, PeerVerification.CheckChain(chain, terms with { Now = now + 90_000 }).Refusal);
        Assert.Equal(TlsRefusal.NotYetValid, PeerVerification.CheckChain(chain, terms with { Now = now - 3600 }).Refusal);
    }

    [Fact]
    public async Task AServerIsForServersAndAClientForClients()
    {
        var serverOnly = _authority.Issue(new LeafShape { Extended = [TestAuthority.ServerAuth] });
        var clientOnly = _authority.Issue(new LeafShape { Extended = [TestAuthority.ClientAuth] });
        using var server = TlsContext.Create(TlsLab.Server(_authority) with { Identity = serverOnly });
        using var client = TlsContext.Create(TlsLab.Client(_authority) with { Identity = clientOnly });
        var meeting = await _lab.MeetAsync(server, client);
        Assert.True(meeting.ServerAgreed && meeting.ClientAgreed, meeting.ToString());
        using var wrongServer = TlsContext.Create(TlsLab.Server(_authority) with { Identity = clientOnly });
        meeting = await _lab.MeetAsync(wrongServer, client);
        Assert.Contains("not for a TLS server", meeting.Client.Reason, StringComparison.Ordinal);
        using var wrongClient = TlsContext.Create(TlsLab.Client(_authority) with { Identity = serverOnly });
        meeting = await _lab.MeetAsync(server, wrongClient);
        Assert.Contains("not for a TLS client", meeting.Server.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherServerThanTheExpectedOneIsRefused()
    {
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        var meeting = await _lab.MeetAsync(server, client, new TlsTarget(["spiffe://banyan.local/ns/default/sa/payments"]));
        Assert.False(meeting.ClientAgreed);
        Assert.Equal(TlsRefusal.UnexpectedPeer, meeting.Client.Refusal);
        Assert.Equal(
            "it is spiffe://banyan.local/ns/default/sa/api; expected was spiffe://banyan.local/ns/default/sa/payments",
            meeting.Client.Reason);
        Assert.Equal(1, _lab.Refusals[(int)TlsRefusal.UnexpectedPeer]);
    }

    [Fact]
    public async Task NoProtocolInCommonIsRefused()
    {
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Client(_authority) with { Protocols = ["h2"] });
        var meeting = await _lab.MeetAsync(server, client);
        Assert.False(meeting.ServerAgreed);
        Assert.Equal(TlsRefusal.Protocol, meeting.Server.Refusal);
        Assert.Contains("ALPN", meeting.Server.Reason, StringComparison.Ordinal);
        Assert.Equal(TlsRefusal.RefusedByPeer, meeting.Client.Refusal);
        Assert.Contains("no application protocol", meeting.Client.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(ForeignNames))]
    public async Task AForeignClientIsRefused(string name)
    {
        var (_, shows, version, protocol, refusal, reason) = Foreign.Single(each => each.Name == name);
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        var (peer, ours) = await _lab.ConnectAsync();
        using var stream = new SslPeer(peer);
        var client = stream.ConnectAsync(_authority, shows ? _authority.Issue(RefusalCases.Web) : null, version, protocol);
        var (agreed, connection) = await _lab.ShakeAsync(ours, server);
        Assert.False(agreed);
        Assert.Equal(refusal, connection.Refusal.Label());
        Assert.Contains(reason, connection.Reason, StringComparison.Ordinal);
        Assert.Equal(1, _lab.Refusals[(int)connection.Refusal]);
        _ = await Xunit.Record.ExceptionAsync(async () =>
        {
            await client;
            Assert.Equal(0, await stream.Stream.ReadAsync(new byte[1]));
        });
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nhost: a\r\n\r\n", "not-tls", "plaintext HTTP")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "not-tls", "not TLS")]
    [InlineData("\u0016\u0003\u0001\u0000\u0004\u0001\u0000\u0000\u0000", "malformed", "")]
    public async Task WhatIsNoHelloIsRefused(string text, string refusal, string reason)
    {
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        var (peer, ours) = await _lab.ConnectAsync();
        await peer.SendAsync(Encoding.Latin1.GetBytes(text));
        var (agreed, connection) = await _lab.ShakeAsync(ours, server);
        Assert.False(agreed);
        Assert.Equal((refusal, true), (connection.Refusal.Label(), connection.Reason.Contains(reason, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task AnEndInTheMiddleIsLost()
    {
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        var (peer, ours) = await _lab.ConnectAsync();
        await peer.SendAsync(new byte[] { 0x16, 3, 1, 1, 0 });
        peer.Close();
        var (agreed, connection) = await _lab.ShakeAsync(ours, server);
        Assert.False(agreed);
        Assert.Equal(TlsRefusal.Lost, connection.Refusal);
        Assert.Equal("the peer ended the connection in the middle of the handshake", connection.Reason);
    }

    private static bool CanBeSeenInAChain(RefusalCase refusal) => refusal.Refusal != TlsRefusal.BadSignature;

    private static void AssertRefused(RefusalCase refusal, TlsConnection connection)
    {
        Assert.Equal((refusal.Refusal, ""), (connection.Refusal, connection.Refusal == refusal.Refusal ? "" : connection.Reason));
        Assert.All(refusal.Reason, part => Assert.Contains(part, connection.Reason, StringComparison.Ordinal));
    }

    private TlsIdentity Identity(RefusalCase refusal) => refusal.Identity(new Forge(_authority, _foreign, _dead, _bound, _barred, _early, _last, _mute));
}
