using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Banyan.Xds;
using Xunit;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Clients and servers that nobody here wrote: curl, h2load, nghttpd, Python's grpcio.</summary>
public sealed class RealPeerTests
{
    /// <summary>Debian's own, for which the package is.</summary>
    private const string Python = "/usr/bin/python3";

    [Fact]
    public async Task CallsOfEveryShapePass()
    {
        var port = FreePorts.Next();
        await using var server = TestProcess.Start(Python, [Repository.File("tests", "Banyan.Mesh.Tests", "Http2", "grpc_server.py"), $"{port}"]);
        await server.LineAsync("serving");
        await using var mesh = await new TestMesh().Cluster("web", false, true, $"127.0.0.1:{port}")
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();

        var client = await TestProcess.RunAsync(
            Python,
            [Repository.File("tests", "Banyan.Mesh.Tests", "Http2", "grpc_client.py")],
            new Dictionary<string, string?> { ["grpc_proxy"] = $"http://127.0.0.1:{mesh.Outbound}" });

        Assert.Equal(
            """
            unary hi!
            left True
            fail NOT_FOUND nope
            slow DEADLINE_EXCEEDED
            none UNIMPLEMENTED
            server 1000
            client 7000000
            bidi 2450

            """,
            client.Output);
        using var admin = UnixSocketClient.Create(mesh.AdminSocket);
        var metrics = await admin.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        foreach (var status in new[] { 0, 5, 12 })
        {
            Assert.Contains($"rpc_grpc_status_code=\"{status}\"", metrics, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TheCallersTimeIsKept()
    {
        var hold = new TaskCompletionSource();
        await using var backend = new TestBackend(_ => new Reply { Hold = hold.Task });
        await using var mesh = await new TestMesh().Cluster("web", false, false, backend.Address)
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        var result = await CurlAsync(
            mesh, "-D", "-", "-d", "12345", "-H", "content-type: application/grpc", "-H", "grpc-timeout: 300m", "http://web/test.Shapes/Unary");
        Assert.Contains("grpc-status: 4", result.Output, StringComparison.Ordinal);
        var seen = Assert.Single(backend.Seen);
        Assert.Matches("grpc-timeout: ([12]?[0-9]?[0-9]|300)m\r\n", seen.Head);
        hold.SetResult();
    }

    [Fact]
    public async Task ACallToNobodyHearsAStatus()
    {
        await using var mesh = await new TestMesh().Cluster("web", false, true)
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        var result = await CurlAsync(
            mesh, "-D", "-", "-X", "POST", "-H", "content-type: application/grpc", "-H", "te: trailers", "http://web/test.Shapes/Unary");
        Assert.Contains("HTTP/2 200", result.Output, StringComparison.Ordinal);
        Assert.Contains("grpc-status: 14", result.Output, StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: no-healthy-endpoint", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CurlAndH2loadAreServedByNghttpd()
    {
        using var folder = new TempFolder("h2");
        folder.Write("a.txt", new string('a', 131));
        var port = FreePorts.Next();
        await using var server = TestProcess.Start("/usr/sbin/nghttpd", ["--no-tls", "-a", "127.0.0.1", "-d", folder["."], $"{port}"]);
        await using var mesh = await new TestMesh().Cluster("web", false, true, $"127.0.0.1:{port}")
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        await Eventually.TrueAsync(
            async () => (await CurlAsync(mesh, "http://web/a.txt")).Output.TrimEnd() == new string('a', 131),
            "curl gets the file");

        var load = await TestProcess.RunAsync(
            "h2load", ["-n", "20000", "-c", "10", "-m", "10", "--header=:authority: web", $"http://127.0.0.1:{mesh.Outbound}/a.txt"]);
        Assert.Contains("20000 succeeded, 0 failed, 0 errored, 0 timeout", load.Output, StringComparison.Ordinal);
        Assert.Contains("status codes: 20000 2xx", load.Output, StringComparison.Ordinal);
    }

    /// <summary>HTTP/2 with prior knowledge straight to the listener: curl would send a proxy HTTP/1.</summary>
    private static Task<ProcessResult> CurlAsync(TestMesh mesh, params string[] arguments) => TestProcess.RunAsync(
        "curl",
        ["-s", "--http2-prior-knowledge", "--connect-to", $"web:80:127.0.0.1:{mesh.Outbound}", .. arguments]);
}
