using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Health;

/// <summary>Active health checks in whole meshes: HTTP, gRPC and TCP, with and without a sidecar of one's own.</summary>
public sealed class HealthTests
{
    private const string Python = "/usr/bin/python3";

    /// <summary>Callers see nothing of a replica that turns unhealthy, and it serves again when it is well.</summary>
    [Fact]
    public async Task CallersAreServedWhileOneOfTwoReplicasIsUnhealthy()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(
            MeshText.Client, Workload("web", "health_app.py", "{name: http, port: 80}", "http: /healthz, unhealthyAfter: 2", replicas: 2)));
        Assert.DoesNotContain("health", (await mesh.RunAsync("validate", "mesh.yaml")).Output, StringComparison.Ordinal);
        await using var load = Load.Start(mesh.WayIn, "web", connections: 4);
        await Eventually.TrueAsync(() => load.Answers.Count == 2, "both replicas answer");

        mesh.Folder.Write("sick-0", "");
        await HealthyAsync(mesh, "web-v1.0", expected: false);
        await OnlyAsync(load, "1");
        await LoggedAsync(mesh, "web-v1.0", "endpoint-unhealthy");
        await LoggedAsync(mesh, "web-v1.0", "answered 503");

        File.Delete(mesh.Folder["sick-0"]);
        await HealthyAsync(mesh, "web-v1.0", expected: true);
        var before = load.Answers["0"];
        await Eventually.TrueAsync(() => load.Answers["0"] > before + 10, "the first replica answers again", TimeSpan.FromSeconds(90));
        await load.EndAsync();
        Assert.Empty(load.Failures);
    }

    /// <summary>With none left the answer comes at once, and says that nothing was delivered.</summary>
    [Fact]
    public async Task WithoutAHealthyReplicaCallsFailFast()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(
            MeshText.Client, Workload("web", "health_app.py", "{name: http, port: 80}", "http: /healthz, unhealthyAfter: 2")));
        mesh.Folder.Write("sick-0", "");
        await HealthyAsync(mesh, "web-v1.0", expected: false);
        var answer = await TestProcess.RunAsync(
            "curl", ["-s", "-D", "-", "--max-time", "3", "-x", $"http://127.0.0.1:{mesh.WayIn}", "http://web/"], UpMesh.Environment);
        Assert.StartsWith("HTTP/1.1 503 ", answer.Output, StringComparison.Ordinal);
        Assert.Contains("x-banyan-error: not-delivered", answer.Output, StringComparison.Ordinal);
        var metrics = await PageAsync(mesh, "web-v1.0", "/metrics");
        Assert.Matches("banyan_health_checks_total\\{result=\"failure\"\\} [1-9]", metrics);
        Assert.Matches("banyan_endpoint_healthy\\{cluster=\"app:[^}]*\\} 0", metrics);
    }

    [Fact]
    public async Task AServerOfGrpcIsAskedForItsHealth()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(
            MeshText.Client,
            Workload("echo", "health_grpc.py", "{name: grpc, port: 80}", "grpc: shop, unhealthyAfter: 2"),
            Workload("deaf", "health_grpc.py", "{name: grpc, port: 80}", "grpc: shop, unhealthyAfter: 2", arguments: ", none")));

        // A server without the service is unhealthy, and the log says why.
        await HealthyAsync(mesh, "deaf-v1.0", expected: false);
        await LoggedAsync(mesh, "deaf-v1.0", "UNIMPLEMENTED");
        Assert.Contains("grpc-status: 14", await CallAsync(mesh, "deaf"), StringComparison.Ordinal);

        await HealthyAsync(mesh, "echo-v1.0", expected: true);
        Assert.Contains("grpc-status: 0", await CallAsync(mesh, "echo"), StringComparison.Ordinal);
        mesh.Folder.Write("sick-grpc", "");
        await HealthyAsync(mesh, "echo-v1.0", expected: false);
        await LoggedAsync(mesh, "echo-v1.0", "NOT_SERVING");
        Assert.Contains("grpc-status: 14", await CallAsync(mesh, "echo"), StringComparison.Ordinal);
        File.Delete(mesh.Folder["sick-grpc"]);
        await HealthyAsync(mesh, "echo-v1.0", expected: true);
        Assert.Contains("grpc-status: 0", await CallAsync(mesh, "echo"), StringComparison.Ordinal);
    }

    /// <summary>Where there is no sidecar, the caller's asks: a closed port leaves the balance until it opens again.</summary>
    [Fact]
    public async Task CallersProbeWhatHasNoSidecar()
    {
        var port = FreePorts.Next();
        await using var one = new TestBackend(_ => Reply.Ok("one"), port);
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(
            MeshText.Client,
            $$"""
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: old-v1},
             spec: {service: old, version: v1, ports: [{name: http, port: 80, targetPort: {{port}} }], addresses: [127.0.0.1],
                    health: {tcp: true, interval: 100ms, unhealthyAfter: 2} } }
            """));
        await Eventually.TrueAsync(async () => await AnswerAsync(mesh, "old") == "one", "it answers");
        await HealthyAsync(mesh, "client.0", expected: true);
        one.StopListening();
        await HealthyAsync(mesh, "client.0", expected: false);
        var failed = await TestProcess.RunAsync(
            "curl", ["-s", "-D", "-", "--max-time", "3", "-x", $"http://127.0.0.1:{mesh.WayIn}", "http://old/"], UpMesh.Environment);
        Assert.Contains("x-banyan-error: no-healthy-endpoint", failed.Output, StringComparison.Ordinal);
        one.Listen();
        await HealthyAsync(mesh, "client.0", expected: true);
        Assert.Equal("one", await AnswerAsync(mesh, "old"));
    }

    private static async Task<string> AnswerAsync(UpMesh mesh, string host) => (await TestProcess.RunAsync(
        "curl", ["-s", "-x", $"http://127.0.0.1:{mesh.WayIn}", $"http://{host}/"], UpMesh.Environment)).Output.Trim();

    private static async Task<string> CallAsync(UpMesh mesh, string host) => (await TestProcess.RunAsync(
        "sh",
        [
            "-c",
            "printf '\\0\\0\\0\\0\\0' | curl -sS -w '%{stderr}%{exitcode}' -o /dev/null -D - --http2-prior-knowledge --data-binary @- 2>&1 "
                + $"-H 'content-type: application/grpc' -H 'te: trailers' --connect-to {host}:80:127.0.0.1:{mesh.WayIn} http://{host}/shop.Echo/Say",
        ],
        UpMesh.Environment)).Output;

    private static Task HealthyAsync(UpMesh mesh, string proxy, bool expected) => Eventually.TrueAsync(
        async () =>
        {
            using var page = JsonDocument.Parse(await PageAsync(mesh, proxy, "/clusters"));
            return page.RootElement.GetProperty("clusters").EnumerateArray()
                .SelectMany(cluster => cluster.GetProperty("endpoints").EnumerateArray())
                .Any(endpoint => endpoint.TryGetProperty("healthy", out var healthy) && healthy.GetBoolean() == expected);
        },
        $"an endpoint of {proxy} is {(expected ? "healthy" : "unhealthy")}",
        TimeSpan.FromSeconds(60));

    private static async Task<string> PageAsync(UpMesh mesh, string proxy, string page)
    {
        using var admin = UnixSocketClient.Create(mesh.Folder[$"s/proxies/default.{proxy}/admin.sock"]);
        return await admin.GetStringAsync(page, TestContext.Current.CancellationToken);
    }

    private static Task LoggedAsync(UpMesh mesh, string proxy, string text) => Eventually.TrueAsync(
        async () => (await LogAsync(mesh, proxy)).Contains(text, StringComparison.Ordinal), $"{proxy} logs {text}");

    private static async Task<string> LogAsync(UpMesh mesh, string proxy)
    {
        var file = Directory.GetFiles(mesh.Folder["s"], $"*{proxy}*", SearchOption.AllDirectories)
            .Where(each => each.EndsWith(".log", StringComparison.Ordinal)).ToArray();
        var texts = await Task.WhenAll(file.Select(each => File.ReadAllTextAsync(each, TestContext.Current.CancellationToken)));
        return string.Concat(texts) + mesh.Supervisor.Error;
    }

    /// <summary>From some moment on, nobody else answers.</summary>
    private static async Task OnlyAsync(Load load, string replica) => await Eventually.TrueAsync(
        async () =>
        {
            var before = load.Answers.Where(each => each.Key != replica).Sum(each => each.Value);
            await load.MoreAsync(100);
            return load.Answers.Where(each => each.Key != replica).Sum(each => each.Value) == before;
        },
        $"only {replica} answers",
        TimeSpan.FromSeconds(60));

    private static string Workload(
        string service, string script, string port, string health, int replicas = 1, string arguments = "") =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: {{service}}-v1},
         spec: {service: {{service}}, version: v1, ports: [{{port}}], health: {{{health}}, interval: 100ms},
                run: {command: {{Python}}, args: [{{Repository.File("tests", "Banyan.Mesh.Tests", "Health", script)}}{{arguments}}], replicas: {{replicas}} } } }
        """;
}
