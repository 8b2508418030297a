namespace Banyan.Proxy.Reactor;

/// <summary>Two sockets of one loop that are connected with each other, so that what serves a socket can serve a stream.</summary>
internal static unsafe class SockPair
{
    /// <summary>Makes a pair; null when descriptors have run out. A reset of one end (<see cref="Sock.Abort"/>) reaches the other.</summary>
    internal static (Sock Near, Sock Far)? TryOpen(EventLoop loop)
    {
        var ends = stackalloc int[2];
        if (Libc.socketpair(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0, ends) < 0)
        {
            return null;
        }

        var near = loop.Register(ends[0], writable: true);
        var far = loop.Register(ends[1], writable: true);
        near.Twin = far;
        far.Twin = near;
        return (near, far);
    }
}
