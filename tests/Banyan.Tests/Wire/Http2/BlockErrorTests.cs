using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>What is not HPACK at all: RFC 7541 §2.3.3, §4.2, §5 and §6.</summary>
public sealed class BlockErrorTests
{
    /// <summary>Blocks of trailers: what they mean, or that they mean nothing.</summary>
    public static readonly IReadOnlyList<(string Hex, string Expected, string Why)> Rows =
    [
        ("", "~", "nothing"),
        ("80", Error, "index 0"),
        ("be", Error, "an index behind the static table while the dynamic one is empty"),
        ("ff00", Error, "index 127, which is not there"),
        ("bd", "~", "index 61 is there; www-authenticate must not be in trailers and is dropped"),
        ("81", "Malformed", "the first of the static table"),
        ("40 01 61 01 62 be", "a: b~a: b~~", "the newest entry has index 62"),
        ("40 01 61 01 62 bf", Error, "there is no index 63 yet"),
        ("7f 00 01 62", Error, "a name with index 63 that is not there"),
        ("0f 30 01 62", Error, "the same without indexing"),
        ("1f 30 01 62", Error, "the same, never indexed"),

        // Integers (§5.1).
        ("ff", Error, "an index without its end"),
        ("ff 80", Error, "the same, one byte on"),
        ("ff 80 80 80 80 00", Error, "an integer of more bytes than any that means something"),
        ("ff ff ff ff ff 0f", Error, "an integer over 32 bits"),
        ("ff ff ff ff ff ff ff ff ff ff 01", Error, "an integer over 64 bits"),
        ("00 01 61 7f", Error, "the length of a value without its end"),
        ("00 7f ff ff ff ff 7f 61", Error, "a length over 32 bits"),
        ("00 81 80 80", Error, "a Huffman string that is cut off"),
        ("00 7f 80 00", Error, "a length of 127 without that many bytes"),
        ("00 01 61 7f 80 80 80 00 61", Error, "a length in a longer form than needed, and too few bytes"),

        // Strings (§5.2).
        ("00", Error, "a literal without a name"),
        ("00 01", Error, "a name without bytes"),
        ("00 01 61", Error, "a literal without a value"),
        ("00 01 61 01", Error, "a value without bytes"),
        ("00 01 61 02 62", Error, "a value that is cut off"),
        ("00 01 61 00", "a: ~~", "an empty value"),
        ("00 01 61 80", "a: ~~", "an empty value in Huffman code"),
        ("00 81 1f 81 1f", "a: a~~", "a with three bits of padding"),
        ("00 81 1f 81 1e", Error, "padding with a zero at its end"),
        ("00 81 1f 81 1b", Error, "padding with a zero in its middle"),
        ("00 81 1f 81 18", Error, "padding of zeros"),
        ("00 81 1f 82 1f ff", Error, "padding of more than 7 bits"),
        ("00 81 1f 81 ff", Error, "padding of 8 bits, and nothing else"),
        ("00 81 1f 84 ff ff ff fc", Error, "EOS, 30 ones, and two zeros of padding"),
        ("00 81 1f 84 ff ff ff ff", Error, "EOS and two ones of padding"),
        ("00 81 1f 85 1f ff ff ff ff", Error, "EOS after a symbol"),
        ("00 81 1f 81 fe", Error, "the start of a longer code"),
        ("00 81 ff 01 62", Error, "the same errors in a name"),

        // Size updates (§4.2, §6.3).
        ("20", "~", "a size of 0"),
        ("3f e1 1f", "~", "4096, the limit"),
        ("3f e2 1f", Error, "4097"),
        ("3f ff ff ff ff 0f", Error, "a size over 32 bits"),
        ("3f", Error, "a size without its end"),
        ("20 3f e1 1f 00 01 61 01 62", "a: b~~", "two updates before the first field"),
        ("00 01 61 01 62 20", Error, "an update behind a field"),
        ("20 40 01 61 01 62 be", Error, "nothing stays in a table of 0 bytes"),
        ("3f 02 40 01 61 01 62 be", Error, "nor in one of 33 for a field of 34"),
        ("3f 03 40 01 61 01 62 be", "a: b~a: b~~", "34 are enough"),
    ];

    private const string Error = nameof(FieldBlockStatus.CompressionError);

    public static TheoryData<int> Numbers => [.. Enumerable.Range(0, Rows.Count)];

    [Theory]
    [MemberData(nameof(Numbers))]
    public void Means(int number)
    {
        var (hex, expected, why) = Rows[number];
        var block = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        var result = BlockTranscript.Next(new HpackDecoder(), 'T', block);
        Assert.True(expected == result, $"{why}: {hex} is {result}, expected {expected}");

        // A failed message does not hide what is wrong with the rest of its block.
        var failed = BlockTranscript.Next(new HpackDecoder(), 'T', [.. UpdatesOf(block), .. Blocks.Literal("X", "1"), .. block[UpdatesOf(block).Length..]]);
        Assert.True(failed == (expected == Error ? Error : "Malformed"), $"{why}: {hex} is {failed} behind a malformed field");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void TheLimitOfUpdatesIsWhatWasAnnounced(int limit)
    {
        Assert.Equal("~", BlockTranscript.Next(new HpackDecoder(limit), 'T', Blocks.Integer(0x20, 5, limit)));
        Assert.Equal(Error, BlockTranscript.Next(new HpackDecoder(limit), 'T', Blocks.Integer(0x20, 5, limit + 1)));
    }

    [Fact]
    public void SizesOutOfRangeAreTheCallersMistake()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new HpackDecoder(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HpackDecoder(65537));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HpackEncoder(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HpackEncoder(65537));
        Assert.Throws<ArgumentOutOfRangeException>(() => new HpackDecoder().DecodeTrailers([], new byte[4095], out _));
    }

    private static byte[] UpdatesOf(byte[] block)
    {
        var end = 0;
        while (end < block.Length && block[end] is >= 0x20 and < 0x40)
        {
            if ((block[end++] & 0x1F) == 0x1F)
            {
                while (end < block.Length && block[end] >= 0x80)
                {
                    end++;
                }

                end = Math.Min(block.Length, end + 1);
            }
        }

        return block[..end];
    }
}
