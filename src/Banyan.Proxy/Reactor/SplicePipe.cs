namespace Banyan.Proxy.Reactor;

/// <summary>A kernel pipe: bytes that go from socket to socket through it never come to user space (splice(2)).</summary>
internal sealed unsafe class SplicePipe
{
    /// <summary>Most that is asked into a pipe at once. Its 16 slots hold a page each at least, and often eight.</summary>
    internal const int Size = 512 * 1024;

    private const int Wanted = 256 * 1024;

    private SplicePipe(int readEnd, int writeEnd)
    {
        ReadEnd = readEnd;
        WriteEnd = writeEnd;
    }

    internal int ReadEnd { get; }

    internal int WriteEnd { get; }

    /// <summary>Bytes in the pipe.</summary>
    internal int Held { get; set; }

    internal SplicePipe? NextFree { get; set; }

    /// <summary>Makes a pipe, or returns null where descriptors have run out.</summary>
    internal static SplicePipe? TryOpen()
    {
        var ends = stackalloc int[2];
        if (Libc.pipe2(ends, Libc.SOCK_NONBLOCK | Libc.SOCK_CLOEXEC) < 0)
        {
            return null;
        }

        // More than 64 KiB only if the user's share of pipe memory allows it: refused, the pipe stays as it is.
        _ = Libc.fcntl(ends[1], Libc.F_SETPIPE_SZ, Wanted);
        return new SplicePipe(ends[0], ends[1]);
    }

    internal void Close()
    {
        _ = Libc.close(ReadEnd);
        _ = Libc.close(WriteEnd);
    }
}

/// <summary>Pipes of one loop. Not thread-safe.</summary>
/// <remarks>A pipe is returned by whoever took it; one that still holds bytes is closed, or they would go to somebody else.</remarks>
internal sealed class PipePool
{
    private const int MostFree = 16;

    private SplicePipe? _free;

    /// <summary>Pipes that wait to be used.</summary>
    internal int Free { get; private set; }

    internal SplicePipe? TryRent()
    {
        var pipe = _free;
        if (pipe is null)
        {
            return SplicePipe.TryOpen();
        }

        _free = pipe.NextFree;
        pipe.NextFree = null;
        Free--;
        return pipe;
    }

    internal void Return(SplicePipe pipe)
    {
        if (pipe.Held > 0 || Free >= MostFree)
        {
            pipe.Close();
            return;
        }

        pipe.NextFree = _free;
        _free = pipe;
        Free++;
    }
}
