using Banyan.Proxy.Balance;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Forward;

/// <summary>A connection to an endpoint. In use by one exchange, or idle in its endpoint's pool.</summary>
internal sealed class Upstream
{
    private readonly Worker _worker;
    private readonly ClusterState? _cluster;

    internal Upstream(Worker worker, EndpointState endpoint, ClusterState? cluster, Sock sock)
    {
        _worker = worker;
        _cluster = cluster;
        Endpoint = endpoint;
        Sock = sock;
        Made = endpoint.Config;
        OnIdleEvent = CloseIdle;
        if (cluster is not null)
        {
            cluster.Connections++;
        }

        worker.Count(Counter.UpstreamConnectionsActive);
    }

    internal EndpointState Endpoint { get; }

    internal Sock Sock { get; }

    /// <summary>What its endpoint was when it was made: in plaintext, or to whom.</summary>
    internal EndpointConfig Made { get; set; }

    /// <summary>It would be made like this now; another one is no way to the endpoint any more.</summary>
    internal bool IsCurrent => Made.IsSecuredAs(Endpoint.Config);

    /// <summary>Who the other side proved to be.</summary>
    internal HopPeer Peer { get; set; }

    /// <summary>Received and not yet consumed bytes; null while there are none.</summary>
    internal IoBuffer? In { get; set; }

    /// <summary>It has served before: a failure may be the idle race.</summary>
    internal bool Reused { get; set; }

    /// <summary>Time of the loop's clock up to which it may wait in the pool.</summary>
    internal long IdleUntil { get; set; }

    internal bool Pooled { get; set; }

    internal Upstream? Newer { get; set; }

    internal Upstream? Older { get; set; }

    internal Action OnIdleEvent { get; }

    /// <summary>Keeps it for the next request, unless its endpoint waits for the last connection to be closed
    /// or is called otherwise by now.</summary>
    internal void GiveBack(long idleMs)
    {
        if (Endpoint.IsLeaving || !IsCurrent)
        {
            Close();
            return;
        }

        ReturnBuffer();
        Reused = true;
        Endpoint.GiveBack(this, _worker.Loop.NowMs + idleMs);
        _cluster?.ConnectionFreed();
    }

    /// <summary>Ends it, with a reset if what was sent is not the whole.</summary>
    internal void Close(bool reset = false)
    {
        if (!Sock.IsOpen)
        {
            return;
        }

        ReturnBuffer();
        if (reset)
        {
            Sock.Abort();
        }
        else
        {
            Sock.Close();
        }

        _worker.Count(Counter.UpstreamConnectionsActive, -1);
        if (_cluster is not null)
        {
            _cluster.Connections--;
            _cluster.ConnectionFreed();
        }
    }

    internal void ReturnBuffer()
    {
        if (In is not null)
        {
            _worker.Buffers.Return(In);
            In = null;
        }
    }

    private void CloseIdle()
    {
        // Bytes or an end of stream while nothing was asked: neither is a connection to use again.
        if (Pooled)
        {
            Endpoint.Remove(this);
            _worker.Count(Counter.UpstreamIdleCloses);
            Close();
        }
    }
}
