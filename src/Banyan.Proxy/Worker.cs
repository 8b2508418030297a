using Banyan.Proxy.Balance;
using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy;

/// <summary>Everything one reactor thread owns. Used from that thread alone, except where a member says otherwise.</summary>
internal sealed class Worker
{
    /// <summary>A head of 64 KiB, what the mesh adds to it, and a small body copied behind it.</summary>
    private const int ScratchSize = 192 * 1024;

    private readonly Stack<Exchange> _exchanges = new();

    internal Worker(int index, SnapshotHolder snapshots, IDiscovery discovery, MetricsShard metrics, string @namespace)
    {
        Loop = new EventLoop(index);
        Snapshots = snapshots;
        Metrics = metrics;
        Namespace = @namespace;
        Clusters = new ClusterTable(this);
        Discovery = new DiscoveryWaits(this, discovery);
        Externals = new Externals(this);
        Loop.OnSecond = OnSecond;
        snapshots.Changed += _ => Loop.Post(OnSnapshot);
    }

    internal EventLoop Loop { get; }

    internal BufferPool Buffers { get; } = new();

    internal SnapshotHolder Snapshots { get; }

    internal MetricsShard Metrics { get; }

    internal ClusterTable Clusters { get; }

    internal DiscoveryWaits Discovery { get; }

    internal Externals Externals { get; }

    /// <summary>Namespace of the workload beside this proxy: completes one-label host names.</summary>
    internal string Namespace { get; }

    /// <summary>Memory for one step without a wait in between: heads are built here.</summary>
    internal byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize, pinned: true);

    /// <summary>No new connections are kept: every answer says close.</summary>
    internal bool Draining { get; set; }

    /// <summary>Client connections that are open, by reference for draining.</summary>
    internal HashSet<Accept.Downstream> Connections { get; } = [];

    internal int ActiveExchanges { get; private set; }

    /// <summary>Exchanges under way as another thread may read them.</summary>
    internal int InFlight => Volatile.Read(ref _inFlight);

    private int _inFlight;

    internal Exchange Rent()
    {
        ActiveExchanges++;
        Volatile.Write(ref _inFlight, ActiveExchanges);
        return _exchanges.TryPop(out var exchange) ? exchange : new Exchange(this);
    }

    internal void Return(Exchange exchange)
    {
        exchange.Reset();
        ActiveExchanges--;
        Volatile.Write(ref _inFlight, ActiveExchanges);
        if (_exchanges.Count < 1024)
        {
            _exchanges.Push(exchange);
        }
    }

    internal void Count(Counter counter, long by = 1) => Metrics.Counters[(int)counter] += by;

    private void OnSnapshot()
    {
        Clusters.OnSnapshot(Snapshots.Current);
        Discovery.OnSnapshot(Snapshots.Current);
    }

    private void OnSecond()
    {
        Buffers.Trim();
        Clusters.CloseIdle(Loop.NowMs);
        Externals.CloseIdle(Loop.NowMs);
    }
}
