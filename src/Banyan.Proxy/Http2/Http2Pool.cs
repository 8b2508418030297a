using Banyan.Proxy.Balance;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;

namespace Banyan.Proxy.Http2;

/// <summary>The HTTP/2 connections of one worker to one endpoint: usually one, another when all its streams are taken.</summary>
internal sealed class Http2Pool(Worker worker)
{
    private readonly List<Http2Client> _open = [];
    private readonly Queue<Gate> _waiting = new();
    private bool _connecting;

    /// <summary>Finds or makes a connection with room for a stream; on success the exchange has its stream.</summary>
    internal async ReactorTask<Failure> Open(Exchange x, EndpointState endpoint, ClusterState? cluster)
    {
        while (!TryOpen(x))
        {
            if (_connecting)
            {
                // One connection for all that came meanwhile.
                var gate = new Gate(worker.Loop);
                _waiting.Enqueue(gate);
                var wait = await gate.Until(Math.Min(x.TryDeadline, worker.Loop.NowMs + (long)x.Cluster!.ConnectTimeout.TotalMilliseconds));
                if (x.Aborted != Failure.None)
                {
                    return x.Aborted;
                }

                if (wait == Wait.Ready)
                {
                    continue;
                }

                return wait == Wait.Cancelled ? Failure.ConnectFailed
                    : worker.Loop.NowMs >= x.Deadline ? Failure.RequestTimeout : Failure.ConnectTimeout;
            }

            _connecting = true;
            var failure = await Connector.Connect(x, endpoint, cluster, fresh: true);
            _connecting = false;
            if (failure == Failure.None)
            {
                var upstream = x.Upstream!;
                x.Upstream = null;
                var client = Http2Client.Start(worker, upstream, this);
                if (client.HasRoom)
                {
                    _open.Add(client);
                }
            }

            // One that was closed before it could be used is a failure like any other: the next attempt is a policy's business.
            failure = failure == Failure.None && !TryOpen(x) ? Failure.ConnectFailed : failure;

            // What only this request lacked, time above all, the others may have: they try themselves.
            var endpointFault = failure == Failure.ConnectFailed
                || (failure == Failure.ConnectTimeout && worker.Loop.NowMs < x.TryDeadline);
            Release(endpointFault ? Wait.Cancelled : Wait.Ready);
            return failure;
        }

        return Failure.None;
    }

    internal void Remove(Http2Client client) => _open.Remove(client);

    /// <summary>Ends the connections that had nothing to do for so long; all of them when the endpoint is leaving.</summary>
    internal void CloseIdle(long nowMs, long idleMs)
    {
        for (var i = _open.Count - 1; i >= 0; i--)
        {
            var client = _open[i];
            if (client.Streams.Count == 0 && nowMs - client.IdleSince >= idleMs)
            {
                worker.Count(Counter.UpstreamIdleCloses);
                _open.RemoveAt(i);
                client.Shutdown();
            }
        }
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
            if (client.HasRoom)
            {
                if (client.IsReused)
                {
                    worker.Count(Counter.UpstreamReuses);
                }

                x.UpstreamStream = client.Open();
                return true;
            }
        }

        return false;
    }

    private void Release(Wait outcome)
    {
        while (_waiting.TryDequeue(out var gate))
        {
            gate.Open(outcome);
        }
    }
}
