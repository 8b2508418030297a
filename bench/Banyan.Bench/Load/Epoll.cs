using System.Runtime.InteropServices;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>An epoll instance with room for its events. It lives as long as the process.</summary>
internal sealed unsafe class Epoll(int maxEvents)
{
    // The kernel packs epoll_event on x64 only.
    private static readonly int EventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int EventData = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private readonly byte* _events = (byte*)NativeMemory.AllocZeroed((nuint)(maxEvents * EventSize));
    private readonly int _fd = Native.EpollCreate(Native.CloseOnExec);

    public void Watch(int fd, int token, int interest)
    {
        var what = stackalloc byte[16];
        *(int*)what = interest;
        *(long*)(what + EventData) = token;
        _ = Native.EpollControl(_fd, Native.EpollAdd, fd, what);
    }

    /// <summary>Waits for events without an end; how many there are.</summary>
    public int Wait() => Math.Max(0, Native.EpollWait(_fd, _events, maxEvents, -1));

    /// <summary>The same for at most that long.</summary>
    public int Wait(long nanoseconds)
    {
        var time = stackalloc long[2];
        time[0] = nanoseconds / 1_000_000_000;
        time[1] = nanoseconds % 1_000_000_000;
        return Math.Max(0, Native.EpollWait(_fd, _events, maxEvents, time, null));
    }

    /// <summary>What was given to <see cref="Watch"/> for the n-th event.</summary>
    public int Token(int n) => *(int*)(_events + (n * EventSize) + EventData);
}
