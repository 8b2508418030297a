using System.Net;
using System.Net.Sockets;
using Banyan.Mesh.Tests.Support;
using Banyan.Testing;
using Xunit;

namespace Banyan.Mesh.Tests.Up;

/// <summary>Edits that cannot be followed at once cost nothing, and are not forgotten.</summary>
public sealed class ChangeTests
{
    [Fact]
    public async Task APortThatIsTakenLeavesWhatServesAloneUntilItIsFree()
    {
        var port = FreePorts.Next();
        using var other = new TcpListener(IPAddress.Loopback, port);
        other.Start();
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, MeshText.Workload("hello", "v1")));
        await using var load = Load.Start(mesh.WayIn, "hello", connections: 2);
        var old = mesh.Pid("hello-v1/0");

        mesh.Write(MeshText.Of(
            MeshText.Client, MeshText.Workload("hello", "v1", ports: $"{{name: http, port: 80, targetPort: {port}}}")));

        await Eventually.TrueAsync(
            () => mesh.Supervisor.Error.Contains($"targetPort {port} is in use", StringComparison.Ordinal), "the trouble is named");
        await load.MoreAsync(50);
        await load.EndAsync();
        Assert.Empty(load.Failures);
        Assert.True(Processes.IsAlive(old), "what serves goes on");

        other.Stop();
        await Eventually.TrueAsync(
            async () =>
            {
                using var connection = await RawConnection.ConnectAsync(port);
                return true;
            },
            "the change is tried again");
    }

    [Fact]
    public async Task TheOtherFilesAreFollowedWhenOneIsGone()
    {
        using var more = new TempFolder("more");
        var file = more.Write("more.yaml", MeshText.Of(MeshText.Workload("hello", "v1")));
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client), file);
        var gone = mesh.Pid("hello-v1/0");

        File.Delete(file);
        mesh.Write(MeshText.Of(MeshText.Client, MeshText.Workload("other", "v1")));

        await Eventually.TrueAsync(
            async () => (await mesh.ProcessesAsync()).Any(process =>
                process.GetProperty("name").GetString() == "other-v1/0" && process.GetProperty("state").GetString() == "ready"),
            "the new workload");
        await Eventually.TrueAsync(() => !Processes.IsAlive(gone), "the end of what the file held");
    }

    [Fact]
    public async Task AChangeThatDoesNotGetReadyGoesBackToWhatServed()
    {
        var good = MeshText.Workload("hello", "v1", ports: $"{{name: http, port: 80, targetPort: {FreePorts.Next()}}}");
        await using var mesh = await UpMesh.StartAsync(MeshText.Of(MeshText.Client, good));

        mesh.Write(MeshText.Of(
            MeshText.Client,
            good.Replace($"command: {MeshText.App}", "command: sh, args: [-c, \"exit 3\"]", StringComparison.Ordinal)));

        await Eventually.TrueAsync(
            () => mesh.Supervisor.Error.Contains("it is started again as it was", StringComparison.Ordinal), "the change is given up");
        mesh.Write(MeshText.Of(MeshText.Client, good));
        await Eventually.TrueAsync(
            async () => (await mesh.ProcessesAsync()).All(process => process.GetProperty("state").GetString() == "ready"), "all is well");
        await using var load = Load.Start(mesh.WayIn, "hello", connections: 2);
        await load.MoreAsync(20);
        await load.EndAsync();
        Assert.Empty(load.Failures);
    }
}
