using System.Text;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>The code itself (RFC 7541 appendix B); its errors are rows of <see cref="BlockErrorTests"/>.</summary>
public sealed class HuffmanTests
{
    /// <summary>Codes of each length, as the RFC prints them: the first and the last symbol, and their codes.</summary>
    [Theory]
    [InlineData(5, '0', 0x0, 't', 0x9)]
    [InlineData(6, ' ', 0x14, 'u', 0x2d)]
    [InlineData(7, ':', 0x5c, 'z', 0x7b)]
    [InlineData(8, '&', 0xf8, 'Z', 0xfd)]
    [InlineData(10, '!', 0x3f8, '?', 0x3fc)]
    [InlineData(11, '\'', 0x7fa, '|', 0x7fc)]
    [InlineData(12, '#', 0xffa, '>', 0xffb)]
    [InlineData(13, '\0', 0x1ff8, '~', 0x1ffd)]
    [InlineData(14, '^', 0x3ffc, '}', 0x3ffd)]
    [InlineData(15, '<', 0x7ffc, '{', 0x7ffe)]
    [InlineData(19, '\\', 0x7fff0, '\u00d0', 0x7fff2)]
    [InlineData(20, '\u0080', 0xfffe6, '\u00e2', 0xfffed)]
    [InlineData(21, '\u0099', 0x1fffdc, '\u00e6', 0x1fffe8)]
    [InlineData(22, '\u0081', 0x3fffd2, '\u00e9', 0x3fffeb)]
    [InlineData(23, '\u0001', 0x7fffd8, '\u00ef', 0x7ffff4)]
    [InlineData(24, '\t', 0xffffea, '\u00ed', 0xfffff5)]
    [InlineData(25, '\u00c7', 0x1ffffec, '\u00eb', 0x1ffffef)]
    [InlineData(26, '\u00c0', 0x3ffffe0, '\u00ff', 0x3ffffee)]
    [InlineData(27, '\u00cb', 0x7ffffde, '\u00fe', 0x7fffff0)]
    [InlineData(28, '\u0002', 0xfffffe2, '\u00f9', 0xffffffe)]
    [InlineData(30, '\n', 0x3ffffffc, '\u0016', 0x3ffffffe)]
    public void Codes(int bits, char first, int firstCode, char last, int lastCode)
    {
        Check(first, firstCode);
        Check(last, lastCode);

        void Check(char symbol, int code)
        {
            var shift = (8 - (bits % 8)) % 8;
            var expected = ((long)code << shift) | ((1L << shift) - 1);
            byte[] text = [(byte)symbol];
            var output = new byte[Huffman.Instance.EncodedLength(text)];
            Huffman.Instance.Encode(text, output);
            Assert.Equal((bits + 7) / 8, output.Length);
            Assert.Equal(expected, output.Aggregate(0L, (sum, b) => (sum << 8) | b));
        }
    }

    [Fact]
    public void EveryPairOfBytesComesBack()
    {
        for (var pair = 0; pair < 65536; pair++)
        {
            byte[] text = [(byte)(pair >> 8), (byte)pair, (byte)(pair >> 8)];
            var encoded = new byte[Huffman.Instance.EncodedLength(text)];
            Huffman.Instance.Encode(text, encoded);
            var decoded = new byte[3];
            Assert.Equal(HuffmanStatus.Ok, Huffman.Instance.Decode(encoded, decoded, out var written));
            Assert.Equal(text, decoded[..written]);
        }
    }

    [Fact]
    public void TheOutputIsNeverExceededAndTheRestIsStillJudged()
    {
        var text = Encoding.Latin1.GetBytes("the quick brown fox {~} jumps \u00e9");
        var encoded = new byte[Huffman.Instance.EncodedLength(text)];
        Huffman.Instance.Encode(text, encoded);
        for (var room = 0; room < text.Length; room++)
        {
            Assert.Equal(HuffmanStatus.TooLong, Huffman.Instance.Decode(encoded, new byte[room], out _));
            Assert.Equal(HuffmanStatus.Invalid, Huffman.Instance.Decode([.. encoded, 0xFF], new byte[room], out _));
        }

        Assert.Equal(HuffmanStatus.Ok, Huffman.Instance.Decode(encoded, new byte[text.Length], out var written));
        Assert.Equal(text.Length, written);
    }
}
