using System.Security.Cryptography;
using Banyan.Proxy.Tls;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>A resumed session shows no chain: what may have changed since is asked again.</summary>
public sealed class ResumptionTests : IDisposable
{
    private const string Api = "spiffe://banyan.local/ns/default/sa/api";

    private readonly TlsLab _lab = new();
    private readonly TestAuthority _authority = new();
    private readonly TlsTarget _target = new([Api], "api-1");

    public void Dispose()
    {
        _lab.Dispose();
        _authority.Dispose();
    }

    [Fact]
    public async Task AChangeOfTheBundleEndsWhatCouldBeResumed()
    {
        using var next = new TestAuthority("next root");
        var settings = TlsLab.Server(_authority) with { TicketKeys = RandomNumberGenerator.GetBytes(TlsContext.TicketKeysSize) };
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        using var before = TlsContext.Create(settings);
        using var alike = TlsContext.Create(settings);
        await TalkAsync(before, client);
        Assert.True((await TalkAsync(alike, client)).Server.Resumed);

        // The ticket would still open, for the keys are the same; the client's authority is not trusted any more.
        using var after = TlsContext.Create(settings with { BundleGeneration = 1, Bundles = next.Bundle });
        var meeting = await _lab.MeetAsync(after, client, _target);
        Assert.False(meeting.ServerAgreed);
        Assert.Equal(TlsRefusal.UntrustedChain, meeting.Server.Refusal);
        Assert.False(meeting.Server.Resumed);
    }

    [Fact]
    public async Task KeysOfAnotherContextOpenNothing()
    {
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        using var before = TlsContext.Create(TlsLab.Server(_authority));
        using var after = TlsContext.Create(TlsLab.Server(_authority));
        await TalkAsync(before, client);
        Assert.False((await TalkAsync(after, client)).Server.Resumed);
    }

    [Fact]
    public async Task AnExpiredCertificateIsNotResumed()
    {
        var clock = new Later();
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        using var server = TlsContext.Create(TlsLab.Server(_authority) with { Time = clock });
        await TalkAsync(server, client);
        clock.By = TimeSpan.FromHours(25);
        var meeting = await _lab.MeetAsync(server, client, _target);
        Assert.False(meeting.ServerAgreed);
        Assert.True(meeting.Server.Resumed);
        Assert.Equal(TlsRefusal.Expired, meeting.Server.Refusal);
        Assert.StartsWith(
            "the certificate of the resumed session of spiffe://banyan.local/ns/default/sa/web expired at ",
            meeting.Server.Reason,
            StringComparison.Ordinal);
        Assert.Contains("; the clock here says ", meeting.Server.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherPeerThanTheExpectedOneIsNotResumed()
    {
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        await TalkAsync(server, client);
        var other = _target with { Expected = ["spiffe://banyan.local/ns/default/sa/payments"] };
        var meeting = await _lab.MeetAsync(server, client, other);
        Assert.False(meeting.ClientAgreed);
        Assert.True(meeting.Client.Resumed);
        Assert.Equal(TlsRefusal.UnexpectedPeer, meeting.Client.Refusal);

        // It is not tried again.
        Assert.Equal(0, await _lab.CallAsync(() => client.Sessions.Count));
    }

    [Theory]
    [InlineData(10, 600)]
    [InlineData(600, TlsContext.LongestTicket)]
    public void ATicketNeverOutlivesTheCertificate(int minutes, int seconds)
    {
        var identity = _authority.Issue(new LeafShape { To = TimeSpan.FromMinutes(minutes) });
        using var server = TlsContext.Create(TlsLab.Server(_authority) with { Identity = identity });
        Assert.InRange(server.TicketSeconds, seconds - 300, seconds);
    }

    private async Task<Meeting> TalkAsync(TlsContext server, TlsContext client)
    {
        var meeting = await _lab.MeetAsync(server, client, _target);
        Assert.True(meeting.ServerAgreed && meeting.ClientAgreed, meeting.ToString());
        Assert.True(await _lab.WriteAsync(meeting.ServerSock, "hi"u8.ToArray()));
        Assert.Equal(2, (await _lab.ReadAsync(meeting.ClientSock, 2)).Bytes.Length);
        await _lab.CloseAsync(meeting.ClientSock);
        await _lab.CloseAsync(meeting.ServerSock);
        return meeting;
    }

    private sealed class Later : TimeProvider
    {
        public TimeSpan By { get; set; }

        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + By;
    }
}
