using System.Runtime.InteropServices;

namespace Banyan.Proxy.Background;

/// <summary>Writes to standard error without ever waiting for its reader.</summary>
internal static class StandardError
{
    // A pipe that polls writable takes this much at once (PIPE_BUF).
    private const int Portion = 4096;

    /// <summary>Writes what can be written now; returns how much of the bytes is done with.</summary>
    public static int Write(ReadOnlySpan<byte> bytes)
    {
        var done = 0;
        while (done < bytes.Length)
        {
            var poll = new Native.PollFd { Descriptor = Native.StandardError, Events = Native.PollOut };
            if (Native.Poll(ref poll, 1, 0) <= 0)
            {
                return done;
            }

            var portion = bytes.Slice(done, Math.Min(Portion, bytes.Length - done));
            var written = Native.Write(Native.StandardError, in MemoryMarshal.GetReference(portion), (nuint)portion.Length);
            if (written < 0)
            {
                // Nobody reads any more: lines are gone, the proxy is not.
                return bytes.Length;
            }

            done += (int)written;
        }

        return done;
    }
}
