using System.Net.Sockets;
using System.Runtime.InteropServices;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>Peers that want too much, too often, or nonsense.</summary>
public sealed partial class PressureTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public async Task HandshakesWaitTheirTurn()
    {
        using var lab = new TlsLab(handshakes: 2);
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        var half = new List<(Socket Peer, Sock Ours, Task<(bool Agreed, TlsConnection Connection)> Shaking)>();
        for (var i = 0; i < 4; i++)
        {
            // The first bytes of a record, and no more: the handshake is under way.
            var (peer, ours) = await lab.ConnectAsync();
            await peer.SendAsync(new byte[] { 0x16, 3, 1 });
            half.Add((peer, ours, lab.ShakeAsync(ours, server)));
        }

        await Eventually.TrueAsync(() => lab.CallAsync(() => lab.Stage.Waiting == 2), "two wait");
        Assert.Equal(2, await lab.CallAsync(() => lab.Stage.Active));
        Assert.Equal(2, lab.Counts[(int)Counter.TlsHandshakesDelayed]);
        Assert.Equal(2, lab.Counts[(int)Counter.TlsHandshakesActive]);

        // Whoever only connects is not among them.
        var (_, silent) = await lab.ConnectAsync();
        var waiting = lab.ShakeAsync(silent, server);
        Assert.Equal(2, await lab.CallAsync(() => lab.Stage.Waiting));
        foreach (var (peer, _, shaking) in half)
        {
            peer.Close();
            Assert.Equal(TlsRefusal.Lost, (await shaking).Connection.Refusal);
        }

        Assert.Equal(0, await lab.CallAsync(() => lab.Stage.Active + lab.Stage.Waiting));
        await lab.CloseAsync(silent);
        Assert.False((await waiting).Agreed);
        Assert.Equal(0, lab.Counts[(int)Counter.TlsHandshakesActive]);

        // Four peers went away. The last one was let go by this side, which is no fault of its.
        Assert.Equal((4, 4), (lab.Refusals[(int)TlsRefusal.Lost], lab.Refusals.Sum()));
    }

    /// <summary>Two sidecars that call each other would wait for each other for ever.</summary>
    [Fact]
    public async Task WhoCallsTakesNoPlaceOfWhoIsCalled()
    {
        using var lab = new TlsLab(handshakes: 1);
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        var (silent, calling) = await lab.ConnectAsync();
        var waiting = lab.ShakeAsync(calling, client);
        await Eventually.TrueAsync(() => lab.CallAsync(() => lab.Stage.Active == 1), "a client waits for an answer");
        var (peer, ours) = await lab.ConnectAsync();
        using var stream = new SslPeer(peer);
        var connecting = stream.ConnectAsync(_authority, _authority.Issue(RefusalCases.Web));
        var (agreed, connection) = await lab.ShakeAsync(ours, server);
        Assert.True(agreed, connection.Reason);
        await connecting;
        Assert.Equal(0, lab.Counts[(int)Counter.TlsHandshakesDelayed]);
        silent.Close();
        Assert.False((await waiting).Agreed);
    }

    [Fact]
    public async Task AHandshakeHasADeadline()
    {
        using var lab = new TlsLab();
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        var (peer, ours) = await lab.ConnectAsync();
        await peer.SendAsync(new byte[] { 0x16, 3, 1 });
        var connection = await lab.RunAsync(async () =>
        {
            var under = new TlsConnection(ours, server);
            Assert.False(await lab.Stage.Handshake(under, ours, lab.Context.Loop.NowMs + 50));
            return under;
        });
        Assert.Equal((TlsRefusal.Timeout, "the handshake was not done in time"), (connection.Refusal, connection.Reason));
        Assert.Equal(1, lab.Refusals[(int)TlsRefusal.Timeout]);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task AFloodOfKeyUpdatesEnds(int asksBack)
    {
        using var lab = new TlsLab();
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        var meeting = await lab.MeetAsync(server, client);
        Assert.True(meeting.ServerAgreed && meeting.ClientAgreed, meeting.ToString());

        // A few are what a good peer does.
        await UpdateAsync(lab, meeting, 3, asksBack);
        Assert.True(await lab.WriteAsync(meeting.ClientSock, "abc"u8.ToArray()));
        Assert.Equal(3, (await lab.ReadAsync(meeting.ServerSock, 3)).Bytes.Length);
        await UpdateAsync(lab, meeting, 200, asksBack);
        Assert.Equal(Sock.Failed, (await lab.ReadAsync(meeting.ServerSock, 1)).Last);
        Assert.Equal(TlsRefusal.Flood, meeting.Server.Refusal);
        Assert.Equal(1, lab.Refusals[(int)TlsRefusal.Flood]);
    }

    [Fact]
    public async Task NoiseNeverDoesHarm()
    {
        using var lab = new TlsLab();
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        var hello = await HelloAsync(lab, client);
        await Fuzz.RunAsync(TestContext.Current.TestOutputHelper!.WriteLine, async random =>
        {
            var bytes = hello.ToArray();
            for (var flips = random.Next(1, 9); flips > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            var (peer, ours) = await lab.ConnectAsync();
            var shaking = lab.ShakeAsync(ours, server);
            await peer.SendAsync(bytes.AsMemory(0, random.Next(1, bytes.Length + 1)));
            peer.Shutdown(SocketShutdown.Send);
            Assert.False((await shaking).Agreed);
            peer.Close();
        });
        Assert.Equal(0, await lab.CallAsync(() => lab.Context.Loop.OpenSockets));
    }

    [Fact]
    public async Task RecordsThatWereChangedAreRefused()
    {
        using var lab = new TlsLab();
        using var server = TlsContext.Create(TlsLab.Server(_authority));
        using var client = TlsContext.Create(TlsLab.Client(_authority));
        await Fuzz.RunAsync(TestContext.Current.TestOutputHelper!.WriteLine, async random =>
        {
            var (peer, ours) = await lab.ConnectAsync();
            using var far = new SslPeer(peer);
            var shaking = lab.ShakeAsync(ours, server);
            await far.ConnectAsync(_authority, _authority.Issue(RefusalCases.Web));
            var (agreed, connection) = await shaking;
            Assert.True(agreed, connection.Reason);

            // A record of application data whose seal cannot be right.
            var noise = new byte[random.Next(17, 500)];
            random.NextBytes(noise);
            await peer.SendAsync(new byte[] { 23, 3, 3, (byte)(noise.Length >> 8), (byte)noise.Length }.Concat(noise).ToArray());
            Assert.Equal(Sock.Failed, (await lab.ReadAsync(ours, 1)).Last);
            Assert.Equal(TlsEnd.Refused, connection.End);
            await lab.CloseAsync(ours);
        });
    }

    private static async Task UpdateAsync(TlsLab lab, Meeting meeting, int count, int asksBack) => await lab.CallAsync(() =>
    {
        for (var i = 0; i < count; i++)
        {
            _ = SSL_key_update(meeting.Client.Handle, asksBack);
            _ = SSL_do_handshake(meeting.Client.Handle);
        }

        return true;
    });

    /// <summary>The first bytes that a client of ours sends.</summary>
    private static async Task<byte[]> HelloAsync(TlsLab lab, TlsContext client)
    {
        var (peer, ours) = await lab.ConnectAsync();
        var shaking = lab.ShakeAsync(ours, client);
        var bytes = new byte[4096];
        var n = await peer.ReceiveAsync(bytes);
        peer.Close();
        Assert.False((await shaking).Agreed);
        return bytes[..n];
    }

    [LibraryImport("libssl.so.3")]
    private static partial int SSL_key_update(nint ssl, int type);

    [LibraryImport("libssl.so.3")]
    private static partial int SSL_do_handshake(nint ssl);
}
