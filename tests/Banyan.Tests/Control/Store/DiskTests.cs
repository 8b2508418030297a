using System.Net;
using Banyan.Control;
using Banyan.Testing;
using Xunit;

namespace Banyan.Tests.Control.Store;

/// <summary>The disk under the state directory is full, read-only, or damaged.</summary>
public sealed class DiskTests
{
    [Fact]
    public async Task OnAFullDiskWritesAreRefusedWhatIsKnownIsServedAndItComesBack()
    {
        await using var disk = await SmallDisk.MountAsync();
        using var config = new TempFolder("config");
        await using var control = await TestControl.StartInAsync(disk.Folder, [config.Path]);
        await control.ReadyAsync();
        await control.AppliedAsync(Texts.Workload("a"));
        disk.Fill();
        using (var refused = await control.ApplyAsync(Big("b")))
        {
            var problem = await TestControl.ProblemAsync(refused, HttpStatusCode.ServiceUnavailable);
            Assert.Contains("is full", problem.Detail, StringComparison.Ordinal);
            Assert.Contains("control.db", problem.Detail, StringComparison.Ordinal);
        }

        var status = await control.StatusAsync();
        Assert.Equal((1, 1L), (status.Objects, status.Revision));
        await using (var client = await control.XdsAsync())
        {
            client.Subscribe(Texts.Endpoint, "a.default:80");
            Assert.Single((await client.ReceiveAsync()).Resources);
        }

        // A file of the user takes effect, and is stored when there is room.
        config.Write("mesh.yaml", Big("f"));
        await control.StatusAsync(each => each.Objects == 2 && each.Store!.Problem is not null, "in effect, not stored");
        disk.Free();
        await control.StatusAsync(each => each.Store!.Problem is null && each.Revision == 2, "stored");
        await control.AppliedAsync(Big("b"));
        Assert.Equal(3, (await control.StatusAsync()).Objects);
    }

    [Fact]
    public async Task AReadOnlyStateDirectoryIsNamed()
    {
        await using var disk = await SmallDisk.MountAsync();
        await using (var control = await TestControl.StartInAsync(disk.Folder, []))
        {
            await control.ReadyAsync();
        }

        await disk.MakeReadOnlyAsync();
        var error = await Assert.ThrowsAsync<ControlPlaneException>(() => TestControl.StartInAsync(disk.Folder, []));
        Assert.Contains(disk.Folder["state"], error.Message, StringComparison.Ordinal);
        Assert.Contains("read-only", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("control.db")]
    [InlineData("control.db", "control.db-wal", "control.db-shm")]
    public async Task ADatabaseThatSomebodyDeletedIsMadeAgain(params string[] files)
    {
        var control = await TestControl.StartAsync();
        await control.AppliedAsync(Texts.Service("a"));
        foreach (var file in files)
        {
            File.Delete(control.Folder["state/" + file]);
        }

        await Eventually.TrueAsync(() => File.Exists(control.Folder["state/control.db"]), "it is there again");
        await control.AppliedAsync(Texts.Service("b"));
        Assert.Null((await control.StatusAsync()).Store!.Problem);
        await using var next = await control.RestartAsync();
        var status = await next.StatusAsync();
        Assert.Equal((2, 2L), (status.Objects, status.Revision));
    }

    [Fact]
    public async Task ADatabaseThatIsDamagedInTheMiddleIsNamed()
    {
        await using var control = await TestControl.StartAsync();
        await control.AppliedAsync(Texts.Workload("a"));
        await control.Plane.StopAsync();
        await using (var file = new FileStream(control.Folder["state/control.db"], FileMode.Open, FileAccess.ReadWrite))
        {
            const int Page = 4096;
            var noise = new byte[file.Length - Page];
            new Random(1).NextBytes(noise);
            file.Position = Page;
            await file.WriteAsync(noise);
        }

        var error = await Assert.ThrowsAsync<ControlPlaneException>(() => TestControl.StartInAsync(control.Folder, []));
        Assert.Contains("control.db", error.Message, StringComparison.Ordinal);
        Assert.Contains("move it away", error.Message, StringComparison.Ordinal);
    }

    /// <summary>An object too long for the pages that happen to be free.</summary>
    private static string Big(string name) => Texts.Workload(name).Replace(
        "metadata: {name: " + name + "-v1}",
        "metadata: {name: " + name + "-v1, annotations: {note: \"" + new string('x', 40_000) + "\"}}",
        StringComparison.Ordinal);

    /// <summary>A file system of its own of 4 MiB. Making one needs root.</summary>
    private sealed class SmallDisk : IAsyncDisposable
    {

        private SmallDisk() => Folder = new TempFolder("disk");

        public TempFolder Folder { get; }

        public static async Task<SmallDisk> MountAsync()
        {
            Assert.SkipUnless(Environment.IsPrivilegedProcess, "mounting needs root");
            var disk = new SmallDisk();
            await RunAsync("mount", "-t", "tmpfs", "-o", "size=4m", "banyan-test", disk.Folder.Path);
            return disk;
        }

        public Task MakeReadOnlyAsync() => RunAsync("mount", "-o", "remount,ro", Folder.Path);

        public void Fill()
        {
            using var file = File.OpenHandle(Folder["filler"], FileMode.Create, FileAccess.Write);
            var block = new byte[4096];
            try
            {
                for (var offset = 0L; ; offset += block.Length)
                {
                    RandomAccess.Write(file, block, offset);
                }
            }
            catch (IOException)
            {
                // Full.
            }
        }

        public void Free() => File.Delete(Folder["filler"]);

        public async ValueTask DisposeAsync()
        {
            await RunAsync("umount", "-l", Folder.Path);
            Folder.Dispose();
        }

        private static async Task RunAsync(string program, params string[] arguments)
        {
            var result = await TestProcess.RunAsync(program, arguments);
            Assert.True(result.ExitCode == 0, $"{result}");
        }
    }
}
