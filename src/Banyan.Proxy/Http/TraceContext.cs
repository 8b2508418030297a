using System.Buffers;
using System.Buffers.Binary;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Http;

/// <summary>W3C Trace Context: a new span id per hop, the trace id and flags kept, a new trace where none came in (level 1, §3).</summary>
internal static class TraceContext
{
    /// <summary>Length of <c>traceparent: 00-…\r\n</c>.</summary>
    internal const int LineLength = 13 + 55 + 2;

    private static readonly SearchValues<byte> Hex = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>Writes the line for the next hop; <paramref name="received"/> is the value that came in, or empty.</summary>
    internal static void WriteLine(Span<byte> line, ReadOnlySpan<byte> received, ref XorShift random)
    {
        "traceparent: 00-"u8.CopyTo(line);
        line[68] = (byte)'\r';
        line[69] = (byte)'\n';
        var value = line.Slice(13, 55);
        if (IsValid(received))
        {
            received.Slice(3, 32).CopyTo(value[3..]);
            received.Slice(53, 2).CopyTo(value[53..]);
        }
        else
        {
            WriteHex(value[3..], random.Next());
            WriteHex(value[19..], random.Next() | 1);
            value[53] = (byte)'0';
            value[54] = (byte)'0';
        }

        value[35] = (byte)'-';
        WriteHex(value[36..], random.Next() | 1);
        value[52] = (byte)'-';
    }

    private static bool IsValid(ReadOnlySpan<byte> value) =>
        value.Length == 55 && value[0] == '0' && value[1] == '0' && value[2] == '-' && value[35] == '-' && value[52] == '-'
        && IsId(value.Slice(3, 32)) && IsId(value.Slice(36, 16)) && !value.Slice(53, 2).ContainsAnyExcept(Hex);

    private static bool IsId(ReadOnlySpan<byte> value) => !value.ContainsAnyExcept(Hex) && value.ContainsAnyExcept((byte)'0');

    private static void WriteHex(Span<byte> output, ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(output, HexDigits((uint)(value >> 32)));
        BinaryPrimitives.WriteUInt64BigEndian(output[8..], HexDigits((uint)value));
    }

    private static ulong HexDigits(uint value)
    {
        // One nibble to a byte, then 0-9 and a-f told apart without a branch.
        ulong x = value;
        x = (x | (x << 16)) & 0x0000FFFF0000FFFFUL;
        x = (x | (x << 8)) & 0x00FF00FF00FF00FFUL;
        x = (x | (x << 4)) & 0x0F0F0F0F0F0F0F0FUL;
        var letters = ((x + 0x0606060606060606UL) >> 4) & 0x0101010101010101UL;
        return x + 0x3030303030303030UL + (letters * 0x27);
    }
}
