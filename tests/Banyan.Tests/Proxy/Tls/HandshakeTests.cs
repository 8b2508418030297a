using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Tls;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>Two ends of the sidecar's own TLS.</summary>
public sealed class HandshakeTests : IDisposable
{
    private readonly TlsLab _lab = new();
    private readonly TestAuthority _authority = new();

    public void Dispose()
    {
        _lab.Dispose();
        _authority.Dispose();
    }

    /// <summary>ALPN has a length of one byte for each.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(256)]
    public void AnApplicationProtocolThatCannotBeSaidIsToldSo(int length) => Assert.Throws<TlsException>(
        () => TlsContext.Create(TlsLab.Client(_authority) with { Protocols = [new string('a', length)] }));

    [Fact]
    public async Task BothLearnWhoTheOtherIs()
    {
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        var target = new TlsTarget(["spiffe://banyan.local/ns/default/sa/api"]);
        var meeting = await _lab.MeetAsync(server, client, target);
        Assert.True(meeting.ServerAgreed && meeting.ClientAgreed, meeting.ToString());
        Assert.Equal("spiffe://banyan.local/ns/default/sa/web", meeting.Server.PeerId);
        Assert.Equal("spiffe://banyan.local/ns/default/sa/api", meeting.Client.PeerId);
        Assert.Equal("banyan-h2", meeting.Server.Protocol);
        Assert.Equal("banyan-h2", meeting.Client.Protocol);
        Assert.True(await _lab.WriteAsync(meeting.ClientSock, "ping"u8.ToArray()));
        Assert.Equal("ping"u8.ToArray(), (await _lab.ReadAsync(meeting.ServerSock, 4)).Bytes);
        Assert.True(await _lab.WriteAsync(meeting.ServerSock, "pong"u8.ToArray()));
        Assert.Equal("pong"u8.ToArray(), (await _lab.ReadAsync(meeting.ClientSock, 4)).Bytes);
        Assert.Equal(2, _lab.Counts[(int)Counter.TlsHandshakesFull]);
        Assert.Equal(0, _lab.Counts[(int)Counter.TlsHandshakesActive]);
    }

    [Theory]
    [InlineData(KeyKind.P384)]
    [InlineData(KeyKind.Rsa3072)]
    public async Task StrongerKeysAreGoodToo(KeyKind key)
    {
        var shape = new LeafShape { Key = key };
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Settings(TlsRole.Client, _authority.Issue(shape), _authority.Bundle));
        var meeting = await _lab.MeetAsync(server, client);
        Assert.True(meeting.ServerAgreed, meeting.ToString());
    }

    [Fact]
    public async Task ACertificateWithoutExtendedKeyUsageIsForEverything()
    {
        var shape = new LeafShape { Extended = null };
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Settings(TlsRole.Client, _authority.Issue(shape), _authority.Bundle));
        var meeting = await _lab.MeetAsync(server, client);
        Assert.True(meeting.ServerAgreed, meeting.ToString());
    }

    [Fact]
    public async Task FederatedDomainsKnowEachOther()
    {
        using var other = new TestAuthority("other root");
        var bundles = new Dictionary<string, byte[][]>(StringComparer.Ordinal)
        {
            ["banyan.local"] = [_authority.Root],
            ["other.example"] = [other.Root],
        };
        var foreign = other.Issue("spiffe://other.example/ns/shop/sa/web");
        using var server = TlsContext.Create(TlsLab.Server(_authority) with { Bundles = bundles });
        using var client = TlsContext.Create(TlsLab.Settings(TlsRole.Client, foreign, bundles));
        var meeting = await _lab.MeetAsync(server, client);
        Assert.True(meeting.ServerAgreed && meeting.ClientAgreed, meeting.ToString());
        Assert.Equal("spiffe://other.example/ns/shop/sa/web", meeting.Server.PeerId);

        // The other domain's authority vouches for a name of ours: it must not.
        var forged = other.Issue("spiffe://banyan.local/ns/default/sa/web");
        using var forger = TlsContext.Create(TlsLab.Settings(TlsRole.Client, forged, bundles));
        meeting = await _lab.MeetAsync(server, forger);
        Assert.False(meeting.ServerAgreed);
        Assert.Equal(TlsRefusal.UntrustedChain, meeting.Server.Refusal);
    }

    [Fact]
    public async Task ASecondConnectionResumes()
    {
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        var target = new TlsTarget(["spiffe://banyan.local/ns/default/sa/api"], "api-1");
        var first = await MeetAndTalkAsync(server, client, target);
        Assert.False(first.Client.Resumed);
        var second = await MeetAndTalkAsync(server, client, target);
        Assert.True(second.Client.Resumed && second.Server.Resumed, second.ToString());
        Assert.Equal("spiffe://banyan.local/ns/default/sa/web", second.Server.PeerId);
        Assert.Equal("spiffe://banyan.local/ns/default/sa/api", second.Client.PeerId);
        Assert.Equal(2, _lab.Counts[(int)Counter.TlsHandshakesResumed]);

        // Whoever is somebody else's peer begins from nothing.
        var third = await MeetAndTalkAsync(server, client, target with { SessionKey = "api-2" });
        Assert.False(third.Client.Resumed);
    }

    [Fact]
    public async Task ConnectionsLiveOnWhenTheirContextIsReplaced()
    {
        var server = TlsContext.Create(TlsLab.Server(_authority));
        var client = TlsContext.Create(TlsLab.Client(_authority));
        var meeting = await _lab.MeetAsync(server, client);
        server.Dispose();
        client.Dispose();
        Assert.True(await _lab.WriteAsync(meeting.ClientSock, new byte[100_000]));
        Assert.Equal(100_000, (await _lab.ReadAsync(meeting.ServerSock, 100_000)).Bytes.Length);
        Assert.NotEqual((nint)0, server.Handle);
        await _lab.CloseAsync(meeting.ServerSock);
        await _lab.CloseAsync(meeting.ClientSock);
        Assert.Equal((nint)0, server.Handle);
        Assert.Equal((nint)0, client.Handle);
        Assert.False(server.TryRetain());
    }

    private async Task<Meeting> MeetAndTalkAsync(TlsContext server, TlsContext client, TlsTarget target)
    {
        var meeting = await _lab.MeetAsync(server, client, target);
        Assert.True(meeting.ServerAgreed && meeting.ClientAgreed, meeting.ToString());

        // The ticket comes before the first answer.
        Assert.True(await _lab.WriteAsync(meeting.ServerSock, "hi"u8.ToArray()));
        Assert.Equal(2, (await _lab.ReadAsync(meeting.ClientSock, 2)).Bytes.Length);
        await _lab.CloseAsync(meeting.ClientSock);
        Assert.Equal(0, (await _lab.ReadAsync(meeting.ServerSock, 1)).Last);
        await _lab.CloseAsync(meeting.ServerSock);
        return meeting;
    }
}
