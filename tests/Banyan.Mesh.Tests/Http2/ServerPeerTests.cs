using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Xds;
using Xunit;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>More clients and servers that nobody here wrote: grpc-js, nghttp, nghttpx and nginx before and behind, and HttpClient
/// at a Workload's fixed port.</summary>
public sealed class ServerPeerTests
{
    private static readonly Lazy<Task<TempFolder>> GrpcJs = new(() => NpmFolder.InstallAsync("Http2", "grpc-js"));

    private static string EveryShape =>
        """
        unary hi!
        fail NOT_FOUND nope
        slow DEADLINE_EXCEEDED
        none UNIMPLEMENTED
        server 1000
        client 7000000
        bidi 2450

        """;

    /// <summary>grpc-js at a fixed port of the proxy; and with nginx in front of that, which passes its calls on.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task GrpcJsCallsEveryShape(bool nginx)
    {
        var server = FreePorts.Next();
        await using var python = TestProcess.Start(
            "/usr/bin/python3", [Repository.File("tests", "Banyan.Mesh.Tests", "Http2", "grpc_server.py"), $"{server}"]);
        await python.LineAsync("serving");
        var mesh = Web(http2: true, $"127.0.0.1:{server}");
        var port = mesh.Upstream("web");
        await using var running = await mesh.StartAsync();
        await using var front = new Nginx($"location / {{ grpc_pass grpc://127.0.0.1:{port}; }}", "http2");
        await front.StartAsync();

        var folder = await GrpcJs.Value;
        var client = await TestProcess.RunAsync("node", ["client.js", $"{(nginx ? front.Port : port)}"], UpMesh.Environment, folder.Path);
        Assert.Equal(EveryShape, client.Output);
        Assert.Matches("rpc_grpc_status_code=\"12\"[^\n]*\"\\+Inf\"} [12]\n", await MetricsAsync(running));
    }

    /// <summary>nginx behind the proxy, by either version, for nghttp, curl and nghttpx in front of it.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NginxServesWhatNghttpAndNghttpxAsk(bool http2)
    {
        var big = RandomNumberGenerator.GetHexString(3_000_000, lowercase: true);
        await using var backend = new Nginx("location /small { return 200 \"$server_protocol $request_method\"; } location / { root html; }", http2 ? "http2" : "");
        backend.Folder.Write("html/big.txt", big);
        await backend.StartAsync();
        var mesh = Web(http2, $"127.0.0.1:{backend.Port}");
        var port = mesh.Upstream("web");
        await using var running = await mesh.StartAsync();

        var version = http2 ? "HTTP/2.0" : "HTTP/1.1";
        var small = await TestProcess.RunAsync("nghttp", [$"http://127.0.0.1:{port}/small"], UpMesh.Environment);
        Assert.Equal($"{version} GET", small.Output.TrimEnd());
        var large = await TestProcess.RunAsync("nghttp", [$"http://127.0.0.1:{port}/big.txt"], UpMesh.Environment);
        Assert.Equal(big, large.Output.TrimEnd());

        var front = FreePorts.Next();
        await using var nghttpx = TestProcess.Start(
            "nghttpx",
            ["--conf=/dev/null", "--no-ocsp", "--workers=1", "-L", "ERROR", $"-f127.0.0.1,{front};no-tls", $"-b127.0.0.1,{port};;proto=h2"]);
        await Eventually.TrueAsync(
            async () => (await CurlAsync(front, "/small")).Output.TrimEnd() == $"{version} GET", "nghttpx passes on");
        Assert.Equal(big, (await CurlAsync(front, "/big.txt")).Output.TrimEnd());

        // nginx answers without reading the body. curl 7.88 may lose an answer that comes so early; nghttp does not.
        var body = backend.Folder.Write("post", new string('x', 50_000));
        var post = await TestProcess.RunAsync("nghttp", ["-d", body, $"http://127.0.0.1:{front}/small"], UpMesh.Environment);
        Assert.Equal($"{version} POST", post.Output.TrimEnd());
    }

    /// <summary>nghttpx as the server of HTTP/2 behind the proxy.</summary>
    [Fact]
    public async Task NghttpxBehindTheProxyServes()
    {
        await using var backend = new Nginx("location / { return 200 \"$request_method $request_uri\"; }", "");
        await backend.StartAsync();
        var server = FreePorts.Next();
        await using var nghttpx = TestProcess.Start(
            "nghttpx",
            ["--conf=/dev/null", "--no-ocsp", "--workers=1", "-L", "ERROR", $"-f127.0.0.1,{server};no-tls", $"-b127.0.0.1,{backend.Port}"]);
        var mesh = Web(http2: true, $"127.0.0.1:{server}");
        var port = mesh.Upstream("web");
        await using var running = await mesh.StartAsync();
        await Eventually.TrueAsync(
            async () => (await CurlAsync(port, "/a?b=c")).Output.TrimEnd() == "GET /a?b=c", "nghttpx answers");
        var load = await TestProcess.RunAsync("h2load", ["-n", "5000", "-c", "4", "-m", "25", $"http://127.0.0.1:{port}/x"]);
        Assert.Contains("5000 succeeded, 0 failed, 0 errored, 0 timeout", load.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HttpClientSpeaksHttp2AtAFixedPort()
    {
        await using var server = await EchoServer.StartAsync(http2: true);
        var local = FreePorts.Next();
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(
            $$"""
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: client},
             spec: {run: {command: sleep, args: [infinity]}, upstreams: [{service: web.default, port: 80, localPort: {{local}} }] } }
            """,
            $$"""
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: web-v1},
             spec: {service: web, version: v1, ports: [{name: http2, port: 80, protocol: http2, targetPort: {{server.Port}} }], addresses: [127.0.0.1] } }
            """));
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(30) };
        var body = RandomNumberGenerator.GetBytes(300_000);
        for (var i = 0; i < 3; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{local}/echo")
            {
                Version = HttpVersion.Version20,
                VersionPolicy = HttpVersionPolicy.RequestVersionExact,
                Content = new ByteArrayContent(body),
            };
            using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.StartsWith("HTTP/2 POST /echo", response.Headers.GetValues("x-saw").Single(), StringComparison.Ordinal);
            var echo = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
            Assert.True(body.AsSpan().SequenceEqual(echo));
            Assert.Equal("sent", response.TrailingHeaders.GetValues("x-end").Single());
        }
    }

    private static TestMesh Web(bool http2, string address) => new TestMesh().Cluster("web", false, http2, address)
        .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1)));

    private static Task<ProcessResult> CurlAsync(int port, string path, params string[] arguments) => TestProcess.RunAsync(
        "curl", ["-s", "--max-time", "20", "--http2-prior-knowledge", .. arguments, $"http://127.0.0.1:{port}{path}"], UpMesh.Environment);

    private static async Task<string> MetricsAsync(TestMesh mesh)
    {
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        return await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
    }

    /// <summary>nginx in the foreground with one server, on a free port.</summary>
    private sealed class Nginx(string locations, string listen) : IAsyncDisposable
    {
        private TestProcess? _process;

        public TempFolder Folder { get; } = new("nginx");

        public int Port { get; } = FreePorts.Next();

        public Task StartAsync()
        {
            var config = Folder.Write("nginx.conf", $$"""
                daemon off; user root; worker_processes 1; pid {{Folder["pid"]}}; error_log stderr;
                events {}
                http {
                  access_log off; client_max_body_size 0;
                  client_body_temp_path {{Folder["body"]}}; proxy_temp_path {{Folder["proxy"]}};
                  fastcgi_temp_path {{Folder["f"]}}; uwsgi_temp_path {{Folder["u"]}}; scgi_temp_path {{Folder["s"]}};
                  server { listen 127.0.0.1:{{Port}} {{listen}}; {{locations}} }
                }
                """);
            _process = TestProcess.Start("/usr/sbin/nginx", ["-p", Folder.Path, "-c", config, "-e", "stderr"]);
            return Eventually.TrueAsync(Listens, "nginx listens");
        }

        private bool Listens()
        {
            try
            {
                using var client = new TcpClient("127.0.0.1", Port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }

        public async ValueTask DisposeAsync()
        {
            if (_process is not null)
            {
                await _process.DisposeAsync();
            }

            Folder.Dispose();
        }
    }
}
