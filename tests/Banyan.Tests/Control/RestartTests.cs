using System.Diagnostics;
using Banyan.Control;
using Banyan.Testing;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Banyan.Tests.Control;

public sealed class RestartTests
{
    [Fact]
    public async Task AppliedObjectsHistoryAndInstancesAreKept()
    {
        await using var first = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one") + Texts.Service("f")));
        await first.AppliedAsync(Texts.Service("a"));
        await first.AppliedAsync(Texts.Service("a", 81));
        await first.AppliedAsync(Texts.Service("f", 82), "&take=true");
        await first.RegisterAsync(Texts.Instance("two-v1", "two", 20400));
        var status = await first.StatusAsync();
        var metadata = await OwnershipTests.MetadataAsync(first, "a");
        var versions = await VersionsAsync(first);

        var second = await first.RestartAsync();
        var again = await second.StatusAsync();
        Assert.Equal(status.Revision, again.Revision);
        Assert.Equal(status.Objects, again.Objects);
        Assert.Equal("ok", again.Sources[0].State);
        Assert.Equal(metadata, await OwnershipTests.MetadataAsync(second, "a"));
        Assert.Equal((81, "api"), await OwnershipTests.PortAsync(second, "a"));
        Assert.Equal((82, "api"), await OwnershipTests.PortAsync(second, "f"));
        Assert.Equal(versions, await VersionsAsync(second));
        await second.Plane.DisposeAsync();
        second.Api.Dispose();

        static async Task<string> VersionsAsync(TestControl control)
        {
            await using var client = await control.XdsAsync("default/two-v1/0");
            client.Subscribe(Texts.Listener, "*", "one.default:80");
            var response = await client.ReceiveAsync();
            return string.Join(' ', response.Resources.Select(each => each.Name + each.Version).Order(StringComparer.Ordinal));
        }
    }

    [Fact]
    public async Task AFileThatIsBeingWrittenAtStartIsNotGone()
    {
        const int Milliseconds = 300;
        await using var first = await TestControl.StartAsync(
            ("a.yaml", Texts.Service("a")), ("b.yaml", Texts.Service("b")), ("c.yaml", Texts.Service("c")));
        var before = await first.StatusAsync();
        await first.Plane.StopAsync();
        TestControl second;
        await using (var file = new FileStream(
            first.Folder["config/b.yaml"], FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
        {
            // Faster than a look at the folder takes, so that every one of them finds the file changing.
            var write = Task.Run(() =>
            {
                for (var clock = Stopwatch.StartNew(); clock.ElapsedMilliseconds < Milliseconds;)
                {
                    file.Write("# more\n"u8);
                }
            });
            second = await first.RestartAsync(ready: false);
            await write;
        }

        var after = await second.StatusAsync(each => each.Sources[0].State == "ok", "the source has loaded");
        Assert.Equal(3, after.Objects);
        Assert.Equal(before.Revision, after.Revision);
        await second.Plane.DisposeAsync();
        second.Api.Dispose();
    }

    [Fact]
    public async Task ABadFileAtStartServesItsLastGoodState()
    {
        await using var first = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        await first.Plane.StopAsync();
        first.Write("mesh.yaml", "kind: [");
        var second = await first.RestartAsync();
        var status = await second.StatusAsync();
        Assert.Equal("refused", status.Sources[0].State);
        await using (var client = await second.XdsAsync())
        {
            client.Subscribe(Texts.Cluster, "one.default:80");
            Assert.Single((await client.ReceiveAsync()).Resources);
        }

        await second.Plane.DisposeAsync();
        second.Api.Dispose();
    }

    [Fact]
    public async Task WhatChangedMeanwhileCounts()
    {
        await using var first = await TestControl.StartAsync(
            ("a.yaml", Texts.Service("a") + Texts.Service("b") + Texts.Service("c")), ("d.yaml", Texts.Service("d")));
        await first.Plane.StopAsync();
        File.Delete(first.Folder["config/d.yaml"]);
        first.Write("a.yaml", Texts.Service("a", 81) + Texts.Service("b") + Texts.Service("c"));
        var second = await first.RestartAsync();
        Assert.Equal(3, (await second.StatusAsync()).Objects);
        Assert.Equal((2, 81), ((await OwnershipTests.MetadataAsync(second, "a")).Generation, (await OwnershipTests.PortAsync(second, "a")).Port));
        await second.Plane.DisposeAsync();
        second.Api.Dispose();
    }

    [Fact]
    public async Task FilesOfPathsThatAreNotConfiguredAnyMoreAreForgotten()
    {
        await using var first = await TestControl.StartAsync(("mesh.yaml", Texts.Service("a")));
        first.Folder.Write("other/mesh.yaml", Texts.Service("b"));
        var second = await first.RestartAsync(files: first.Folder["other"]);
        Assert.Equal(1, (await second.StatusAsync()).Objects);
        Assert.Equal(80, (await OwnershipTests.PortAsync(second, "b")).Port);
        await second.Plane.DisposeAsync();
        second.Api.Dispose();
    }

    [Fact]
    public async Task AnInstanceThatNobodyConfirmsAndThatDoesNotAnswerGoes()
    {
        await using var first = await TestControl.StartAsync(("mesh.yaml", Texts.Workload("one")));
        using var alive = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        alive.Start();
        var port = ((System.Net.IPEndPoint)alive.LocalEndpoint).Port;
        await first.RegisterAsync(Texts.Instance("one-v1", "one", port - 1));
        await first.RegisterAsync(Texts.Instance("one-v1", "one", FreePorts.Next() - 1, replica: 1));
        var second = await first.RestartAsync(ttl: TimeSpan.FromMilliseconds(200));
        var list = await Eventually.GetAsync(
            () => second.Api.GetStringAsync("/api/v1/instances"),
            text => !text.Contains("\"replica\":1", StringComparison.Ordinal),
            "the dead one is removed");
        Assert.Contains("\"replica\":0", list, StringComparison.Ordinal);
        await second.Plane.DisposeAsync();
        second.Api.Dispose();
    }

    [Fact]
    public async Task OneFolderServesOneControlPlane()
    {
        await using var control = await TestControl.StartAsync();
        var error = await Assert.ThrowsAsync<ControlPlaneException>(
            () => TestControl.StartInAsync(control.Folder, [control.ConfigFolder]));
        Assert.Contains("another control plane", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADamagedDatabaseIsNamed()
    {
        using var folder = new TempFolder("damaged");
        folder.Write("state/control.db", "this is not a database, and it is longer than a header would be");
        var error = await Assert.ThrowsAsync<ControlPlaneException>(() => TestControl.StartInAsync(folder, []));
        Assert.Contains("control.db", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADatabaseOfANewerVersionIsNamed()
    {
        using var folder = new TempFolder("newer");
        Directory.CreateDirectory(folder["state"]);
        using (var database = new SqliteConnection($"Data Source={folder["state/control.db"]};Pooling=false"))
        {
            database.Open();
            using var command = database.CreateCommand();
            command.CommandText = "PRAGMA user_version = 99";
            command.ExecuteNonQuery();
        }

        var error = await Assert.ThrowsAsync<ControlPlaneException>(() => TestControl.StartInAsync(folder, []));
        Assert.Contains("newer", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnAddressInUseOrNotOnLoopbackIsNamed()
    {
        await using var control = await TestControl.StartAsync();
        using var folder = new TempFolder("address");
        var options = new ControlPlaneOptions
        {
            StateDirectory = folder["state"],
            Xds = control.Plane.XdsEndPoint,
            Api = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0),
        };
        await using var taken = new ControlPlane(options);
        Assert.Contains("--xds", (await Assert.ThrowsAsync<ControlPlaneException>(() => taken.StartAsync())).Message, StringComparison.Ordinal);
        await using var open = new ControlPlane(options with { Xds = new System.Net.IPEndPoint(System.Net.IPAddress.Any, 0) });
        Assert.Contains("loopback", (await Assert.ThrowsAsync<ControlPlaneException>(() => open.StartAsync())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASocketLeftByADeadProcessIsReplaced()
    {
        using var folder = new TempFolder("socket");
        Directory.CreateDirectory(folder["state"]);
        using (var dead = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified))
        {
            dead.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(folder["state/made.sock"]));
            File.Move(folder["state/made.sock"], folder["state/control.sock"]);
        }

        await using var control = await TestControl.StartInAsync(folder, []);
        await control.ReadyAsync();
        Assert.Equal(0, (await control.StatusAsync()).Objects);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(control.Plane.SocketPath));
    }
}
