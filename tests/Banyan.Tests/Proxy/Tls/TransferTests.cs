using System.Security.Cryptography;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>What is written arrives, whole, once and in order; and an end is what it is.</summary>
public sealed class TransferTests : IDisposable
{
    private readonly TlsLab _lab = new();
    private readonly TestAuthority _authority = new();
    private readonly TlsContext _server;
    private readonly TlsContext _client;

    public TransferTests()
    {
        _server = TlsContext.Create(TlsLab.Server(_authority));
        _client = TlsContext.Create(TlsLab.Client(_authority));
    }

    public void Dispose()
    {
        _lab.Dispose();
        _server.Dispose();
        _client.Dispose();
        _authority.Dispose();
    }

    [Theory]
    [InlineData(1, 20_000)]
    [InlineData(2, 40_000)]
    [InlineData(3, 60_000)]
    [InlineData(100, 1_000_000)]
    [InlineData(1_000, 4_000_000)]
    [InlineData(16_383, 8_000_000)]
    [InlineData(16_384, 8_000_000)]
    [InlineData(16_385, 8_000_000)]
    [InlineData(65_536, 8_000_000)]
    [InlineData(int.MaxValue, 8_000_000)]
    public async Task BothDirectionsCarryEveryByte(int piece, int size)
    {
        var meeting = await MeetAsync();
        var up = RandomNumberGenerator.GetBytes(size);
        var down = RandomNumberGenerator.GetBytes(size);
        var writes = new[]
        {
            _lab.WriteAsync(meeting.ClientSock, up, piece), _lab.WriteAsync(meeting.ServerSock, down, piece),
        };
        var atServer = _lab.ReadAsync(meeting.ServerSock, size);
        var atClient = _lab.ReadAsync(meeting.ClientSock, size);
        Assert.All(await Task.WhenAll(writes), Assert.True);
        AssertSame(up, (await atServer).Bytes);
        AssertSame(down, (await atClient).Bytes);
    }

    [Fact]
    public async Task ASlowReaderGetsEverythingToo()
    {
        // Every record boundary falls somewhere else, and most writes are cut short by a full kernel buffer.
        var meeting = await MeetAsync();
        var sent = RandomNumberGenerator.GetBytes(3_000_000);
        var writing = _lab.WriteAsync(meeting.ServerSock, sent);
        var got = new List<byte>();
        for (var step = 1; got.Count < sent.Length; step = (step * 7 % 50_021) + 1)
        {
            got.AddRange((await _lab.ReadAsync(meeting.ClientSock, Math.Min(step, sent.Length - got.Count))).Bytes);
        }

        Assert.True(await writing);
        AssertSame(sent, got.ToArray());
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(300, 0)]
    [InlineData(300, 200)]
    [InlineData(300, 16_084)]
    [InlineData(300, 16_085)]
    [InlineData(16_384, 5)]
    [InlineData(20_000, 30_000)]
    public async Task TwoPiecesAreOne(int first, int second)
    {
        var meeting = await MeetAsync();
        var a = RandomNumberGenerator.GetBytes(first);
        var b = RandomNumberGenerator.GetBytes(second);
        var n = await _lab.CallAsync(() => meeting.ServerSock.TryWrite(a, b));
        Assert.Equal(first + second, n);
        AssertSame([.. a, .. b], (await _lab.ReadAsync(meeting.ClientSock, first + second)).Bytes);
    }

    [Fact]
    public async Task AHalfClosedConnectionStillCarriesTheAnswer()
    {
        var meeting = await MeetAsync();
        Assert.True(await _lab.WriteAsync(meeting.ClientSock, new byte[50_000]));
        await _lab.CallAsync(() =>
        {
            meeting.ClientSock.ShutdownWrite();
            return true;
        });
        var (asked, last) = await _lab.ReadAsync(meeting.ServerSock, 60_000);
        Assert.Equal((50_000, 0), (asked.Length, last));
        Assert.Equal(TlsEnd.Clean, meeting.Server.End);
        Assert.True(await _lab.WriteAsync(meeting.ServerSock, new byte[70_000]));
        await _lab.CloseAsync(meeting.ServerSock);
        (asked, last) = await _lab.ReadAsync(meeting.ClientSock, 80_000);
        Assert.Equal((70_000, 0), (asked.Length, last));
        Assert.Equal(0, _lab.Counts[(int)Counter.TlsTruncations]);
    }

    [Fact]
    public async Task AnEndWithoutAWordIsAFailure()
    {
        var (peer, ours) = await _lab.ConnectAsync();
        var stream = new SslPeer(peer);
        var shaking = _lab.ShakeAsync(ours, _server);
        await stream.ConnectAsync(_authority, _authority.Issue(RefusalCases.Web));
        var (agreed, connection) = await shaking;
        Assert.True(agreed, connection.Reason);
        await stream.Stream.WriteAsync("half a messa"u8.ToArray());
        Assert.Equal(12, (await _lab.ReadAsync(ours, 12)).Bytes.Length);

        // The socket below ends, and nothing was said.
        peer.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        var (rest, last) = await _lab.ReadAsync(ours, 1);
        Assert.Equal((0, Sock.Failed), (rest.Length, last));
        Assert.Equal(TlsEnd.Truncated, connection.End);
        Assert.Equal("the peer ended the connection without saying that it was all", connection.Reason);
        Assert.Equal((1, 0), (_lab.Counts[(int)Counter.TlsTruncations], _lab.Refusals.Sum()));
    }

    [Fact]
    public async Task WhatIsReadInTheMiddleIsNotLostByAnEnd()
    {
        var meeting = await MeetAsync();
        Assert.True(await _lab.WriteAsync(meeting.ClientSock, new byte[5]));
        await _lab.CloseAsync(meeting.ClientSock);
        Assert.Equal((2, 2), await CountAsync(meeting.ServerSock, 2));
        Assert.Equal((3, 0), await CountAsync(meeting.ServerSock, 10));
        Assert.Equal((0, 0), await CountAsync(meeting.ServerSock, 10));
    }

    [Fact]
    public async Task AnIdleConnectionIsNotDisturbedByTickets()
    {
        var (near, far) = await _lab.CallAsync(() => SockPair.TryOpen(_lab.Context.Loop)!.Value);
        var told = 0;
        var shaking = _lab.ShakeAsync(near, _server);
        var (agreed, client) = await _lab.ShakeAsync(far, _client, new TlsTarget(["spiffe://banyan.local/ns/default/sa/api"], "api"));
        Assert.True(agreed && (await shaking).Agreed);
        await _lab.CallAsync(() => far.IdleEvent = () => told++);
        await Eventually.TrueAsync(
            () => _lab.CallAsync(() => !far.ReadableNow && _client.Sessions.Count == 1), "the ticket is kept, and is no news");
        Assert.Equal(0, told);
        Assert.True(await _lab.WriteAsync(near, "x"u8.ToArray()));
        await Eventually.TrueAsync(() => _lab.CallAsync(() => told == 1 && far.ReadableNow), "a byte is news");
        Assert.Equal("x"u8.ToArray(), (await _lab.ReadAsync(far, 1)).Bytes);
    }

    [Fact]
    public async Task SteadyStateAllocatesNothing()
    {
        var meeting = await MeetAsync();
        var allocated = await _lab.CallAsync(() =>
        {
            var buffer = new byte[4096];
            var before = 0L;
            var good = 0;
            for (var round = 0; round < 2_000; round++)
            {
                if (round == 1_000)
                {
                    before = GC.GetAllocatedBytesForCurrentThread();
                }

                meeting.ClientSock.TryWrite(buffer.AsSpan(0, 100), buffer.AsSpan(0, 50));
                Arrived(meeting.ServerSock);
                good += meeting.ServerSock.TryRead(buffer) == 150 ? 1 : 0;
                meeting.ServerSock.TryWrite(buffer.AsSpan(0, 1000));
                Arrived(meeting.ClientSock);
                good += meeting.ClientSock.TryRead(buffer) == 1000 ? 1 : 0;
            }

            return (GC.GetAllocatedBytesForCurrentThread() - before, good);
        });
        Assert.Equal((0, 4_000), allocated);

        static void Arrived(Sock sock) => sock.OnEvents(Libc.EPOLLIN);
    }

    // Not Assert.Equal: its report of two megabytes would be longer than they are.
    private static void AssertSame(byte[] expected, byte[] actual) =>
        Assert.True(expected.AsSpan().SequenceEqual(actual), "what arrived is not what was sent");

    private async Task<(int Count, int Last)> CountAsync(Sock sock, int most)
    {
        var (bytes, last) = await _lab.ReadAsync(sock, most);
        return (bytes.Length, last);
    }

    private async Task<Meeting> MeetAsync()
    {
        var meeting = await _lab.MeetAsync(_server, _client);
        Assert.True(meeting.ServerAgreed && meeting.ClientAgreed, meeting.ToString());
        return meeting;
    }
}
