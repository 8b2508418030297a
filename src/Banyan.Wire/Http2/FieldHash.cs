using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Banyan.Wire.Http2;

/// <summary>Hashes of names and values. They find candidates; bytes are compared before anything is believed.</summary>
/// <remarks>A hash looks at the length and at up to 64 bytes, so that its cost is bounded. Someone who knows it can make
/// fields collide; searches therefore give up after a few steps.</remarks>
internal static class FieldHash
{
    private const ulong Multiplier = 0x9E37_79B9_7F4A_7C15;
    private const int Sampled = 32;

    public static uint Of(ReadOnlySpan<byte> bytes)
    {
        var hash = (ulong)bytes.Length * Multiplier;
        if (bytes.Length > 2 * Sampled)
        {
            hash = Mix(hash, bytes[..Sampled]);
            bytes = bytes[^Sampled..];
        }

        return Fold(Mix(hash, bytes));
    }

    public static uint Combine(uint name, uint value) => Fold((name ^ ((ulong)value << 32)) * Multiplier);

    private static ulong Mix(ulong hash, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length >= 8)
        {
            for (var rest = bytes; rest.Length > 8; rest = rest[8..])
            {
                hash = Add(hash, MemoryMarshal.Read<ulong>(rest));
            }

            return Add(hash, MemoryMarshal.Read<ulong>(bytes[^8..]));
        }

        if (bytes.Length >= 4)
        {
            var low = MemoryMarshal.Read<uint>(bytes);
            return Add(hash, low | ((ulong)MemoryMarshal.Read<uint>(bytes[^4..]) << 32));
        }

        var word = 0UL;
        foreach (var b in bytes)
        {
            word = (word << 8) | b;
        }

        return Add(hash, word);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Add(ulong hash, ulong word)
    {
        hash = (hash ^ word) * Multiplier;
        return hash ^ (hash >> 29);
    }

    private static uint Fold(ulong hash) => (uint)(hash ^ (hash >> 32));
}
