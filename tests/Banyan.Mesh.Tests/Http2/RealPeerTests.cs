using System.Globalization;
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
            mesh, "-D", "-", "-d", "12345", "-H", "content-type: application/grpc", "-H", "grpc-timeout: 3000m", "http://web/test.Shapes/Unary");
        Assert.Contains("grpc-status: 4", result.Output, StringComparison.Ordinal);
        var seen = Assert.Single(backend.Seen);
        Assert.Matches("grpc-timeout: ([12]?[0-9]{1,3}|3000)m\r\n", seen.Head);
        hold.SetResult();
    }

    /// <summary>The backend's queue is full, so the first SYN is lost; it is sent again after a second.</summary>
    [Fact]
    public async Task WhatAConnectionTookIsOffTheCallersTime()
    {
        const int Caller = 20_000, Lost = 500;
        using var listener = new RawListener(backlog: 0);
        using var first = await RawConnection.ConnectAsync(listener.Port);
        await using var mesh = await new TestMesh { ConnectTimeout = TimeSpan.FromMilliseconds(Caller) }
            .Cluster("web", false, false, listener.Address)
            .Routes("web", TestMesh.Forward(new RouteMatch { Prefix = "/" }, "default", ("web", 1))).StartAsync();
        var call = CurlAsync(
            mesh, "-D", "-", "-d", "12345", "-H", "content-type: application/grpc", "-H", $"grpc-timeout: {Caller}m", "http://web/test.Shapes/Unary");
        await Eventually.TrueAsync(() => IsAskedFor(listener.Port), "a SYN that nobody answers");
        using (await listener.AcceptAsync())
        using (var connection = await listener.AcceptAsync())
        {
            var head = (await connection.ReadRequestAsync()).Head;
            var left = int.Parse(head.Split("grpc-timeout: ")[1].Split("m\r\n")[0], CultureInfo.InvariantCulture);
            Assert.InRange(left, 1, Caller - Lost);
            await connection.SendAsync("HTTP/1.1 200 OK\r\ncontent-type: application/grpc\r\ncontent-length: 0\r\n\r\n");
        }

        Assert.StartsWith("HTTP/2 200", (await call).Output, StringComparison.Ordinal);
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

    /// <summary>Whether the kernel's table has a connection to the port in SYN_SENT (proc(5), tcp: state 02).</summary>
    private static bool IsAskedFor(int port) =>
        File.ReadLines("/proc/net/tcp").Any(line => line.Contains($":{port:X4} 02 ", StringComparison.Ordinal));

    /// <summary>HTTP/2 with prior knowledge straight to the listener: curl would send a proxy HTTP/1.</summary>
    private static Task<ProcessResult> CurlAsync(TestMesh mesh, params string[] arguments) => TestProcess.RunAsync(
        "curl",
        ["-s", "--http2-prior-knowledge", "--connect-to", $"web:80:127.0.0.1:{mesh.Outbound}", .. arguments]);
}
