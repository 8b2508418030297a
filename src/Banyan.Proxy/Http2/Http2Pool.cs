using Banyan.Proxy.Balance;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Http2;

/// <summary>The HTTP/2 connections of one worker to one endpoint: usually one, another when all its streams are taken.</summary>
internal sealed class Http2Pool
{
    /// <summary>Another sidecar that is silent for so long while it owes an answer is asked whether it is there.</summary>
    private const long HopKeepAliveMs = 20_000;

    private readonly Worker _worker;
    private readonly List<Http2Client> _open = [];
    private readonly Queue<Gate> _waiting = new();
    private readonly Action<Http2Client> _remove;
    private bool _connecting;

    internal Http2Pool(Worker worker)
    {
        _worker = worker;
        _remove = client => _open.Remove(client);
    }

    /// <summary>Finds or makes a connection with room for a stream; on success the exchange has its stream.</summary>
    internal async ReactorTask<Failure> Open(Exchange x, EndpointState endpoint, ClusterState? cluster)
    {
        while (!TryOpen(x))
        {
            if (x.Request.Upgrade && _open.Find(static client => client.HasRoom) is { } open)
            {
                // Its settings decide, and they may still be on their way.
                var takes = await open.TakesConnect(Deadline(x));
                if (takes == true && x.Aborted == Failure.None)
                {
                    continue;
                }

                return x.Aborted != Failure.None ? x.Aborted
                    : takes is null ? TimedOut(x)
                    : open.IsOpen || x.Cluster!.Protocol != UpstreamProtocol.Http2 ? Failure.UpgradeUnsupported
                    : Failure.ConnectFailed;
            }

            if (_connecting)
            {
                // One connection for all that came meanwhile.
                var gate = new Gate(_worker.Loop);
                _waiting.Enqueue(gate);
                var wait = await gate.Until(Deadline(x));
                if (x.Aborted != Failure.None)
                {
                    return x.Aborted;
                }

                if (wait == Wait.Ready)
                {
                    continue;
                }

                return wait == Wait.Cancelled ? Failure.ConnectFailed : TimedOut(x);
            }

            _connecting = true;
            var failure = await Connector.Connect(x, endpoint, cluster, fresh: true);
            _connecting = false;
            if (failure == Failure.None)
            {
                var upstream = x.Upstream!;
                x.Upstream = null;
                var client = Http2Client.Start(
                    _worker,
                    upstream.Sock,
                    _remove,
                    () => upstream.Close(),
                    endpoint.Config.Meshed ? HopKeepAliveMs : 0,
                    peer: upstream.Peer);
                if (client.HasRoom)
                {
                    _open.Add(client);
                }
            }

            // One that was closed before it could be used is a failure like any other: the next attempt is a policy's business.
            var unusable = failure == Failure.None && !TryOpen(x);
            if (unusable && x.Request.Upgrade && _open.Exists(static client => client.HasRoom))
            {
                Release(Wait.Ready);
                continue;
            }

            failure = unusable ? Failure.ConnectFailed : failure;

            // What only this request lacked, time above all, the others may have: they try themselves.
            var endpointFault = failure == Failure.ConnectFailed
                || (failure == Failure.ConnectTimeout && _worker.Loop.NowMs < x.TryDeadline);
            Release(endpointFault ? Wait.Cancelled : Wait.Ready);
            return failure;
        }

        return Failure.None;
    }

    /// <summary>Ends the connections that had nothing to do for so long; all of them when the endpoint is leaving.</summary>
    /// <returns>Whether there was one.</returns>
    internal bool CloseIdle(long nowMs, long idleMs)
    {
        var before = _open.Count;
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            var client = _open[i];
            if (client.Streams.Count == 0 && nowMs - client.IdleSince >= idleMs)
            {
                _worker.Count(Counter.UpstreamIdleCloses);
                _open.RemoveAt(i);
                client.Shutdown();
            }
        }

        return _open.Count < before;
    }

    /// <summary>No further stream begins on the connections that are open.</summary>
    internal void Shutdown()
    {
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            var client = _open[i];
            _open.RemoveAt(i);
            client.Shutdown();
        }
    }

    private bool TryOpen(Exchange x)
    {
        foreach (var client in _open)
        {
            if (client.HasRoom && (client.PeerTakesConnect || !x.Request.Upgrade))
            {
                if (client.IsReused)
                {
                    _worker.Count(Counter.UpstreamReuses);
                }

                x.UpstreamStream = client.Open();
                return true;
            }
        }

        return false;
    }

    private long Deadline(Exchange x) =>
        Math.Min(x.TryDeadline, _worker.Loop.NowMs + (long)x.Cluster!.ConnectTimeout.TotalMilliseconds);

    private Failure TimedOut(Exchange x) =>
        _worker.Loop.NowMs >= x.Deadline ? Failure.RequestTimeout : Failure.ConnectTimeout;

    private void Release(Wait outcome)
    {
        while (_waiting.TryDequeue(out var gate))
        {
            gate.Open(outcome);
        }
    }
}
