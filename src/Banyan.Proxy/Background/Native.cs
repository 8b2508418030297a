using System.Runtime.InteropServices;

namespace Banyan.Proxy.Background;

/// <summary>The system calls of the housekeeping threads.</summary>
internal static partial class Native
{
    public const int PriorityOfProcess = 0;        // PRIO_PROCESS
    public const short PollOut = 4;
    public const int OpenReadOnlyCloexec = 0x80000; // O_RDONLY | O_CLOEXEC
    public const int StandardError = 2;
    public const int DontNeed = 4; // MADV_DONTNEED

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    public static partial int Poll(ref PollFd descriptors, nuint count, int timeout);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    public static partial nint Write(int descriptor, ref readonly byte value, nuint count);

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    public static partial int SetPriority(int which, uint who, int nice);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    public static partial int Fsync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    public static partial int Advise(nuint start, nuint length, int advice);

    [StructLayout(LayoutKind.Sequential)]
    public struct PollFd
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
