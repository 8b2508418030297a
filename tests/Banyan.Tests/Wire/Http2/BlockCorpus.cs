namespace Banyan.Tests.Wire.Http2;

/// <summary>All cases of the tables, and some for what only shows at a limit.</summary>
internal static class BlockCorpus
{
    public static IEnumerable<(char Kind, byte[][] Blocks)> All =>
    [
        .. FieldCases.All.SelectMany(row => row.Blocks().Select(blocks => (row.Kind, blocks))),
        .. BlockErrorTests.Rows.Select(row => ('T', (byte[][])[Hex(row.Hex)])),
        .. BlockErrorTests.Rows.Select(row => ('T', (byte[][])[Blocks.Literal("a", "b", 0x40), Hex(row.Hex), [0xBE]])),
        .. Limits().SelectMany(row => (IEnumerable<(char, byte[][])>)[(row.Kind, [row.Block]), (row.Kind, [row.Block, [0xBE]])]),
        .. Tables(),
    ];

    private static IEnumerable<(char Kind, byte[] Block)> Limits()
    {
        var fields = string.Concat(Enumerable.Range(0, 101).Select(i => $"|x{i}=1"));
        yield return ('Q', Blocks.Of(Blocks.Start + fields, 0x40));
        yield return ('A', Blocks.Of(":status=200" + fields, 0x40));
        yield return ('T', Blocks.Of(fields, 0x40));
        foreach (var length in (int[])[65440, 65480, 65494, 65495, 65496, 65497, 65498, 65499, 65500, 65501, 65502, 65530, 65531, 65532, 65533, 65534, 65535, 65536, 65540])
        {
            var long_ = new string('x', length);
            yield return ('Q', Blocks.Of($":method=GET|:scheme=http|:path=/{long_}|:authority=a", 0x40));
            yield return ('Q', Blocks.Of($":path=/{long_}|:method=CONNECT|:protocol=p|:authority=a|:scheme=http", 0x40));
            yield return ('Q', Blocks.Of(Blocks.Start + $"|x={long_}|y=2", 0x40));
            yield return ('Q', Blocks.Of(Blocks.Start + $"|{long_}=x|y=2", 0x40));
            yield return ('Q', Blocks.Of(Blocks.Start + $"|cookie={long_}|cookie=b", 0x40));
            yield return ('A', Blocks.Of($":status=200|x={long_}|:status=200", 0x40));
            yield return ('A', Blocks.Of($":status=200|{long_}=1", 0x40));
            yield return ('T', Blocks.Of($"x={long_}|y=2", 0x40));
            yield return ('T', Blocks.Of($"{long_}=", 0x40));
            yield return ('T', [0, .. Blocks.String(long_), 0x81, 0x1F]);
            yield return ('T', [.. Blocks.Of($"x={long_}"), 0xC0, 0x7D, .. Blocks.String("z"), .. Blocks.Of("y=1", 0x40)]);
            yield return ('T', [.. Blocks.Of($"x={long_}"), .. Enumerable.Repeat((byte)0x90, 5), 0x51, .. Blocks.String("z")]);
        }

        byte[] huge = [0x40, .. Blocks.String("x"), .. Blocks.Integer(0x80, 7, 50_000), .. Enumerable.Repeat((byte)0, 50_000)];
        byte[] hugeName = [0x40, .. huge[3..], 0];
        yield return ('T', hugeName);
        yield return ('T', [.. Blocks.Of("a=b", 0x40), .. hugeName, .. Blocks.Of("c=d", 0x40)]);
        yield return ('T', huge);
        yield return ('T', [.. huge[..^1], 0xFE]);
        yield return ('T', [.. Blocks.Of("a=b", 0x40), .. huge, .. Blocks.Of("c=d", 0x40)]);
        yield return ('T', [.. Blocks.Of("a=b"), .. huge]);
    }

    private static IEnumerable<(char Kind, byte[][] Blocks)> Tables()
    {
        byte[][] rounds = [.. Enumerable.Range(0, 40).Select(i => Blocks.Of($"x{i}={new string('y', 37 * i)}|z=1", 0x40))];
        for (var index = 62; index < 90; index += 5)
        {
            yield return ('T', [.. rounds, Blocks.Integer(0x80, 7, index)]);
        }

        yield return ('T', [Blocks.Of("a=b|c=d", 0x40), [.. Blocks.Integer(0x20, 5, 40)], [0xBE], [0xBF]]);
        yield return ('T', [Blocks.Of("a=b|c=d", 0x40), [.. Blocks.Integer(0x20, 5, 40)], [0xBE]]);
        yield return ('T', [Blocks.Of("c=" + new string('x', 2000), 0x40), Hex("203fe11f"), Blocks.Of("d=" + new string('y', 3000), 0x40), [0xBE]]);
        yield return ('T', [Blocks.Of("c=" + new string('x', 4063), 0x40), [0xBE]]);

        // Integers that are cut off or too long, while every index that they might be is there.
        var many = Blocks.Of(string.Concat(Enumerable.Range(0, 80).Select(i => $"|a{i}=")), 0x40);
        yield return ('T', [many, [0xFF]]);
        yield return ('T', [many, [0xFF, 0x00]]);
        yield return ('T', [many, Hex("7f808080800162")]);
        yield return ('T', [many, Hex("7f8080800162")]);

        // A value from the table that does not fit behind a long path.
        var plant = Blocks.Of(":authority=" + new string('a', 200), 0x40);
        yield return ('Q', [plant, [0x86, .. Blocks.Of(":path=/" + new string('x', 65400)), 0xBE, 0x82]]);
        yield return ('T', [Blocks.Of("c=" + new string('x', 4064), 0x40), [0xBE]]);
    }

    private static byte[] Hex(string hex) => Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
}
