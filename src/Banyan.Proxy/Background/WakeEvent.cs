using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Banyan.Proxy.Background;

/// <summary>Wakes one thread from any other without a lock: a reactor must never wait for a nice-10 thread that holds one.</summary>
internal sealed class WakeEvent
{
    // Never closed: a late Signal on a recycled descriptor would write into somebody else's file. One a process.
    private readonly int _descriptor;
    private int _signalled;

    public WakeEvent()
    {
        _descriptor = Native.EventFd(0, Native.EfdCloexecNonblock);
        if (_descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>Lets the current or next <see cref="Wait"/> return.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _signalled, 1) == 0)
        {
            ulong one = 1;
            _ = Native.Write(_descriptor, in one, sizeof(ulong));
        }
    }

    /// <summary>Waits for a signal or the timeout; null waits for ever.</summary>
    public void Wait(TimeSpan? timeout)
    {
        var poll = new Native.PollFd { Descriptor = _descriptor, Events = Native.PollIn };
        var milliseconds = timeout is { } limit ? (int)Math.Clamp(Math.Ceiling(limit.TotalMilliseconds), 0, int.MaxValue) : -1;
        _ = Native.Poll(ref poll, 1, milliseconds);
        ulong value = 0;
        _ = Native.Read(_descriptor, ref value, sizeof(ulong));

        // After the read: a signal in between leaves a count behind and the next wait returns at once.
        Volatile.Write(ref _signalled, 0);
        Interlocked.MemoryBarrier();
    }
}
