using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>The dynamic table beside a list that does the same in the simplest way (RFC 7541 §2.3.2, §4).</summary>
public sealed class DynamicTableTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(32)]
    [InlineData(100)]
    [InlineData(4096)]
    [InlineData(65536)]
    public void IsTheListOfTheRfc(int capacity)
    {
        var random = new Random(capacity);
        var table = new DynamicTable(capacity, capacity);
        var model = new List<(string Name, string Value)>();
        var most = capacity;
        for (var round = 0; round < 5000; round++)
        {
            switch (random.Next(20))
            {
                case 0:
                    most = random.Next(capacity + 1);
                    table.Resize(most);
                    break;
                case 1:
                    most = capacity;
                    table.Resize(most);
                    break;
                case 2 when random.Next(10) == 0:
                    table.Clear();
                    model.Clear();
                    break;
                default:
                    var field = (Text(random, most), Text(random, most));
                    table.Insert(Bytes(field.Item1), Bytes(field.Item2), FieldRole.Plain);
                    model.Insert(0, field);
                    break;
            }

            while (Size(model) > most)
            {
                model.RemoveAt(model.Count - 1);
            }

            Assert.Equal(model.Count, table.Count);
            Assert.Equal(Size(model), table.Size);
            for (var i = 0; i < model.Count; i++)
            {
                var number = table.Inserted - (uint)i;
                Assert.True(table.IsAlive(number));
                var entry = table[number];
                Assert.Equal($"{model[i].Name}: {model[i].Value}\r\n", System.Text.Encoding.Latin1.GetString(table.Line(in entry)));
                Assert.Equal(model[i].Name.Length, entry.NameLength);
            }

            Assert.False(table.IsAlive(table.Inserted - (uint)model.Count));
            Assert.False(table.IsAlive(table.Inserted + 1));
            Assert.False(table.IsAlive(0));
        }
    }

    /// <summary>The name of an entry that the insertion itself evicts (RFC 7541 §4.4).</summary>
    [Fact]
    public void ANameMayComeFromTheEntryThatMakesRoom()
    {
        var decoder = new HpackDecoder();
        Assert.Equal("~", BlockTranscript.Next(decoder, 'T', Blocks.Integer(0x20, 5, 40)));
        Assert.Equal("name: 1~~", BlockTranscript.Next(decoder, 'T', Blocks.Literal("name", "1", 0x40)));
        byte[] sameName = [0x7E, .. Blocks.String("22"), 0xBE];
        Assert.Equal("name: 22~name: 22~~", BlockTranscript.Next(decoder, 'T', sameName));
        Assert.Equal("CompressionError", BlockTranscript.Next(decoder, 'T', [0xBF]));
    }

    [Fact]
    public void AFieldLargerThanTheTableEmptiesIt()
    {
        var decoder = new HpackDecoder();
        byte[] block = [.. Blocks.Literal("a", "b", 0x40), .. Blocks.Literal("c", new string('x', 4064), 0x40)];
        Assert.StartsWith("a: b~c: xxx", BlockTranscript.Next(decoder, 'T', block), StringComparison.Ordinal);
        Assert.Equal("CompressionError", BlockTranscript.Next(decoder, 'T', [0xBE]));
        byte[] fits = [.. Blocks.Literal("c", new string('x', 4063), 0x40)];
        BlockTranscript.Next(decoder, 'T', fits);
        Assert.StartsWith("c: xxx", BlockTranscript.Next(decoder, 'T', [0xBE]), StringComparison.Ordinal);
    }

    /// <summary>A literal that does not fit the text any more is still one for the table, whichever way it came.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TheTableStaysInStepWhenTheTextIsFull(bool namedByIndex)
    {
        var decoder = new HpackDecoder();
        var last = namedByIndex ? [0x7E, .. Blocks.String("second")] : Blocks.Literal("x-name", "second", 0x40);
        byte[] block =
        [
            .. Blocks.Literal("x-name", "first", 0x40),
            .. Blocks.Literal("long", new string('x', 65500)),
            .. last,
        ];
        Assert.Equal("TooLarge", BlockTranscript.Next(decoder, 'T', block));
        Assert.Equal("x-name: second~x-name: first~~", BlockTranscript.Next(decoder, 'T', [0xBE, 0xBF]));
    }

    /// <summary>A literal larger than all of the text empties the table, and its Huffman code is judged to the end.</summary>
    [Fact]
    public void ALiteralLargerThanTheTextIsReadToItsEnd()
    {
        byte[] huge = [0x40, .. Blocks.String("x"), .. Blocks.Integer(0x80, 7, 50_000), .. Enumerable.Repeat((byte)0, 50_000)];
        var decoder = new HpackDecoder();
        Assert.Equal("a: b~~", BlockTranscript.Next(decoder, 'T', Blocks.Literal("a", "b", 0x40)));
        Assert.Equal("TooLarge", BlockTranscript.Next(decoder, 'T', [.. huge, .. Blocks.Literal("c", "d", 0x40)]));
        Assert.Equal("c: d~~", BlockTranscript.Next(decoder, 'T', [0xBE]));
        Assert.Equal("CompressionError", BlockTranscript.Next(new HpackDecoder(), 'T', [0xBF]));
        huge[^1] = 0xFE;
        Assert.Equal("CompressionError", BlockTranscript.Next(new HpackDecoder(), 'T', huge));
    }

    /// <summary>A few bytes that would be gigabytes of text: it ends at 64 KiB, and quickly.</summary>
    [Theory]
    [InlineData('Q')]
    [InlineData('A')]
    [InlineData('T')]
    public void ABombIsCutOff(char kind)
    {
        var decoder = new HpackDecoder();
        var plant = Blocks.Literal("x-bomb", new string('x', 4000), 0x40);
        BlockTranscript.Next(decoder, 'T', plant);
        var start = kind switch
        {
            'Q' => Blocks.Of(Blocks.Start),
            'A' => Blocks.Of(":status=200"),
            _ => [],
        };
        byte[] bomb = [.. start, .. Enumerable.Repeat((byte)0xBE, 1_000_000)];
        var before = GC.GetAllocatedBytesForCurrentThread();
        var text = new byte[64 * 1024];
        var status = kind switch
        {
            'Q' => decoder.DecodeRequest(bomb, text, out _, out _),
            'A' => decoder.DecodeResponse(bomb, text, out _),
            _ => decoder.DecodeTrailers(bomb, text, out _),
        };
        Assert.Equal(FieldBlockStatus.TooLarge, status);

        // What is planted a million times over would be 4 GB; a collection meanwhile rounds the count up by a few kB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 200_000);
    }

    private static int Size(List<(string Name, string Value)> fields) => fields.Sum(f => f.Name.Length + f.Value.Length + 32);

    private static string Text(Random random, int most) =>
        new((char)random.Next('a', 'z'), random.Next(random.Next(20) == 0 ? most + 10 : 40));

    private static byte[] Bytes(string text) => System.Text.Encoding.Latin1.GetBytes(text);
}
