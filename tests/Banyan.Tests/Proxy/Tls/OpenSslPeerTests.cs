using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>Peers that nobody here wrote: OpenSSL's own programs and .NET's streams.</summary>
public sealed class OpenSslPeerTests : IDisposable
{
    private const string Api = "spiffe://banyan.local/ns/default/sa/api";

    private readonly TlsLab _lab = new();
    private readonly TestAuthority _authority = new();
    private readonly TempFolder _folder = new("tls");
    private readonly TlsContext _server;
    private readonly TlsContext _client;

    public OpenSslPeerTests()
    {
        _server = TlsContext.Create(TlsLab.Server(_authority));
        _client = TlsContext.Create(TlsLab.Client(_authority));
        var identity = _authority.Issue(Api);
        _folder.Write("leaf.pem", Pem("CERTIFICATE", identity.Chain[0]));
        _folder.Write("chain.pem", Pem("CERTIFICATE", identity.Chain[1]));
        _folder.Write("key.pem", Pem("PRIVATE KEY", identity.Key));
        _folder.Write("root.pem", Pem("CERTIFICATE", _authority.Root));
    }

    public void Dispose()
    {
        _lab.Dispose();
        _server.Dispose();
        _client.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task SClientIsServed()
    {
        using var listener = Listen();
        await using var program = TestProcess.Start(
            "openssl",
            ["s_client", "-connect", $"{listener.LocalEndPoint}", "-alpn", "banyan-tcp", .. Files(), "-verify_return_error", "-quiet"]);
        var ours = await _lab.AdoptAsync(await listener.AcceptAsync());
        var (agreed, connection) = await _lab.ShakeAsync(ours, _server);
        Assert.True(agreed, connection.Reason + program.Error);
        Assert.Equal((Api, "banyan-tcp"), (connection.PeerId, connection.Protocol));
        Assert.True(await _lab.WriteAsync(ours, "hello from the reactor\n"u8.ToArray()));
        await _lab.CloseAsync(ours);
        var end = await program.EndAsync();
        Assert.Contains("hello from the reactor", end.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SClientWithoutACertificateIsNot()
    {
        using var listener = Listen();
        await using var program = TestProcess.Start(
            "openssl", ["s_client", "-connect", $"{listener.LocalEndPoint}", "-alpn", "banyan-tcp", "-quiet"]);
        var ours = await _lab.AdoptAsync(await listener.AcceptAsync());
        var (agreed, connection) = await _lab.ShakeAsync(ours, _server);
        Assert.False(agreed);
        Assert.Equal(TlsRefusal.NoCertificate, connection.Refusal);
        var end = await program.EndAsync();
        Assert.Contains("certificate required", end.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SServerAnswers()
    {
        var port = FreePorts.Next();
        await using var program = TestProcess.Start(
            "openssl",
            ["s_server", "-accept", $"127.0.0.1:{port}", "-alpn", "banyan-tcp", .. Files(), "-tls1_3", "-Verify", "3", "-rev"]);
        await Eventually.TrueAsync(() => program.Output.Contains("ACCEPT", StringComparison.Ordinal), "s_server listens");
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, port);
        var ours = await _lab.AdoptAsync(socket);
        var (agreed, connection) = await _lab.ShakeAsync(ours, _client, new TlsTarget([Api]));
        Assert.True(agreed, connection.Reason + program.Error);
        Assert.True(await _lab.WriteAsync(ours, "banyan\n"u8.ToArray()));
        Assert.Equal("naynab\n", Encoding.ASCII.GetString((await _lab.ReadAsync(ours, 7)).Bytes));
        await _lab.CloseAsync(ours);
    }

    [Fact]
    public async Task AStreamOfDotNetIsAServerAndAClient()
    {
        var (peer, ours) = await _lab.ConnectAsync();
        using var far = new SslPeer(peer);
        var accepting = far.AcceptAsync(_authority, _authority.Issue(Api));
        var (agreed, connection) = await _lab.ShakeAsync(ours, _client, new TlsTarget([Api]));
        Assert.True(agreed, connection.Reason);
        await accepting;
        await EchoAsync(far, ours);

        (peer, ours) = await _lab.ConnectAsync();
        using var near = new SslPeer(peer);
        var connecting = near.ConnectAsync(_authority, _authority.Issue(Api));
        (agreed, connection) = await _lab.ShakeAsync(ours, _server);
        Assert.True(agreed, connection.Reason);
        await connecting;
        await EchoAsync(near, ours);
        await _lab.CloseAsync(ours);
        Assert.Equal(0, await near.Stream.ReadAsync(new byte[1]));
    }

    private static string Pem(string label, byte[] der) => new([.. PemEncoding.Write(label, der), '\n']);

    private static Socket Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        return listener;
    }

    // Not Assert.Equal: its report of two megabytes would be longer than they are.
    private static void AssertSame(byte[] expected, byte[] actual) =>
        Assert.True(expected.AsSpan().SequenceEqual(actual), "what arrived is not what was sent");

    private async Task EchoAsync(SslPeer peer, Banyan.Proxy.Reactor.Sock ours)
    {
        var sent = RandomNumberGenerator.GetBytes(300_000);
        var writing = peer.Stream.WriteAsync(sent);
        AssertSame(sent, (await _lab.ReadAsync(ours, sent.Length)).Bytes);
        await writing;
        var answering = _lab.WriteAsync(ours, sent);
        var back = new byte[sent.Length];
        await peer.Stream.ReadExactlyAsync(back);
        Assert.True(await answering);
        AssertSame(sent, back);
    }

    private string[] Files() =>
    [
        "-cert", _folder["leaf.pem"], "-cert_chain", _folder["chain.pem"], "-key", _folder["key.pem"], "-CAfile", _folder["root.pem"],
    ];
}
