using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Banyan.Proxy.Reactor;

/// <summary>The system calls of the reactor. Layouts are those of Linux on x64 and arm64, glibc and musl.</summary>
internal static unsafe partial class Libc
{
    internal const int EINTR = 4;
    internal const int EAGAIN = 11;
    internal const int EINVAL = 22;
    internal const int ENFILE = 23;
    internal const int EMFILE = 24;
    internal const int EPIPE = 32;
    internal const int ENOSYS = 38;
    internal const int ECONNABORTED = 103;
    internal const int ECONNRESET = 104;
    internal const int EINPROGRESS = 115;
    internal const int ECONNREFUSED = 111;
    internal const int ETIMEDOUT = 110;

    internal const int AF_UNIX = 1;
    internal const int AF_INET = 2;
    internal const int AF_INET6 = 10;
    internal const int SOCK_STREAM = 1;
    internal const int SOCK_NONBLOCK = 0x800;
    internal const int SOCK_CLOEXEC = 0x80000;
    internal const int IPPROTO_TCP = 6;
    internal const int TCP_NODELAY = 1;
    internal const int TCP_CONGESTION = 13;
    internal const int SOL_SOCKET = 1;
    internal const int SO_REUSEADDR = 2;
    internal const int SO_ERROR = 4;
    internal const int SO_LINGER = 13;
    internal const int SO_REUSEPORT = 15;
    internal const int IPPROTO_IPV6 = 41;
    internal const int IPV6_V6ONLY = 26;
    internal const int MSG_PEEK = 0x2;
    internal const int MSG_NOSIGNAL = 0x4000;
    internal const int SHUT_WR = 1;

    internal const int F_SETPIPE_SZ = 1031;
    internal const uint SPLICE_F_MOVE = 0x1;
    internal const uint SPLICE_F_NONBLOCK = 0x2;

    internal const uint EPOLLIN = 0x1;
    internal const uint EPOLLOUT = 0x4;
    internal const uint EPOLLERR = 0x8;
    internal const uint EPOLLHUP = 0x10;
    internal const uint EPOLLRDHUP = 0x2000;
    internal const uint EPOLLET = 0x80000000;
    internal const int EPOLL_CTL_ADD = 1;
    internal const int EPOLL_CLOEXEC = 0x80000;
    internal const int EFD_NONBLOCK = 0x800;
    internal const int EFD_CLOEXEC = 0x80000;

    /// <summary>struct epoll_event is packed on x64 only (sys/epoll.h, __EPOLL_PACKED).</summary>
    internal static readonly int EpollEventSize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    internal static readonly int EpollDataOffset = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    [StructLayout(LayoutKind.Sequential)]
    internal struct IoVector
    {
        public byte* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Linger
    {
        public int OnOff;
        public int Seconds;
    }

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_create1(int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_ctl(int epoll, int operation, int fd, void* ev);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int epoll_wait(int epoll, void* events, int max, int timeoutMs);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socket(int family, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int socketpair(int family, int type, int protocol, int* ends);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int bind(int fd, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int accept4(int fd, void* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int connect(int fd, void* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockname(int fd, void* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getpeername(int fd, void* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int setsockopt(int fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int getsockopt(int fd, int level, int option, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint recv(int fd, void* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint send(int fd, void* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint writev(int fd, IoVector* vectors, int count);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint read(int fd, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint write(int fd, void* buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int fcntl(int fd, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial nint splice(int from, void* fromOffset, int to, void* toOffset, nuint length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int shutdown(int fd, int how);

    [LibraryImport("libc", SetLastError = true)]
    internal static partial int close(int fd);

    internal static int Errno
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Marshal.GetLastPInvokeError();
    }

    internal static void SetOption(int fd, int level, int option, int value) =>
        setsockopt(fd, level, option, &value, sizeof(int));

    /// <summary>On a connection that never leaves the host nothing can be congested: the algorithm that keeps the least books
    /// (BBR measures rates and paces) takes its place. A listener hands it on to what it accepts.</summary>
    internal static void SetLoopbackCongestion(int fd, in SockAddr address)
    {
        if (address.IsLoopback)
        {
            fixed (byte* name = "reno"u8)
            {
                // Where the kernel refuses, its own choice stays.
                _ = setsockopt(fd, IPPROTO_TCP, TCP_CONGESTION, name, 4);
            }
        }
    }
}
