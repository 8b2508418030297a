using System.Net;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Accept;

/// <summary>One listening socket on one worker: accepts and hands connections to <see cref="Flow"/>.</summary>
internal sealed class Acceptor
{
    private const int Backlog = 4096;
    private const int BatchLimit = 64;
    private const long RetryMs = 100;

    private readonly Worker _worker;
    private readonly Sock _sock;
    private readonly Gate _pause;

    private Acceptor(Worker worker, ListenerConfig config, int fd)
    {
        _worker = worker;
        Config = config;
        _sock = worker.Loop.Register(fd, writable: false);
        _pause = new Gate(worker.Loop);
    }

    /// <summary>The listener's configuration, replaced when a snapshot changes it.</summary>
    internal ListenerConfig Config { get; set; }

    /// <summary>Binds and listens, or says why not.</summary>
    internal static unsafe Acceptor? TryOpen(Worker worker, ListenerConfig config, bool sharePort, out string error)
    {
        var address = SockAddr.From(config.Address);
        var fd = Libc.socket(address.Family, Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, Libc.IPPROTO_TCP);
        if (fd < 0)
        {
            error = $"socket: errno {Libc.Errno}";
            return null;
        }

        Libc.SetOption(fd, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, 1);
        if (sharePort)
        {
            Libc.SetOption(fd, Libc.SOL_SOCKET, Libc.SO_REUSEPORT, 1);
        }

        Libc.SetLoopbackCongestion(fd, address);
        if (Libc.bind(fd, address.Bytes, address.Length) < 0 || Libc.listen(fd, Backlog) < 0)
        {
            error = $"cannot listen on {config.Address}: errno {Libc.Errno}";
            _ = Libc.close(fd);
            return null;
        }

        error = "";
        return new Acceptor(worker, config, fd);
    }

    /// <summary>True when the address is free: a plain bind, before several reactors share the port.</summary>
    internal static unsafe bool IsFree(IPEndPoint endPoint)
    {
        var address = SockAddr.From(endPoint);
        var fd = Libc.socket(address.Family, Libc.SOCK_STREAM | Libc.SOCK_CLOEXEC, Libc.IPPROTO_TCP);
        Libc.SetOption(fd, Libc.SOL_SOCKET, Libc.SO_REUSEADDR, 1);
        var free = Libc.bind(fd, address.Bytes, address.Length) == 0;
        _ = Libc.close(fd);
        return free;
    }

    /// <summary>Accepts until closed.</summary>
    internal async ReactorTask Run()
    {
        while (_sock.IsOpen)
        {
            if (await _sock.Readable(long.MaxValue) != Wait.Ready)
            {
                return;
            }

            for (var i = 0; i < BatchLimit && _sock.IsOpen; i++)
            {
                var error = AcceptOne();
                if (error == Libc.EAGAIN)
                {
                    _sock.ForgetReadable();
                    break;
                }

                if (error != 0)
                {
                    // Out of descriptors or memory: existing connections end and give some back; spinning would not.
                    await _pause.Until(_worker.Loop.NowMs + RetryMs);
                }
            }

            await _worker.Loop.Yield();
        }
    }

    /// <summary>Takes what is queued, then stops listening.</summary>
    internal void Close()
    {
        while (_sock.IsOpen && AcceptOne() == 0)
        {
            // Whoever connected before the close is served.
        }

        _sock.Close();
    }

    private unsafe int AcceptOne()
    {
        var fd = Libc.accept4(_sock.Fd, null, null, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
        if (fd < 0)
        {
            return Libc.Errno is Libc.EINTR or Libc.ECONNABORTED ? 0 : Libc.Errno;
        }

        Libc.SetOption(fd, Libc.IPPROTO_TCP, Libc.TCP_NODELAY, 1);
        var client = new Downstream(_worker, this, _worker.Loop.Register(fd, writable: true));
        _worker.Opened(client);
        Flow.Connection(client).Forget();
        return 0;
    }
}
