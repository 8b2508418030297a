using System.Text;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.WorkloadApi;

/// <summary>The SPIFFE Workload API on a unix socket: who the caller is, is seen by the kernel. Lives on the housekeeping loop.</summary>
internal sealed class WorkloadApiServer
{
    private const int MostConnections = 64;
    private const int Backlog = 64;
    private const long RetryMs = 100;

    /// <summary>sun_path with its end.</summary>
    private const int LongestPath = 107;

    /// <summary>Everybody may connect who may enter the folder: what counts is the process.</summary>
    private const UnixFileMode Everybody = (UnixFileMode)0b110_110_110;

    private readonly WorkloadApiContext _context;
    private readonly Sock _sock;
    private readonly Gate _pause;
    private readonly string _path;
    private readonly HashSet<WorkloadApiConnection> _connections = [];

    private WorkloadApiServer(WorkloadApiContext context, string path, int fd)
    {
        (_context, _path) = (context, path);
        _sock = context.Reactor.Loop.Register(fd, writable: false);
        _pause = new Gate(context.Reactor.Loop);
        context.Svids.Changed += () => _connections.ToList().ForEach(static each => each.Wake());
    }

    /// <summary>Listens, in place of a socket that somebody left behind; null, with the reason, when it cannot.</summary>
    internal static unsafe WorkloadApiServer? TryOpen(WorkloadApiContext context, string path, out string error)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length > LongestPath)
        {
            error = $"{path} is longer than the {LongestPath} bytes that the path of a socket may have";
            return null;
        }

        var address = stackalloc byte[LongestPath + 3];
        new Span<byte>(address, LongestPath + 3).Clear();
        *(ushort*)address = Libc.AF_UNIX;
        name.CopyTo(new Span<byte>(address + 2, LongestPath));
        var fd = Libc.socket(Libc.AF_UNIX, Libc.SOCK_STREAM | Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC, 0);
        try
        {
            // Two proxies never share a state folder, and this one listens nowhere yet: what is there is left over.
            if (new FileInfo(path) is { Exists: true } left)
            {
                if (left.Length > 0)
                {
                    throw new IOException("there is a file of that name, which is no socket");
                }

                left.Delete();
            }

            if (fd >= 0 && Libc.bind(fd, address, LongestPath + 3) == 0)
            {
                File.SetUnixFileMode(path, Everybody);
                if (Libc.listen(fd, Backlog) == 0)
                {
                    error = "";
                    return new WorkloadApiServer(context, path, fd);
                }
            }

            error = $"cannot listen on {path}: errno {Libc.Errno}";
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
        {
            error = $"cannot listen on {path}: {problem.Message}";
        }

        _ = Libc.close(fd);
        return null;
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

            var error = AcceptOne();
            if (error == Libc.EAGAIN)
            {
                _sock.ForgetReadable();
            }
            else if (error != 0)
            {
                await _pause.Until(_context.Reactor.Loop.NowMs + RetryMs);
            }
        }
    }

    /// <summary>Ends it with all connections.</summary>
    internal void Close()
    {
        _sock.Close();
        File.Delete(_path);
        foreach (var connection in _connections.ToList())
        {
            connection.Shutdown();
        }
    }

    private unsafe int AcceptOne()
    {
        var fd = Libc.accept4(_sock.Fd, null, null, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC);
        if (fd < 0)
        {
            return Libc.Errno is Libc.EINTR or Libc.ECONNABORTED ? 0 : Libc.Errno;
        }

        if (Caller.Of(fd) is not { } caller || (_connections.Count >= MostConnections && !MakesRoom()))
        {
            _ = Libc.close(fd);
            return 0;
        }

        Serve(new WorkloadApiConnection(_context, _context.Reactor.Loop.Register(fd, writable: true), caller)).Forget();
        return 0;
    }

    /// <summary>Who is not the workload gives way: others must not keep it out.</summary>
    private bool MakesRoom()
    {
        var stranger = _connections.FirstOrDefault(each => _context.Workload.Refuses(each.Caller, out _).Length > 0);
        if (stranger is null)
        {
            return false;
        }

        _connections.Remove(stranger);
        stranger.Fail(ErrorCode.EnhanceYourCalm);
        return true;
    }

    private async ReactorTask Serve(WorkloadApiConnection connection)
    {
        _connections.Add(connection);
        await connection.Run();
        _connections.Remove(connection);
        connection.Sock.Close();
    }
}
