using System.Text;
using Banyan.Wire.Http2;

namespace Banyan.Tests.Wire.Http2;

/// <summary>Field blocks and heads that are mostly right, and wrong in all kinds of ways.</summary>
internal static class RandomBlocks
{
    private static readonly string[] Names =
    [
        ":method", ":scheme", ":path", ":authority", ":protocol", ":status", "host", "cookie", "te", "x", "x-a", "content-length",
        "connection", "X", "", "grpc-status", "accept-encoding", "set-cookie", "transfer-encoding", ":x", "a\n", "date", "b\u00e9",
    ];

    private static readonly string[] Values =
    [
        "GET", "CONNECT", "OPTIONS", "http", "/", "*", "/a?b", "a", "a:1", "websocket", "200", "101", "trailers", "", " a", "1", "gzip, deflate",
        "a\r\nb: c", "\u00ff\u0001", "a=b", "some rather long value that goes on and on, so that it is found in other places",
    ];

    /// <summary>A block from pieces, perhaps with some bytes changed, taken out or put in.</summary>
    public static byte[] Block(Random random)
    {
        var block = new List<byte>();
        if (random.Next(4) == 0)
        {
            block.AddRange(Blocks.Integer(0x20, 5, random.Next(3) == 0 ? random.Next(5000) : random.Next(200)));
        }

        if (random.Next(3) > 0)
        {
            block.AddRange(random.Next(2) == 0 ? [0x82, 0x86, 0x84, 0x41, 0x01, (byte)'a'] : Blocks.Of(Blocks.Start, 0x40));
        }

        for (var count = random.Next(random.Next(20) == 0 ? 150 : 12); count > 0; count--)
        {
            block.AddRange(Field(random));
        }

        for (var count = random.Next(3) == 0 ? random.Next(4) : 0; count > 0 && block.Count > 0; count--)
        {
            var at = random.Next(block.Count);
            switch (random.Next(3))
            {
                case 0:
                    block[at] = (byte)random.Next(256);
                    break;
                case 1:
                    block.RemoveAt(at);
                    break;
                default:
                    block.Insert(at, (byte)random.Next(256));
                    break;
            }
        }

        return [.. block];
    }

    /// <summary>The fields of a message that a mesh may send, as lines with CRLF.</summary>
    public static string Lines(Random random)
    {
        var lines = new StringBuilder();
        for (var count = random.Next(15); count > 0; count--)
        {
            var name = random.Next(5) switch
            {
                0 => "x-" + random.Next(1000),
                1 => "grpc-status",
                2 => "set-cookie2",
                3 => "x-" + random.Next(4),
                _ => "p" + new string('q', random.Next(200)),
            };
            var value = random.Next(4) switch
            {
                0 => random.Next(5).ToString(System.Globalization.CultureInfo.InvariantCulture),
                1 => new string((char)random.Next(0x21, 0x100), random.Next(1, 3000)).Replace('\u007f', 'x'),
                2 => "",
                _ => $"\"{random.Next()}\" and {random.Next(3)}",
            };
            lines.Append(name).Append(": ").Append(value).Append("\r\n");
        }

        return lines.ToString();
    }

    private static byte[] Field(Random random)
    {
        if (random.Next(3) == 0)
        {
            return Blocks.Integer(0x80, 7, random.Next(1, 70));
        }

        var (pattern, prefixBits) = random.Next(3) switch
        {
            0 => ((byte)0x40, 6),
            1 => ((byte)0x10, 4),
            _ => ((byte)0, 4),
        };
        var name = random.Next(2) == 0
            ? Blocks.Integer(pattern, prefixBits, random.Next(1, 66))
            : [pattern, .. String(random, Names[random.Next(Names.Length)])];
        return [.. name, .. String(random, Values[random.Next(Values.Length)])];
    }

    private static byte[] String(Random random, string text)
    {
        if (random.Next(2) == 0)
        {
            return Blocks.String(text);
        }

        var bytes = Encoding.Latin1.GetBytes(text);
        var encoded = new byte[Huffman.Instance.EncodedLength(bytes)];
        Huffman.Instance.Encode(bytes, encoded);
        return [.. Blocks.Integer(0x80, 7, encoded.Length), .. encoded];
    }
}
