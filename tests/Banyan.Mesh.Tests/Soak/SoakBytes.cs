using System.Numerics;
using System.Runtime.InteropServices;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>Bytes that follow from a number and their place: whoever knows the number can tell each one that is wrong.</summary>
internal static class SoakBytes
{
    private const int Portion = 4096;

    /// <summary>Writes the bytes from that place on.</summary>
    public static void Fill(Span<byte> output, long seed, long offset)
    {
        while (output.Length > 0)
        {
            var inWord = (int)(offset % sizeof(ulong));
            if (inWord == 0)
            {
                var words = MemoryMarshal.Cast<byte, ulong>(output);
                for (var i = 0; i < words.Length; i++)
                {
                    words[i] = Word(seed, (offset / sizeof(ulong)) + i);
                }

                output = output[(words.Length * sizeof(ulong))..];
                offset += words.Length * sizeof(ulong);
                if (output.Length == 0)
                {
                    return;
                }
            }

            var word = Word(seed, offset / sizeof(ulong));
            var bytes = MemoryMarshal.AsBytes(new Span<ulong>(ref word))[inWord..];
            var count = Math.Min(bytes.Length, output.Length);
            bytes[..count].CopyTo(output);
            output = output[count..];
            offset += count;
        }
    }

    /// <summary>Throws <see cref="WrongByteException"/> at the first byte that is not what it should be.</summary>
    public static void Check(ReadOnlySpan<byte> bytes, long seed, long offset, string what)
    {
        Span<byte> wanted = stackalloc byte[Portion];
        while (bytes.Length > 0)
        {
            var count = Math.Min(Portion, bytes.Length);
            Fill(wanted[..count], seed, offset);
            var same = bytes.CommonPrefixLength(wanted[..count]);
            if (same < count)
            {
                throw new WrongByteException($"{what}: byte {offset + same} is {bytes[same]} instead of {wanted[same]}");
            }

            bytes = bytes[count..];
            offset += count;
        }
    }

    // The mixing function of splitmix64.
    private static ulong Word(long seed, long index)
    {
        var x = unchecked((ulong)((seed * 0x1_0000_0000) + index + 1) * 0x9E3779B97F4A7C15);
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        return BitOperations.RotateLeft(x ^ (x >> 27), 23);
    }
}

/// <summary>A byte arrived that nobody sent, or one that somebody sent did not, though everything ended in order.</summary>
internal sealed class WrongByteException(string message) : Exception(message);
