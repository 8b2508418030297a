using Banyan.Proxy.Accept;
using Banyan.Proxy.Balance;
using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Options;
using Banyan.Proxy.Policy;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy;

/// <summary>Everything one reactor thread owns. Used from that thread alone, except where a member says otherwise.</summary>
internal sealed class Worker : ReactorContext
{
    private readonly Stack<Exchange> _exchanges = new();
    private int _openConnections;
    private int _inboundConnections;
    private int _inFlight;
    private bool _inboundOver;
    private bool _outboundOver;

    internal Worker(
        int index,
        SnapshotHolder snapshots,
        IDiscovery discovery,
        MetricsShard metrics,
        string @namespace,
        EndpointHealth? health = null)
        : base(index, metrics.Counters)
    {
        Snapshots = snapshots;
        Metrics = metrics;
        Namespace = @namespace;
        Health = health ?? new EndpointHealth();
        Clusters = new ClusterTable(this);
        Discovery = new DiscoveryWaits(this, discovery);
        Externals = new Externals(this);
        Loop.OnSecond = OnSecond;
        snapshots.Changed += _ => Loop.Post(OnSnapshot);
    }

    internal PipePool Pipes { get; } = new();

    internal SnapshotHolder Snapshots { get; }

    internal MetricsShard Metrics { get; }

    /// <summary>What probes have found; shared by all workers.</summary>
    internal EndpointHealth Health { get; }

    internal ClusterTable Clusters { get; }

    internal DiscoveryWaits Discovery { get; }

    internal Externals Externals { get; }

    /// <summary>Namespace of the workload beside this proxy: completes one-label host names.</summary>
    internal string Namespace { get; }

    /// <summary>What the way from and to other sidecars is secured with; null: it is plaintext.</summary>
    internal HopSecurity? Security { get; set; }

    /// <summary>Tokens that were verified before.</summary>
    internal TokenCache Tokens { get; } = new();

    /// <summary>What tokens are judged by.</summary>
    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Tells of calls that policies deny; null: nobody listens.</summary>
    internal DenialLog? Denials { get; init; }

    /// <summary>How requests travel to other sidecars.</summary>
    internal HopMode Hop { get; init; }

    /// <summary>Inbound connections are ended with their next answer.</summary>
    internal bool DrainsInbound { get; set; }

    /// <summary>The process ends: every connection is ended with its next answer.</summary>
    internal bool Stops { get; set; }

    /// <summary>Open client connections.</summary>
    internal HashSet<Downstream> Connections { get; } = [];

    /// <summary>Open client connections; readable from any thread.</summary>
    internal int OpenConnections => Volatile.Read(ref _openConnections);

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

    internal void Opened(Downstream client)
    {
        Connections.Add(client);
        _openConnections++;
        _inboundConnections += client.Acceptor.Config.Role == ListenerRole.Inbound ? 1 : 0;
        if (client.ConnectTarget is null)
        {
            Count(Counter.ConnectionsAccepted);
            Count(Counter.ConnectionsActive);
        }
    }

    internal void Closed(Downstream client)
    {
        Connections.Remove(client);
        _openConnections--;
        _inboundConnections -= client.Acceptor.Config.Role == ListenerRole.Inbound ? 1 : 0;
        if (client.ConnectTarget is null)
        {
            Count(Counter.ConnectionsActive, -1);
        }
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

    /// <summary>Breaks off what is still under way on connections of that role: a transfer that was cut ends in a reset.</summary>
    internal void CutOff(bool inbound)
    {
        foreach (var client in Connections)
        {
            if (inbound == (client.Acceptor.Config.Role == ListenerRole.Inbound))
            {
                client.Sock.CutOff();
            }
        }
    }

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
