using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Banyan.Tests.Proxy.Xds;
using Banyan.Xds;
using Xunit;
using static Banyan.Tests.Proxy.Resources;

namespace Banyan.Tests.Proxy.Snapshot;

public sealed class SnapshotFileTests : IDisposable
{
    private readonly TempFolder _folder = new();

    private string File => System.IO.Path.Combine(_folder.Path, SnapshotFormat.FileName);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ComesBackAsItWas()
    {
        var driver = new DiscoveryDriver();
        driver.Discovery.Open();
        driver.Serve("payments.default:80", "10.0.0.1:80");
        driver.Send(Inbound("payments.default:80", "127.0.0.1:20001", "127.0.0.1:20002"));
        driver.Send(
            Speaking(Static("app:127.0.0.1:20002", "127.0.0.1:20002"), new HttpProtocolOptions { ExplicitHttpConfig = new() { Http2ProtocolOptions = new() } }));
        driver.Send(TcpSocket("upstream/db.default:5432", "127.0.0.1:20003", TrafficDirection.Outbound, new TcpProxy { Cluster = "db" }));
        driver.Send(Static("db", "10.0.0.2:5432"));
        var saved = driver.Discovery.Save();

        Assert.Null(SnapshotFile.Write(File, saved));
        Assert.Null(SnapshotFile.Read(File, out var read));

        Assert.Equal(saved, read);
        var again = new DiscoveryDriver();
        Assert.Empty(again.Discovery.Load(read));
        Assert.Equal([PortProtocol.Http, PortProtocol.Tcp], again.Snapshot.Listeners.Select(listener => listener.Protocol));
        Assert.Equal(UpstreamProtocol.Http2, again.Snapshot.Listeners[0].Target!.Clusters[0].Protocol);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
        Assert.Single(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void IsReplacedAsAWhole()
    {
        Assert.Null(SnapshotFile.Write(File, Saved("a/b/0", Eds("long-name-of-a-cluster"))));
        Assert.Null(SnapshotFile.Write(File, Saved("a/b/1")));
        Assert.Null(SnapshotFile.Read(File, out var read));
        Assert.Equal("a/b/1", read.NodeId);
        Assert.Empty(read.Resources);
    }

    [Fact]
    public void EveryChangedByteAndEveryCutIsNoticed()
    {
        var bytes = SnapshotFormat.Encode(Saved("a/b/0", Eds("c")));
        for (var i = 0; i < bytes.Length; i++)
        {
            var damaged = bytes.ToArray();
            damaged[i] ^= 1;
            Assert.False(SnapshotFormat.TryDecode(damaged, out _, out var error));
            Assert.NotEqual("", error);
            Assert.False(SnapshotFormat.TryDecode(bytes.AsSpan(0, i), out _, out _));
        }

        Assert.True(SnapshotFormat.TryDecode(bytes, out _, out _));
    }

    [Fact]
    public void AFolderThatCannotBeWrittenIsSaid() =>
        Assert.NotNull(SnapshotFile.Write(Path.Combine(_folder.Path, "none", "x.pb"), new SavedResources()));

    [Fact]
    public void AFileThatIsNotThereIsSaid() => Assert.NotNull(SnapshotFile.Read(File, out _));
}
