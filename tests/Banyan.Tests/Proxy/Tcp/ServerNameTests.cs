using System.Text;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>TLS that is passed through by the name in its ClientHello: how it comes, where it goes, how it is refused.</summary>
public sealed class ServerNameTests : IDisposable
{
    private const string MissingExtension = "\u0015\u0003\u0001\0\u0002\u0002m";
    private const string UnrecognizedName = "\u0015\u0003\u0001\0\u0002\u0002p";
    private const string DecodeError = "\u0015\u0003\u0001\0\u0002\u00022";

    private readonly RawListener _a = new();
    private readonly RawListener _b = new();
    private readonly RawListener _rest = new();
    private readonly TcpLab _lab = new();

    public void Dispose()
    {
        _lab.Dispose();
        _a.Dispose();
        _b.Dispose();
        _rest.Dispose();
    }

    [Theory]
    [InlineData("a.test", 'a', "exact")]
    [InlineData("A.Test", 'a', "exact")]
    [InlineData("x.a.test", 'b', "wildcard")]
    [InlineData("y.x.a.test", 'b', "wildcard")]
    [InlineData("z.deep.a.test", 'a', "wildcard")]
    [InlineData("deep.a.test", 'b', "wildcard")]
    public async Task TheMostSpecificNameDecides(string name, char server, string decision)
    {
        var port = _lab.ListenByName(PortProtocol.Tcp, "", ("a.test *.deep.a.test", _a.Address), ("*.a.test", _b.Address));
        await _lab.StartAsync();
        await ReachesAsync(port, TlsHello.For(name), server == 'a' ? _a : _b);
        Assert.Equal(1, Decided(decision));
    }

    /// <summary>Whatever its size, in pieces of the network and of TLS, it arrives as it came.</summary>
    [Theory]
    [InlineData(16 * 1024, 0)]
    [InlineData(100, 0)]
    [InlineData(1, 0)]
    [InlineData(16 * 1024, 15_000)]
    [InlineData(600, 15_000)]
    public async Task AHelloInPiecesArrivesUnchanged(int recordSize, int padding)
    {
        var port = _lab.ListenByName(PortProtocol.Tcp, "", ("a.test", _a.Address));
        await _lab.StartAsync();
        var hello = TlsHello.For("a.test", recordSize, padding);
        await ReachesAsync(port, hello, _a, pieces: 1);
        await ReachesAsync(port, hello, _a, pieces: 40);
    }

    [Fact]
    public async Task AHelloSplitAnywhereArrivesUnchanged()
    {
        var port = _lab.ListenByName(PortProtocol.Tcp, "", ("a.test", _a.Address));
        await _lab.StartAsync();
        var hello = TlsHello.For("a.test", recordSize: 90);
        for (var split = 1; split < hello.Length; split += 5)
        {
            using var client = await RawConnection.ConnectAsync(port);
            await client.SendAsync(Text(hello[..split]));
            await _lab.OnWorkerAsync(() => true);
            await client.SendAsync(Text(hello[split..]));
            using var server = await _a.AcceptAsync();
            Assert.Equal(Text(hello), await server.ReadExactlyAsync(hello.Length));
        }
    }

    public static TheoryData<string, string, string, string> Refusals => new()
    {
        { "unmatched", Text(TlsHello.For("b.test")), UnrecognizedName, "no-route" },
        { "unmatched", Text(TlsHello.For("xa.test")), UnrecognizedName, "no-route" },
        { "absent", Text(TlsHello.For("")), MissingExtension, "no-route" },
        { "malformed", Text(TlsHello.Records(TlsHello.Message(TlsHello.ServerName("a.test", "b.test")))), DecodeError, "malformed-request" },
        { "not-tls", "GET / HTTP/1.1\r\n\r\n", "", "no-route" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task WhatNoRouteTakesIsRefusedInTheClientsOwnWords(string decision, string bytes, string alert, string error)
    {
        var port = _lab.ListenByName(PortProtocol.Tcp, "", ("a.test", _a.Address));
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync(bytes);
        if (alert.Length > 0)
        {
            // More of the client's bytes must not take the alert away.
            Assert.Equal(alert, await client.ReadExactlyAsync(alert.Length));
            await client.SendAsync("more");
            client.FinishSending();
        }

        await client.ExpectClosedAsync();
        await Eventually.TrueAsync(
            () => _lab.Metric("banyan_tcp_connection_failures_total", $"error=\"{error}\"") == 1, "the failure is counted");
        Assert.Equal(1, Decided(decision));
        Assert.Equal(0, _lab.Metric("banyan_tcp_connections_opened_total"));
    }

    [Fact]
    public async Task AHelloThatIsNeverCompleteIsGivenUp()
    {
        _lab.HeadTimeout = TimeSpan.FromMilliseconds(200);
        var port = _lab.ListenByName(PortProtocol.Tcp, "", ("a.test", _a.Address));
        await _lab.StartAsync();
        using var silent = await RawConnection.ConnectAsync(port);
        using var slow = await RawConnection.ConnectAsync(port);
        await slow.SendAsync(Text(TlsHello.For("a.test")[..^1]));
        await silent.ExpectClosedAsync();
        await slow.ExpectClosedAsync();
        Assert.Equal(2, Decided("late"));
    }

    [Fact]
    public async Task ARouteForEveryNameTakesThoseWithoutOneToo()
    {
        var port = _lab.ListenByName(PortProtocol.Tcp, "", ("a.test", _a.Address), ("*", _b.Address));
        await _lab.StartAsync();
        await ReachesAsync(port, TlsHello.For("a.test"), _a);
        await ReachesAsync(port, TlsHello.For("c.test"), _b);
        await ReachesAsync(port, TlsHello.For(""), _b);
        Assert.Equal((1, 2), (Decided("exact"), Decided("any")));
    }

    [Fact]
    public async Task OnAnUndeclaredPortTheRestGoesItsOwnWay()
    {
        var port = _lab.ListenByName(PortProtocol.Detect, _rest.Address, ("a.test", _a.Address));
        await _lab.StartAsync();
        await ReachesAsync(port, TlsHello.For("a.test"), _a);
        await ReachesAsync(port, "*1\r\n$4\r\nPING\r\n"u8.ToArray(), _rest);
        Assert.Equal((1, 1), (Decided("exact"), Decided("not-tls")));

        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync(Text(TlsHello.For("b.test")));
        Assert.Equal(UnrecognizedName, await client.ReadExactlyAsync(UnrecognizedName.Length));
    }

    [Theory]
    [InlineData("a.test", true)]
    [InlineData("b.test", false)]
    public async Task InsideConnectTheHelloComesAfterTheAnswer(string name, bool served)
    {
        var port = _lab.Outbound();
        _lab.DestinationByName("web", ("a.test", _a.Address));
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync("CONNECT web:80 HTTP/1.1\r\nHost: web:80\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        var hello = Text(TlsHello.For(name));
        await client.SendAsync(hello);
        if (served)
        {
            using var server = await _a.AcceptAsync();
            Assert.Equal(hello, await server.ReadExactlyAsync(hello.Length));
        }
        else
        {
            Assert.Equal(UnrecognizedName, await client.ReadExactlyAsync(UnrecognizedName.Length));
        }
    }

    [Fact]
    public async Task ARouteThatLeadsNowhereResetsTheConnection()
    {
        var port = _lab.ListenByName(PortProtocol.Tcp, "", ("a.test", ""));
        await _lab.StartAsync();
        using var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync(Text(TlsHello.For("a.test")));
        await client.ExpectClosedAsync();
        await Eventually.TrueAsync(
            () => _lab.Metric("banyan_tcp_connection_failures_total", "error=\"no-healthy-endpoint\"") == 1, "the failure is counted");
    }

    private static string Text(byte[] bytes) => Encoding.Latin1.GetString(bytes);

    private static async Task ReachesAsync(int port, byte[] bytes, RawListener destination, int pieces = 1)
    {
        using var client = await RawConnection.ConnectAsync(port);
        foreach (var piece in bytes.Chunk((bytes.Length / pieces) + 1))
        {
            await client.SendAsync(Text(piece));
        }

        using var server = await destination.AcceptAsync();
        Assert.Equal(Text(bytes), await server.ReadExactlyAsync(bytes.Length));
        await server.SendAsync("answer\n");
        Assert.Equal("answer\n", await client.ReadUntilAsync("\n"));
    }

    private double Decided(string decision) => _lab.Metric("banyan_server_name_connections_total", $"decision=\"{decision}\"");
}
