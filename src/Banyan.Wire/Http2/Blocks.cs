using System.Runtime.CompilerServices;

namespace Banyan.Wire.Http2;

/// <summary>Moves parts of a buffer past each other without another buffer of that size.</summary>
internal static class Blocks
{
    private const int Scratch = 512;

    /// <summary>Makes AB into BA.</summary>
    /// <param name="bytes">A and B.</param>
    /// <param name="first">Bytes of A.</param>
    [SkipLocalsInit]
    public static void Swap(Span<byte> bytes, int first)
    {
        var second = bytes.Length - first;
        if (second <= Scratch)
        {
            Span<byte> copy = stackalloc byte[Scratch];
            copy = copy[..second];
            bytes[first..].CopyTo(copy);
            bytes[..first].CopyTo(bytes[second..]);
            copy.CopyTo(bytes);
            return;
        }

        bytes[..first].Reverse();
        bytes[first..].Reverse();
        bytes.Reverse();
    }
}
