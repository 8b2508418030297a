using Banyan.Proxy.Accept;
using Banyan.Proxy.Balance;
using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
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

    /// <summary>A field block that HPACK does not make smaller, and what it adds to each line.</summary>
    private const int FieldBlockSize = 192 * 1024;

    private readonly Stack<Exchange> _exchanges = new();
    private readonly Stack<Http2Stream> _streams = new();
    private byte[]? _fieldBlock;
    private int _inboundConnections;
    private int _inFlight;
    private bool _inboundOver;
    private bool _outboundOver;

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

    internal PipePool Pipes { get; } = new();

    internal SnapshotHolder Snapshots { get; }

    internal MetricsShard Metrics { get; }

    internal ClusterTable Clusters { get; }

    internal DiscoveryWaits Discovery { get; }

    internal Externals Externals { get; }

    /// <summary>Namespace of the workload beside this proxy: completes one-label host names.</summary>
    internal string Namespace { get; }

    /// <summary>Memory for one step without a wait in between: heads are built here.</summary>
    internal byte[] Scratch { get; } = GC.AllocateUninitializedArray<byte>(ScratchSize, pinned: true);

    /// <summary>Memory for one encoded field block, used within one step.</summary>
    internal byte[] FieldBlock => _fieldBlock ??= GC.AllocateUninitializedArray<byte>(FieldBlockSize, pinned: true);

    /// <summary>Inbound connections are ended with their next answer.</summary>
    internal bool DrainsInbound { get; set; }

    /// <summary>The process ends: every connection is ended with its next answer.</summary>
    internal bool Stops { get; set; }

    /// <summary>Open client connections.</summary>
    internal HashSet<Downstream> Connections { get; } = [];

    /// <summary>Open inbound client connections; readable from any thread.</summary>
    internal int InboundConnections => Volatile.Read(ref _inboundConnections);

    /// <summary>Exchanges under way; readable from any thread.</summary>
    internal int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Called on the loop after a new snapshot was taken over.</summary>
    internal Action OnConfigured { get; set; } = static () => { };

    /// <summary>Called on the loop about once a second.</summary>
    internal Action OnTick { get; set; } = static () => { };

    /// <summary>Keeps <see cref="MetricsShard.AllocatedBytes"/> current (tests only).</summary>
    internal bool MeasuresAllocations { get; set; }

    /// <summary>True when a connection of that role ends with its next answer.</summary>
    internal bool Drains(ListenerRole role) => Stops || (DrainsInbound && role == ListenerRole.Inbound);

    internal Exchange Rent()
    {
        _inFlight++;
        return _exchanges.TryPop(out var exchange) ? exchange : new Exchange(this);
    }

    internal void Return(Exchange exchange)
    {
        exchange.Reset();
        _inFlight--;
        if (MeasuresAllocations)
        {
            Metrics.AllocatedBytes = GC.GetAllocatedBytesForCurrentThread();
        }

        if (_exchanges.Count < 1024)
        {
            _exchanges.Push(exchange);
        }
    }

    /// <summary>A connection is relayed from now on: in flight until <see cref="RelayEnded"/>.</summary>
    internal void RelayBegan() => _inFlight++;

    internal void RelayEnded() => _inFlight--;

    internal Http2Stream RentStream() => _streams.TryPop(out var stream) ? stream : new Http2Stream(this);

    internal void ReturnStream(Http2Stream stream)
    {
        stream.Clear();
        if (_streams.Count < 1024)
        {
            _streams.Push(stream);
        }
    }

    internal void Opened(Downstream client)
    {
        Connections.Add(client);
        _inboundConnections += client.Acceptor.Config.Role == ListenerRole.Inbound ? 1 : 0;
        Count(Counter.ConnectionsAccepted);
        Count(Counter.ConnectionsActive);
    }

    internal void Closed(Downstream client)
    {
        Connections.Remove(client);
        _inboundConnections -= client.Acceptor.Config.Role == ListenerRole.Inbound ? 1 : 0;
        Count(Counter.ConnectionsActive, -1);
    }

    /// <summary>No further request is taken from connections of that role.</summary>
    internal bool IsOver(ListenerRole role) => role == ListenerRole.Inbound ? _inboundOver : _outboundOver;

    /// <summary>Ends the connections on which nothing is under way, and the others after their answer.</summary>
    internal void CloseIdle(bool inbound)
    {
        _inboundOver |= inbound;
        _outboundOver |= !inbound;
        foreach (var client in Connections)
        {
            if (client.Idle && inbound == (client.Acceptor.Config.Role == ListenerRole.Inbound))
            {
                client.Sock.Cancel();
            }
        }
    }

    internal void Count(Counter counter, long by = 1) => Metrics.Counters[(int)counter] += by;

    private void OnSnapshot()
    {
        Clusters.OnSnapshot(Snapshots.Current);
        OnConfigured();
        Discovery.OnSnapshot(Snapshots.Current);
    }

    private void OnSecond()
    {
        Buffers.Trim();
        Clusters.CloseIdle(Loop.NowMs);
        Externals.CloseIdle(Loop.NowMs);
        OnTick();
    }
}
