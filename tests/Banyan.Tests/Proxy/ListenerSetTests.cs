using System.Net;
using Banyan.Proxy;
using Banyan.Proxy.Accept;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Testing;
using Banyan.Tests.Proxy.Tcp;
using Xunit;

namespace Banyan.Tests.Proxy;

/// <summary>When the sockets of a worker are all that its node wants.</summary>
public sealed class ListenerSetTests
{
    [Fact]
    public async Task BoundSocketsAreNotAllWhileAnotherIsAwaited()
    {
        var snapshots = new SnapshotHolder();
        var worker = new Worker(0, snapshots, new NoDiscovery(), new MetricsShards(1).Shards[0], "default");
        var listeners = new ListenerSet(worker, sharePort: false, new ProxyLog(LogLevel.Off, TimeProvider.System));
        worker.OnConfigured = () => listeners.Reconcile(snapshots.Current);
        var thread = new Thread(worker.Loop.Run) { IsBackground = true };
        thread.Start();
        try
        {
            var address = new IPEndPoint(IPAddress.Loopback, FreePorts.Next());
            Publish(awaits: true, address);
            await Eventually.TrueAsync(() => listeners.Bound, "the socket is bound");
            Assert.False(listeners.Complete);
            Publish(awaits: false, address);
            await Eventually.TrueAsync(() => listeners.Complete, "nothing is awaited");
        }
        finally
        {
            worker.Loop.Stop();
            thread.Join();
        }

        void Publish(bool awaits, IPEndPoint address)
        {
            snapshots.Publish(new MeshSnapshot
            {
                Listeners = [new ListenerConfig { Name = "outbound", Role = ListenerRole.Outbound, Address = address, Http = HttpSettings.Default }],
                AwaitsListeners = awaits,
                Targets = MeshSnapshot.Index<TargetConfig>([]),
                Missing = MeshSnapshot.Names([]),
            });
            worker.Loop.Post(worker.OnConfigured!);
        }
    }
}
