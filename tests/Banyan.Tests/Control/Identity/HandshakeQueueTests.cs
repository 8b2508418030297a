using System.Net.Security;
using System.Net.Sockets;
using Banyan.Control.Hosting;
using Banyan.Testing;
using Banyan.Tests.Proxy;
using Xunit;

namespace Banyan.Tests.Control.Identity;

/// <summary>Who connects and says nothing does not keep proxies from coming back.</summary>
public sealed class HandshakeQueueTests : IAsyncLifetime
{
    // Before the server ends the handshake of who is silent, by itself.
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(8);

    private readonly IdentityLab _lab = new();
    private readonly List<Socket> _silent = [];

    public ValueTask InitializeAsync() => _lab.InitializeAsync();

    public ValueTask DisposeAsync()
    {
        _silent.ForEach(each => each.Dispose());
        return _lab.DisposeAsync();
    }

    private HandshakeQueue Queue => _lab.Control.Plane.Handshakes;

    [Fact]
    public async Task ATurnEndsWithItsTime()
    {
        await FillAsync(HandshakeQueue.Most + 1);
        var joined = _lab.JoinAsync();
        await Eventually.TrueAsync(() => Queue.Waiting == 2, "the proxy waits behind the silent ones");
        Assert.False(joined.IsCompleted);
        _lab.Time.Advance(HandshakeQueue.LongestTurn);
        using var holder = await Eventually.WithinAsync(joined, "the proxy joins", Soon);
    }

    [Fact]
    public async Task ATurnEndsWithItsConnection()
    {
        await FillAsync(HandshakeQueue.Most);
        var joined = _lab.JoinAsync();
        await Eventually.TrueAsync(() => Queue.Waiting == 1, "the proxy waits behind the silent ones");
        _silent[0].Dispose();
        using var holder = await Eventually.WithinAsync(joined, "the proxy joins", Soon);
    }

    [Fact]
    public async Task WhoGoesAwayWaitsNoMore()
    {
        await FillAsync(HandshakeQueue.Most + 10);
        _silent.Skip(HandshakeQueue.Most).ToList().ForEach(each => each.Dispose());
        await Eventually.TrueAsync(() => Queue.Waiting == 0, "the queue is empty");
    }

    /// <summary>Many more handshakes than turns, with none that takes its whole time.</summary>
    [Fact]
    public async Task EachHandshakeGivesItsTurnBack()
    {
        var options = new SslClientAuthenticationOptions { TargetHost = "localhost", ApplicationProtocols = [SslApplicationProtocol.Http2] };
        for (var i = 0; i < 2 * HandshakeQueue.Most; i++)
        {
            var socket = await ConnectAsync();
            var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false, static (_, _, _, _) => true);
            await Eventually.WithinAsync(tls.AuthenticateAsClientAsync(options), $"handshake {i}", Soon);
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        _silent.Add(socket);
        await socket.ConnectAsync(_lab.Control.Plane.XdsTlsEndPoint!);
        return socket;
    }

    private async Task FillAsync(int count)
    {
        for (var i = 0; i < count; i++)
        {
            await ConnectAsync();
        }

        await Eventually.TrueAsync(() => Queue.Waiting == count - HandshakeQueue.Most, "all of them are seen");
    }
}
