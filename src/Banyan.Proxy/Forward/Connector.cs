using Banyan.Proxy.Balance;
using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Forward;

/// <summary>Opens connections to endpoints.</summary>
internal static class Connector
{
    /// <summary>Lowest port that Linux uses for the local end of a connection by default.</summary>
    private const int FirstEphemeralPort = 32768;

    /// <summary>Connects; on success the exchange has its <see cref="Exchange.Upstream"/>.</summary>
    /// <param name="x">The exchange.</param>
    /// <param name="endpoint">Where to.</param>
    /// <param name="cluster">Whose limits count; null outside the mesh.</param>
    /// <param name="fresh">A pooled connection will not do, however good: what is relayed unread begins with a new one.</param>
    internal static async ReactorTask<Failure> Connect(
        Exchange x,
        EndpointState endpoint,
        ClusterState? cluster,
        bool fresh = false)
    {
        var worker = x.Worker;
        if (Unready(worker, endpoint) is var unready and not Failure.None)
        {
            return unready;
        }

        var deadline = Math.Min(worker.Loop.NowMs + (long)x.Cluster!.ConnectTimeout.TotalMilliseconds, x.TryDeadline);
        while (cluster is not null && cluster.Connections >= cluster.Config!.MaxConnections && !cluster.CloseOneIdle())
        {
            if (!await cluster.AwaitConnection(deadline))
            {
                return Failure.Overflow;
            }

            if (!fresh && endpoint.TakeIdle(worker.Loop.NowMs) is { } freed)
            {
                x.Upstream = freed;
                return Failure.None;
            }
        }

        worker.Count(Counter.UpstreamConnects);
        var sock = Begin(worker, endpoint.Address, out var inProgress);
        if (sock is null)
        {
            return Failure.ConnectFailed;
        }

        var upstream = new Upstream(worker, endpoint, cluster, sock);
        x.Upstream = upstream;
        if (inProgress)
        {
            var wait = await sock.Writable(deadline);
            if (wait != Wait.Ready || x.Aborted != Failure.None)
            {
                x.Upstream = null;
                upstream.Close();
                return x.Aborted != Failure.None ? x.Aborted
                    : worker.Loop.NowMs >= x.Deadline ? Failure.RequestTimeout
                    : Failure.ConnectTimeout;
            }
        }

        if (!Established(sock, endpoint.Address))
        {
            x.Upstream = null;
            upstream.Close();
            return Failure.ConnectFailed;
        }

        // What it has to be now: that may have changed on the way.
        upstream.Made = endpoint.Config;
        return endpoint.Config.Mtls ? await Secure(x, upstream, deadline) : Failure.None;
    }

    /// <summary>This side has nothing to prove who it is: its own fault, and nobody is called in plaintext for it.</summary>
    private static Failure Unready(Worker worker, EndpointState endpoint) => !endpoint.Config.Mtls ? Failure.None
        : worker.Security is not { IsEquipped: true } security ? Failure.IdentityMissing
        : security.IsExpired ? Failure.IdentityExpired
        : Failure.None;

    /// <summary>Makes sure of another sidecar: one that cannot prove who it is gets no byte, and there is no way without.</summary>
    private static async ReactorTask<Failure> Secure(Exchange x, Upstream upstream, long deadline)
    {
        if (Unready(x.Worker, upstream.Endpoint) is var unready and not Failure.None)
        {
            x.Upstream = null;
            upstream.Close();
            return unready;
        }

        var secured = await x.Worker.Security!.Connect(upstream.Sock, upstream.Endpoint.Peer, deadline);
        if (secured && upstream.IsCurrent && x.Aborted == Failure.None)
        {
            upstream.Peer = HopPeer.Verified(((TlsConnection)upstream.Sock.Layer!).PeerId);
            return Failure.None;
        }

        var loop = x.Worker.Loop;
        var late = !secured && upstream.Sock.Layer is TlsConnection { Refusal: TlsRefusal.Timeout };
        x.Upstream = null;
        upstream.Close();
        return x.Aborted != Failure.None ? x.Aborted
            : late && loop.NowMs >= x.Deadline ? Failure.RequestTimeout
            : late ? Failure.ConnectTimeout
            : Failure.ConnectFailed;
    }

    /// <summary>Begins a connection without waiting for it; null when the kernel refuses at once.</summary>
    internal static unsafe Sock? Begin(ReactorContext context, SockAddr address, out bool inProgress)
    {
        inProgress = false;
        var fd = Libc.socket(address.Family, Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, Libc.IPPROTO_TCP);
        if (fd < 0)
        {
            return null;
        }

        Libc.SetOption(fd, Libc.IPPROTO_TCP, Libc.TCP_NODELAY, 1);
        Libc.SetLoopbackCongestion(fd, address);
        if (Libc.connect(fd, address.Bytes, address.Length) < 0)
        {
            if (Libc.Errno != Libc.EINPROGRESS)
            {
                _ = Libc.close(fd);
                return null;
            }

            inProgress = true;
        }

        return context.Loop.Register(fd, writable: !inProgress);
    }

    /// <summary>A connection that became writable is one, and not to itself.</summary>
    internal static unsafe bool Established(Sock sock, in SockAddr peer)
    {
        if (sock.TakeError() != 0)
        {
            return false;
        }

        // A loopback connect to a closed ephemeral port can meet itself: that is a refusal.
        if (peer.ToPort() < FirstEphemeralPort)
        {
            return true;
        }

        SockAddr local = default;
        uint length = SockAddr.Capacity;
        return Libc.getsockname(sock.Fd, local.Bytes, &length) < 0 || !local.SameAs(peer);
    }
}
