using System.Security.Cryptography;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Testing;
using Banyan.Tests.Proxy.Tcp;
using Xunit;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>curl, nginx and haproxy on the other end of a hop, with certificates of the mesh.</summary>
public sealed class OtherPeersTests : IDisposable
{
    private const string Api = "spiffe://banyan.local/ns/default/sa/api";

    private readonly TcpLab _lab = new();
    private readonly TestAuthority _authority = new();
    private readonly TempFolder _folder = new("peers");

    public OtherPeersTests()
    {
        _lab.Worker.Security = new HopSecurity(new TlsStage(_lab.Worker, _lab.Worker.Metrics.TlsRefusals));
        _lab.Worker.Security.Replace(TlsContext.Create(TlsLab.Server(_authority)), TlsContext.Create(TlsLab.Client(_authority)));
        var identity = _authority.Issue(Api);
        _folder.Write("chain.pem", string.Concat(identity.Chain.Select(each => Pem("CERTIFICATE", each))));
        _folder.Write("key.pem", Pem("PRIVATE KEY", identity.Key));
        _folder.Write("both.pem", File.ReadAllText(_folder["chain.pem"]) + File.ReadAllText(_folder["key.pem"]));
        _folder.Write("root.pem", Pem("CERTIFICATE", _authority.Root));
    }

    public void Dispose()
    {
        _lab.Dispose();
        _lab.Worker.Security!.Dispose();
        _authority.Dispose();
        _folder.Dispose();
    }

    /// <summary>A good certificate alone is not enough: curl does not speak as a sidecar does (ALPN).</summary>
    [Fact]
    public async Task CurlWithACertificateIsNoSidecar()
    {
        using var application = new RawListener();
        var port = await InboundAsync(PortProtocol.Http, application.Address);
        var result = await TestProcess.RunAsync(
            "curl",
            ["-sS", "--insecure", "--cert", _folder["chain.pem"], "--key", _folder["key.pem"], $"https://127.0.0.1:{port}/a"]);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("alert", result.Error, StringComparison.OrdinalIgnoreCase);
        Assert.False(application.HasCaller(TimeSpan.Zero));
        Assert.Equal(1, await RefusedAsync("protocol"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task HaproxyCalls(bool shows)
    {
        using var application = new RawListener();
        var port = await InboundAsync(PortProtocol.Http, application.Address);
        var own = FreePorts.Next();
        await using var haproxy = Haproxy(
            $"bind 127.0.0.1:{own}",
            $"server s 127.0.0.1:{port} ssl alpn banyan-http/1.1 {(shows ? $"crt {_folder["both.pem"]}" : "")} ca-file {_folder["root.pem"]} verify required");
        using var client = await CallAsync(own);
        if (shows)
        {
            using var served = await application.AcceptAsync();
            Assert.Contains($"URI={Api}", await served.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
            await served.SendAsync("HTTP/1.1 204 No Content\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 204", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        }
        else
        {
            Assert.StartsWith("HTTP/1.1 50", await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
            Assert.False(application.HasCaller(TimeSpan.Zero));
            Assert.NotEqual(0, await RefusedAsync("no-certificate"));
        }
    }

    [Theory]
    [InlineData(Api, "HTTP/1.1 200")]
    [InlineData("spiffe://banyan.local/ns/default/sa/other", "HTTP/1.1 503")]
    public async Task HaproxyIsCalled(string expected, string answer)
    {
        var own = FreePorts.Next();
        await using var haproxy = Haproxy(
            $"bind 127.0.0.1:{own} ssl crt {_folder["both.pem"]} ca-file {_folder["root.pem"]} verify required alpn banyan-http/1.1",
            "http-request return status 200 content-type text/plain string %[ssl_c_verify]");
        var caller = await OutboundAsync(PortProtocol.Http, own, expected);
        await ListensAsync(own);
        using var client = await CallAsync(caller);
        Assert.StartsWith(answer, await client.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);
        Assert.Equal(answer.EndsWith("200", StringComparison.Ordinal) ? 0 : 1, Math.Min(1, await RefusedAsync("unexpected-peer")));
    }

    [Theory]
    [InlineData("banyan-tcp")]
    [InlineData("h2")]
    public async Task NginxIsCalled(string protocol)
    {
        var own = FreePorts.Next();
        await using var nginx = Nginx($$"""
            server {
              listen 127.0.0.1:{{own}} ssl;
              ssl_certificate {{_folder["chain.pem"]}}; ssl_certificate_key {{_folder["key.pem"]}};
              ssl_protocols TLSv1.3; ssl_alpn {{protocol}};
              ssl_client_certificate {{_folder["root.pem"]}}; ssl_verify_client on; ssl_verify_depth 3;
              return "hello from nginx $ssl_client_verify\n";
            }
            """);
        var caller = await OutboundAsync(PortProtocol.Tcp, own, Api);
        await ListensAsync(own);
        if (protocol == "banyan-tcp")
        {
            using var client = await RawConnection.ConnectAsync(caller);
            Assert.Equal("hello from nginx SUCCESS\n", await client.ReadUntilAsync("\n"));
        }
        else
        {
            _ = await Xunit.Record.ExceptionAsync(async () =>
            {
                using var client = await RawConnection.ConnectAsync(caller);
                Assert.Equal("", await client.ReadToEndAsync());
            });
            await Eventually.TrueAsync(async () => await RefusedAsync("refused-by-peer") > 0, "nginx refuses the hop");
        }
    }

    /// <summary>It offers no application protocol at all.</summary>
    [Fact]
    public async Task NginxIsNoSidecarThatCalls()
    {
        using var application = new RawListener();
        var port = await InboundAsync(PortProtocol.Tcp, application.Address);
        var own = FreePorts.Next();
        await using var nginx = Nginx($$"""
            server {
              listen 127.0.0.1:{{own}};
              proxy_pass 127.0.0.1:{{port}}; proxy_ssl on; proxy_ssl_protocols TLSv1.3;
              proxy_ssl_certificate {{_folder["chain.pem"]}}; proxy_ssl_certificate_key {{_folder["key.pem"]}};
            }
            """);
        await ListensAsync(own);
        await Eventually.TrueAsync(
            async () => await RefusedAsync("protocol") >= 1, "nginx is refused");
        Assert.False(application.HasCaller(TimeSpan.Zero));
    }

    private static string Pem(string label, byte[] der) => new([.. PemEncoding.Write(label, der), '\n']);

    private static Task ListensAsync(int port) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                using var probe = await RawConnection.ConnectAsync(port);
                return true;
            }
            catch (System.Net.Sockets.SocketException)
            {
                return false;
            }
        },
        $"something listens on {port}");

    private static async Task<RawConnection> CallAsync(int port)
    {
        await ListensAsync(port);
        var client = await RawConnection.ConnectAsync(port);
        await client.SendAsync("GET /a HTTP/1.1\r\nHost: x\r\n\r\n");
        return client;
    }

    private async Task<int> InboundAsync(PortProtocol protocol, string application)
    {
        _lab.Security = ListenerSecurity.Strict;
        var port = _lab.Listen(protocol, ListenerRole.Inbound, ([application], 1));
        await _lab.StartAsync();
        return port;
    }

    private async Task<int> OutboundAsync(PortProtocol protocol, int port, string expected)
    {
        _lab.Meshed = true;
        _lab.Identities = [expected];
        var caller = _lab.Listen(protocol, $"127.0.0.1:{port}");
        await _lab.StartAsync();
        return caller;
    }

    private TestProcess Haproxy(string bind, string rest)
    {
        _folder.Write("haproxy.cfg", $"""
            defaults
              mode http
              timeout connect 5s
              timeout client 30s
              timeout server 30s
            listen a
              {bind}
              {rest}

            """);
        return TestProcess.Start("/usr/sbin/haproxy", ["-db", "-f", _folder["haproxy.cfg"]]);
    }

    private TestProcess Nginx(string server)
    {
        _folder.Write("nginx.conf", $$"""
            load_module /usr/lib/nginx/modules/ngx_stream_module.so;
            daemon off; master_process off; pid {{_folder["nginx.pid"]}}; error_log {{_folder["error.log"]}};
            events {}
            stream {
            {{server}}
            }

            """);
        return TestProcess.Start("/usr/sbin/nginx", ["-c", _folder["nginx.conf"], "-p", _folder.Path]);
    }

    /// <summary>What <c>banyan_tls_refusals</c> counts, of one reason or of all.</summary>
    private Task<long> RefusedAsync(string? reason = null) => _lab.OnWorkerAsync(() => _lab.Worker.Metrics.TlsRefusals
        .Where((_, refusal) => reason is null || TlsRefusals.Labels[refusal] == reason).Sum());
}
