using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Banyan.Proxy.Reactor;

/// <summary>A socket address in the kernel's layout (sockaddr_in / sockaddr_in6), without allocation.</summary>
internal unsafe struct SockAddr
{
    internal const int Capacity = 28;

    internal fixed byte Bytes[Capacity];
    internal uint Length;

    internal readonly int Family
    {
        get
        {
            fixed (byte* bytes = Bytes)
            {
                return *(ushort*)bytes;
            }
        }
    }

    internal static SockAddr From(IPEndPoint endPoint)
    {
        SockAddr result = default;
        var span = new Span<byte>(result.Bytes, Capacity);
        if (endPoint.AddressFamily == AddressFamily.InterNetwork)
        {
            result.Length = 16;
            *(ushort*)result.Bytes = Libc.AF_INET;
            BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)endPoint.Port);
            endPoint.Address.TryWriteBytes(span[4..], out _);
        }
        else
        {
            result.Length = 28;
            *(ushort*)result.Bytes = Libc.AF_INET6;
            BinaryPrimitives.WriteUInt16BigEndian(span[2..], (ushort)endPoint.Port);
            endPoint.Address.TryWriteBytes(span[8..], out _);
            *(uint*)(result.Bytes + 24) = (uint)endPoint.Address.ScopeId;
        }

        return result;
    }

    /// <summary>Address of the other end of a socket, 4 or 16 bytes in network order; empty when there is none.</summary>
    internal static byte[] OfPeer(int fd)
    {
        SockAddr peer = default;
        var length = (uint)Capacity;
        if (Libc.getpeername(fd, peer.Bytes, &length) < 0)
        {
            return [];
        }

        var span = new ReadOnlySpan<byte>(peer.Bytes, Capacity);
        return peer.Family switch
        {
            Libc.AF_INET => span.Slice(4, 4).ToArray(),
            Libc.AF_INET6 => span.Slice(8, 16).ToArray(),
            _ => [],
        };
    }

    internal readonly IPEndPoint ToEndPoint()
    {
        fixed (byte* bytes = Bytes)
        {
            var span = new ReadOnlySpan<byte>(bytes, Capacity);
            var port = BinaryPrimitives.ReadUInt16BigEndian(span[2..]);
            return Family == Libc.AF_INET
                ? new IPEndPoint(new IPAddress(span.Slice(4, 4)), port)
                : new IPEndPoint(new IPAddress(span.Slice(8, 16)), port);
        }
    }

    internal readonly int ToPort()
    {
        fixed (byte* bytes = Bytes)
        {
            return (bytes[2] << 8) | bytes[3];
        }
    }

    /// <summary>127.0.0.0/8 or ::1.</summary>
    internal readonly bool IsLoopback
    {
        get
        {
            fixed (byte* bytes = Bytes)
            {
                return Family == Libc.AF_INET
                    ? bytes[4] == 127
                    : new ReadOnlySpan<byte>(bytes + 8, 16).SequenceEqual("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\u0001"u8);
            }
        }
    }

    internal readonly bool SameAs(in SockAddr other)
    {
        fixed (byte* a = Bytes, b = other.Bytes)
        {
            // sin6_flowinfo and scope do not tell two ends apart.
            var length = Family == Libc.AF_INET ? 8 : 24;
            return new ReadOnlySpan<byte>(a, length).SequenceEqual(new ReadOnlySpan<byte>(b, length));
        }
    }
}
