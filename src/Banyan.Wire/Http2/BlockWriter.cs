using System.Runtime.CompilerServices;
using System.Text;

namespace Banyan.Wire.Http2;

/// <summary>Writes the representations of RFC 7541 §6 until the output is full.</summary>
internal ref struct BlockWriter(Span<byte> output)
{
    private const byte HuffmanFlag = 0x80;
    private readonly Span<byte> _output = output;

    /// <summary>Bytes written.</summary>
    public int Length { get; private set; }

    /// <summary>Something did not fit; nothing is written from then on.</summary>
    public bool IsFull { get; private set; }

    /// <param name="pattern">The bits before the integer.</param>
    /// <param name="prefixBits">Bits of the first byte that are the integer's.</param>
    /// <param name="value">The integer.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Integer(byte pattern, int prefixBits, int value)
    {
        if (Reserve(HpackInteger.MaxBytes))
        {
            Length += HpackInteger.Write(_output[Length..], pattern, prefixBits, value);
        }
    }

    public void Plain(scoped ReadOnlySpan<byte> text)
    {
        if (Reserve(HpackInteger.MaxBytes + text.Length))
        {
            Length += HpackInteger.Write(_output[Length..], 0, 7, text.Length);
            text.CopyTo(_output[Length..]);
            Length += text.Length;
        }
    }

    /// <summary>Writes a name, lowered on the way.</summary>
    public void PlainLowered(scoped ReadOnlySpan<byte> name)
    {
        if (Reserve(HpackInteger.MaxBytes + name.Length))
        {
            Length += HpackInteger.Write(_output[Length..], 0, 7, name.Length);
            Ascii.ToLower(name, _output[Length..], out var lowered);
            Length += lowered;
        }
    }

    /// <summary>Writes with Huffman code where that is shorter.</summary>
    public void Packed(scoped ReadOnlySpan<byte> text, Huffman huffman)
    {
        var length = huffman.EncodedLength(text);
        if (length >= text.Length)
        {
            Plain(text);
            return;
        }

        if (Reserve(HpackInteger.MaxBytes + length))
        {
            Length += HpackInteger.Write(_output[Length..], HuffmanFlag, 7, length);
            huffman.Encode(text, _output.Slice(Length, length));
            Length += length;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Reserve(int bytes)
    {
        IsFull |= _output.Length - Length < bytes;
        return !IsFull;
    }
}
