using System.Runtime.InteropServices;

namespace Banyan.Bench.Load;

/// <summary>What goes over a TCP connection of a measurement: bytes that count, so that one lost or moved would show.</summary>
internal static unsafe class TcpPattern
{
    /// <summary>The most that is sent by one system call.</summary>
    public const int Block = 256 * 1024;

    // A prime: no buffer on the way has a multiple of it.
    private const int Period = 251;

    private static readonly byte* Bytes = Fill();

    /// <summary>The byte at that place of a connection's direction.</summary>
    public static byte At(long position) => (byte)(position % Period);

    /// <summary><see cref="Block"/> bytes as they follow that place.</summary>
    public static byte* From(long position) => Bytes + (position % Period);

    private static byte* Fill()
    {
        var bytes = (byte*)NativeMemory.Alloc(Block + Period);
        for (var i = 0; i < Block + Period; i++)
        {
            bytes[i] = At(i);
        }

        return bytes;
    }
}
