using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>However <c>banyan up</c> ends, nothing that it started is left.</summary>
public sealed class EndTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(20);

    /// <summary>With grandchildren: one in its parent's session, one that made a session of its own.</summary>
    private static string Family =>
        $$"""
        {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: family},
         spec: {run: {command: sh, args: [-c, "sleep 3601 & setsid sleep 3602 & wait"]} } }
        """;

    [Fact]
    public async Task AKilledSupervisorLeavesNobody()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1"), Family));
        await Eventually.TrueAsync(() => mesh.Members().Count >= 9, "everybody");
        var members = mesh.Members();

        mesh.Supervisor.Signal(Processes.Kill);

        await Eventually.TrueAsync(() => !members.Any(Processes.IsAlive), "the end of all", Moment);
        Assert.DoesNotContain(mesh.Members(), Processes.IsAlive);
    }

    [Theory]
    [InlineData(Processes.Interrupt)]
    [InlineData(Processes.Terminate)]
    public async Task ASignalEndsEverythingInOrder(int signal)
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1"), Family), "--verbose");
        await Eventually.TrueAsync(() => mesh.Members().Count >= 9, "everybody");
        var members = mesh.Members();

        mesh.Supervisor.Signal(signal);
        var end = await mesh.Supervisor.EndAsync(Moment);

        Assert.Equal(0, end.ExitCode);
        Assert.DoesNotContain(members, Processes.IsAlive);
        var log = mesh.Supervisor.ErrorLines.ToList();
        var application = log.FindIndex(line => line.Contains("v1/0 was told to end", StringComparison.Ordinal));
        var sidecar = log.FindIndex(line => line.StartsWith("hello-v1/0 sidecar", StringComparison.Ordinal)
            && line.Contains("draining", StringComparison.Ordinal));
        Assert.True(application >= 0 && sidecar > application, $"the application ends before its sidecar\n{end.Error}");
        Assert.False(File.Exists(mesh.Folder["s/up.sock"]));
    }

    [Fact]
    public async Task WhatCannotBeStartedAnewDoesNotKeepTheRestAlive()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")));
        var members = mesh.Members();
        var state = mesh.Folder["s/proxies/default.hello-v1.0"];
        Directory.Delete(state, recursive: true);
        await File.WriteAllTextAsync(state, "no folder", TestContext.Current.CancellationToken);
        Processes.Signal(mesh.Pid("hello-v1/0 sidecar"), Processes.Kill);
        await Eventually.TrueAsync(
            () => mesh.Supervisor.Error.Contains("default.hello-v1.0", StringComparison.Ordinal), "the trouble is named");

        mesh.Supervisor.Signal(Processes.Interrupt);
        var end = await mesh.Supervisor.EndAsync(Moment);

        Assert.True(end.ExitCode == 0, $"{end}");
        Assert.DoesNotContain(members, Processes.IsAlive);
        Assert.False(File.Exists(mesh.Folder["s/up.json"]));
    }

    [Fact]
    public async Task NothingIsWarnedOfInANormalStart()
    {
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")));
        Assert.DoesNotContain("warn", mesh.Supervisor.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItGoesOnInTheBackgroundUntilDown()
    {
        using var folder = new TempFolder("detach");
        folder.Write("mesh.yaml", MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")));
        var up = await RunAsync(folder, "up", "mesh.yaml", "--detach", "--state", "s", "--output", "json");
        Assert.True(up.ExitCode == 0, $"{up}");
        var report = JsonDocument.Parse(up.Output).RootElement;
        var pids = report.GetProperty("processes").EnumerateArray().Select(process => process.GetProperty("pid").GetInt32())
            .Append(report.GetProperty("pid").GetInt32()).ToList();
        try
        {
            Assert.All(pids, pid => Assert.True(Processes.IsAlive(pid)));
            var second = await RunAsync(folder, "up", "mesh.yaml", "--state", "s");
            Assert.Equal(1, second.ExitCode);
            Assert.Contains($"a mesh already runs with the state directory {folder["s"]} (pid {pids[^1]})", second.Error, StringComparison.Ordinal);
        }
        finally
        {
            var down = await RunAsync(folder, "down", "--state", "s", "--output", "json");
            Assert.Equal(0, down.ExitCode);
            Assert.True(JsonDocument.Parse(down.Output).RootElement.GetProperty("stopped").GetBoolean());
        }

        Assert.All(pids, pid => Assert.False(Processes.IsAlive(pid)));
        var again = await RunAsync(folder, "down", "--state", "s");
        Assert.Equal((0, $"nothing runs with the state directory {folder["s"]}\n"), (again.ExitCode, again.Output));
    }

    [Fact]
    public async Task ItEndsByItselfAfterItsTime()
    {
        using var folder = new TempFolder("for");
        folder.Write("mesh.yaml", MeshText.Of(MeshText.Client));
        var up = await RunAsync(folder, "up", "mesh.yaml", "--for", "500ms", "--state", "s", "--output", "json");
        Assert.True(up.ExitCode == 0, $"{up}");
        var pids = JsonDocument.Parse(up.Output).RootElement.GetProperty("processes").EnumerateArray()
            .Select(process => process.GetProperty("pid").GetInt32());
        Assert.All(pids, pid => Assert.False(Processes.IsAlive(pid)));
    }

    [Fact]
    public async Task WhatDoesNotGetReadyIsNamed()
    {
        using var folder = new TempFolder("unready");
        folder.Write(
            "mesh.yaml",
            """
            {apiVersion: banyan.dev/v1alpha1, kind: Workload, metadata: {name: broken},
             spec: {service: broken, ports: [{port: 80}], run: {command: sh, args: [-c, "exit 7"], readiness: {timeout: 1s}}}}
            """);
        await using var up = TestProcess.Start(
            Repository.Cli, ["up", "mesh.yaml", "--state", "s"], UpMesh.Environment, folder.Path);
        await up.LineAsync("broken/0 exited with code 7; started again in");
        Assert.Equal(0, (await up.StopAsync()).ExitCode);
        Assert.DoesNotContain("   at ", up.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFixedPortThatIsTakenEndsTheStart()
    {
        using var folder = new TempFolder("taken");
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        folder.Write("mesh.yaml", MeshText.Of(
            MeshText.Client, MeshText.Workload("hello", "v1", ports: $"{{name: http, port: 80, targetPort: {port}}}")));
        var up = await RunAsync(folder, "up", "mesh.yaml", "--for", "500ms", "--state", "s", "--output", "json");
        Assert.Equal((1, ""), (up.ExitCode, up.Output));
        Assert.Contains($"Workload hello-v1: targetPort {port} is in use", up.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["s/up.json"]));
    }

    private static Task<ProcessResult> RunAsync(TempFolder folder, params string[] arguments) =>
        TestProcess.RunAsync(Repository.Cli, arguments, UpMesh.Environment, folder.Path);
}
