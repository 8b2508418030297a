using System.Runtime.CompilerServices;

namespace Banyan.Wire.Http2;

/// <summary>Integers with a prefix of 1 to 8 bits (RFC 7541 §5.1).</summary>
internal static class HpackInteger
{
    /// <summary>Bytes that an integer can take when written.</summary>
    public const int MaxBytes = 6;

    /// <summary>Continuation bytes that are read: any value up to 2^28 in its shortest form, which is more than any
    /// length, index or size here may be.</summary>
    private const int MaxContinuation = 4;

    /// <summary>Reads at <paramref name="at"/> and moves it behind the integer.</summary>
    /// <returns>False when the input ends too early or the integer is too long.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool TryRead(ReadOnlySpan<byte> bytes, ref int at, int prefixBits, out int value)
    {
        value = 0;
        if ((uint)at >= (uint)bytes.Length)
        {
            return false;
        }

        var most = (1 << prefixBits) - 1;
        value = bytes[at++] & most;
        return value < most || TryContinue(bytes, ref at, ref value);
    }

    /// <summary>Writes the integer below the bits of <paramref name="pattern"/>; the output must hold
    /// <see cref="MaxBytes"/>.</summary>
    /// <returns>Bytes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Write(Span<byte> output, byte pattern, int prefixBits, int value)
    {
        var most = (1 << prefixBits) - 1;
        if (value < most)
        {
            output[0] = (byte)(pattern | value);
            return 1;
        }

        output[0] = (byte)(pattern | most);
        return 1 + Continue(output[1..], (uint)(value - most));
    }

    private static bool TryContinue(ReadOnlySpan<byte> bytes, ref int at, ref int value)
    {
        for (var i = 0; i < MaxContinuation && at < bytes.Length; i++)
        {
            var b = bytes[at++];
            value += (b & 0x7F) << (7 * i);
            if (b < 0x80)
            {
                return true;
            }
        }

        return false;
    }

    private static int Continue(Span<byte> output, uint rest)
    {
        var length = 0;
        while (rest >= 0x80)
        {
            output[length++] = (byte)(rest | 0x80);
            rest >>= 7;
        }

        output[length++] = (byte)rest;
        return length;
    }
}
