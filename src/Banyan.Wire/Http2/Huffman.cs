using System.Buffers.Binary;

namespace Banyan.Wire.Http2;

/// <summary>The Huffman code of HPACK (RFC 7541 §5.2, appendix B).</summary>
/// <remarks>
/// The code is canonical: codes of one length count upwards with their symbols, and begin where the shorter ones ended.
/// So the lengths say everything. Decoding looks up 9 bits, which finds every printable ASCII byte but some rare ones in
/// one step; longer codes are found by comparing with the first code of each length.
/// </remarks>
internal sealed class Huffman
{
    /// <summary>Shared; immutable.</summary>
    public static readonly Huffman Instance = new();

    private const int Symbols = 257;
    private const int Eos = 256;
    private const int MaxBits = 30;
    private const int LookupBits = 9;

    private readonly uint[] _codes = new uint[Symbols];
    private readonly byte[] _lengths = Lengths.ToArray();

    /// <summary>Symbol in the upper byte, bits in the lower; 0 for codes longer than the lookup.</summary>
    private readonly ushort[] _lookup = new ushort[1 << LookupBits];

    /// <summary>For each length the first code that is longer, with its first bit on top.</summary>
    private readonly uint[] _limits = new uint[MaxBits + 1];

    /// <summary>For each length what to add to a code for its place among the ordered symbols.</summary>
    private readonly int[] _offsets = new int[MaxBits + 1];
    private readonly ushort[] _ordered = new ushort[Symbols];

    private Huffman()
    {
        var code = 0u;
        var ordered = 0;
        for (var bits = 1; bits <= MaxBits; bits++)
        {
            code <<= 1;
            _offsets[bits] = ordered - (int)code;
            for (var symbol = 0; symbol < Symbols; symbol++)
            {
                if (_lengths[symbol] != bits)
                {
                    continue;
                }

                _codes[symbol] = code;
                _ordered[ordered++] = (ushort)symbol;
                if (bits <= LookupBits)
                {
                    var shift = LookupBits - bits;
                    _lookup.AsSpan((int)(code << shift), 1 << shift).Fill((ushort)((symbol << 8) | bits));
                }

                code++;
            }

            _limits[bits] = bits == MaxBits ? uint.MaxValue : code << (32 - bits);
        }
    }

    private static ReadOnlySpan<byte> Lengths =>
    [
        13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
        28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
        5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7,
        7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
        15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7,
        7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
        24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
        23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
        26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24,
        21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
        26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
    ];

    /// <summary>Bytes that <paramref name="text"/> takes when encoded.</summary>
    public int EncodedLength(ReadOnlySpan<byte> text)
    {
        var bits = 0;
        foreach (var b in text)
        {
            bits += _lengths[b];
        }

        return (bits + 7) / 8;
    }

    /// <summary>Encodes; the output must hold <see cref="EncodedLength"/> bytes.</summary>
    public void Encode(ReadOnlySpan<byte> text, Span<byte> output)
    {
        var pending = 0UL;
        var bits = 0;
        var at = 0;
        foreach (var b in text)
        {
            var length = _lengths[b];
            pending = (pending << length) | _codes[b];
            bits += length;
            while (bits >= 8)
            {
                bits -= 8;
                output[at++] = (byte)(pending >> bits);
            }
        }

        if (bits > 0)
        {
            output[at] = (byte)((pending << (8 - bits)) | (0xFFu >> bits));
        }
    }

    /// <summary>Decodes the whole of <paramref name="bytes"/>, whatever the output holds.</summary>
    public HuffmanStatus Decode(ReadOnlySpan<byte> bytes, Span<byte> output, out int written)
    {
        var window = 0UL;
        var bits = 0;
        var at = 0;
        var tooLong = false;
        written = 0;
        while (true)
        {
            if (bits < 32)
            {
                Fill(bytes, ref at, ref window, ref bits);
            }

            int symbol = _lookup[window >> (64 - LookupBits)];
            var length = symbol & 0xFF;
            symbol >>= 8;
            if (length == 0)
            {
                symbol = LongCode((uint)(window >> 32), out length);
            }

            if (length > bits)
            {
                break;
            }

            if (symbol == Eos)
            {
                return HuffmanStatus.Invalid;
            }

            window <<= length;
            bits -= length;
            if ((uint)written >= (uint)output.Length)
            {
                tooLong = true;
                written = 0;
                if (output.Length == 0)
                {
                    continue;
                }
            }

            output[written++] = (byte)symbol;
        }

        // What is left must be the start of EOS, which is all ones, and less than a byte.
        // Without any, the window is empty and a shift by 64 is none.
        if (bits > 7 || window >> (64 - bits) != (1UL << bits) - 1)
        {
            return HuffmanStatus.Invalid;
        }

        return tooLong ? HuffmanStatus.TooLong : HuffmanStatus.Ok;
    }

    private static void Fill(ReadOnlySpan<byte> bytes, ref int at, ref ulong window, ref int bits)
    {
        if (bytes.Length - at >= 4)
        {
            window |= (ulong)BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]) << (32 - bits);
            at += 4;
            bits += 32;
            return;
        }

        while (at < bytes.Length)
        {
            window |= (ulong)bytes[at++] << (56 - bits);
            bits += 8;
        }
    }

    private int LongCode(uint top, out int length)
    {
        length = LookupBits + 1;
        while (top >= _limits[length] && length < MaxBits)
        {
            length++;
        }

        return _ordered[_offsets[length] + (int)(top >> (32 - length))];
    }
}
