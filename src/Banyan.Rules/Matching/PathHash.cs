using System.Buffers.Binary;

namespace Banyan.Rules.Matching;

/// <summary>A hash of a path that grows segment by segment, eight bytes at a time.</summary>
/// <remarks>Collisions cost time, never correctness. Keys come from configuration, so no caller can craft a slow table.</remarks>
internal static class PathHash
{
    public const ulong Seed = 0x9E3779B97F4A7C15;

    private const ulong Factor = 0xD6E8FEB86659FD93;

    /// <summary>Hash of what <paramref name="hash"/> stands for, a slash and <paramref name="segment"/>.</summary>
    public static ulong Append(ulong hash, ReadOnlySpan<byte> segment)
    {
        var length = segment.Length;
        while (segment.Length >= 8)
        {
            hash = Mix(hash, BinaryPrimitives.ReadUInt64LittleEndian(segment));
            segment = segment[8..];
        }

        ulong tail = 0;
        if (segment.Length >= 4)
        {
            tail = BinaryPrimitives.ReadUInt32LittleEndian(segment)
                | ((ulong)BinaryPrimitives.ReadUInt32LittleEndian(segment[^4..]) << 32);
        }
        else if (segment.Length > 0)
        {
            tail = segment[0] | ((ulong)segment[segment.Length >> 1] << 8) | ((ulong)segment[^1] << 16);
        }

        return Mix(hash, tail ^ ((ulong)length << 56));
    }

    /// <summary>The slot of a table with 2^(64 - <paramref name="shift"/>) slots. The last multiplication brings every bit up to the top.</summary>
    public static int Slot(ulong hash, int shift) => (int)((hash * Factor) >> shift);

    private static ulong Mix(ulong hash, ulong word)
    {
        // A product's low bits know only the low bits of its factors, so the high ones are folded in.
        hash = (hash ^ word) * Factor;
        return hash ^ (hash >> 32);
    }
}
