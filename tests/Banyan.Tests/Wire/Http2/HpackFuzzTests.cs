using System.Text;
using Banyan.Testing;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>What must hold for any field block.</summary>
[Trait("Category", "Fuzz")]
public sealed class HpackFuzzTests(ITestOutputHelper output)
{
    [Fact]
    public void AnyBlockHasAVerdictThatHttp1Shares() => Fuzz.Bytes(output.WriteLine, RandomBlocks.Block, VerdictProblem);

    [Fact]
    public void WhateverCameBeforeTheTablesAreThoseOfNghttp2()
    {
        Assert.SkipUnless(NativeHpack.IsAvailable, "libnghttp2 is not installed");
        Fuzz.Run(output.WriteLine, NativeRound);
    }

    [Fact]
    public void WhatIsEncodedComesBack() => Fuzz.Run(output.WriteLine, RoundTrip);

    private static string? VerdictProblem(byte[] block)
    {
        foreach (var kind in "QAT")
        {
            // The same bytes with something else around them: nothing beyond the block may matter.
            byte[] around = [0xBE, 0x82, .. block, 0x82, 0xBE, 0xFF, 0xFF];
            var (status, text) = Decode(kind, around.AsSpan(2, block.Length));
            var again = Decode(kind, block);
            if (again != (status, text))
            {
                return $"{kind}: {again}, but {status} {text} inside other bytes";
            }

            if (status == FieldBlockStatus.Ok && Http1Problem(kind, text) is { } problem)
            {
                return $"{kind}: {problem} for {text}";
            }
        }

        return null;
    }

    private static (FieldBlockStatus Status, string Text) Decode(char kind, ReadOnlySpan<byte> block)
    {
        if (kind == 'Q')
        {
            var (status, text, _) = Blocks.Request(new HpackDecoder(), block);
            return (status, text);
        }

        return kind == 'A' ? Blocks.Response(new HpackDecoder(), block) : Blocks.Trailers(new HpackDecoder(), block);
    }

    private static string? Http1Problem(char kind, string text)
    {
        // What the parsers judge beyond the rules of HTTP/2: framing, and what can only be said by the whole message.
        static string? Refused(ParseStatus status, MessageHead head, int length) => status switch
        {
            ParseStatus.Complete => head.Length == length ? null : "text behind the head",
            ParseStatus.Malformed when head.Reason is Malformed.ContentLength or Malformed.ContentLengthRepeated
                or Malformed.ContentLengthOverflow or Malformed.Expectation or Malformed.InterimWithBody => null,
            _ => $"{status} {head.Reason}",
        };
        var bytes = Encoding.Latin1.GetBytes(text);
        switch (kind)
        {
            case 'Q':
                var request = new RequestHead();
                var problem = Refused(RequestParser.Parse(bytes, request), request, bytes.Length);
                var again = Blocks.Request(new HpackDecoder(), Blocks.EncodeRequest(new HpackEncoder(), text, request.Upgrade)).Text;
                return problem ?? (request.Reason != Malformed.None || again == HostFirst(text) ? null : $"encoded and decoded it is {again}");
            case 'A':
                var response = new ResponseHead();
                return Refused(ResponseParser.Parse(bytes, RequestMethod.Get, response), response, bytes.Length);
            default:
                var body = default(ChunkedBody);
                body.Advance("0\r\n"u8, out _);
                return body.Advance(bytes, out _) == ChunkStep.End ? null : $"{body.Reason}";
        }
    }

    /// <summary>Where the host came among the other fields, it comes back as the authority, before them.</summary>
    private static string HostFirst(string text)
    {
        var lines = text.Split("\r\n");
        var host = Array.FindIndex(lines, line => line.StartsWith("host:", StringComparison.Ordinal));
        return host < 0 ? text : string.Join("\r\n", [lines[0], lines[host], .. lines[1..host], .. lines[(host + 1)..]]);
    }

    private static void NativeRound(Random random)
    {
        using var native = new NativeHpack();
        var decoder = new HpackDecoder();
        for (var i = random.Next(1, 6); i > 0; i--)
        {
            var block = RandomBlocks.Block(random);
            var fields = native.Inflate(block);
            var status = decoder.DecodeTrailers(block, new byte[65536], out _);
            if ((status == FieldBlockStatus.CompressionError) != (fields is null))
            {
                // The one thing that is stricter here: integers in a longer form than any number needs.
                var longInteger = fields is not null && HasLongInteger(block);
                Assert.True(longInteger, $"{status}, and nghttp2 says {fields?.Count} fields, for {Convert.ToHexString(block)}");
                return;
            }

            if (fields is null)
            {
                return;
            }
        }

        // What is in the table now, oldest first, one by one.
        for (var index = 62; ; index++)
        {
            var block = Blocks.Integer(0x80, 7, index);
            var fields = native.Inflate(block);
            var result = BlockTranscript.Next(decoder, 'A', [0x88, .. block]);
            if (fields is null)
            {
                Assert.Equal("CompressionError", result);
                return;
            }

            var (name, value) = fields.Single();
            Assert.True(result == $"HTTP/1.1 200 ~{name}: {value}~~" || result == "Malformed", $"{result} instead of {name}: {value}");
        }
    }

    private static bool HasLongInteger(byte[] block)
    {
        var run = 0;
        foreach (var b in block)
        {
            run = b >= 0x80 ? run + 1 : 0;
            if (run >= 4)
            {
                return true;
            }
        }

        return false;
    }

    private static void RoundTrip(Random random)
    {
        var size = random.Next(4) switch
        {
            0 => random.Next(300),
            1 => 65536,
            _ => 4096,
        };
        var encoder = new HpackEncoder(size);
        var decoder = new HpackDecoder(Math.Max(size, 4096));
        using var native = NativeHpack.IsAvailable && size <= 4096 ? new NativeHpack() : null;
        for (var i = random.Next(1, 20); i > 0; i--)
        {
            var lines = RandomBlocks.Lines(random);
            var (kind, text) = random.Next(3) switch
            {
                0 => ('T', lines),
                1 => ('A', $"HTTP/1.1 {random.Next(102, 600)} \r\n{lines}"),
                _ => ('Q', $"{(random.Next(2) == 0 ? "GET" : "PUT")} /{random.Next(9)} HTTP/1.1\r\nhost: a{random.Next(3)}\r\n{lines}"),
            };
            if (random.Next(4) == 0)
            {
                encoder.SetMaxTableSize(random.Next(2) == 0 ? random.Next(5000) : 100_000);
            }

            text += "\r\n";
            var bytes = Encoding.Latin1.GetBytes(text);
            var block = new byte[random.Next(5) == 0 ? random.Next(bytes.Length) : bytes.Length + HpackEncoder.Slack];
            var length = kind switch
            {
                'Q' => encoder.EncodeRequest(bytes, block),
                'A' => encoder.EncodeResponse(bytes, block),
                _ => encoder.EncodeTrailers(bytes, block),
            };
            if (length == 0 && bytes.Length > 2)
            {
                Assert.True(block.Length < bytes.Length, "it did not fit in more bytes than the text has");
                continue;
            }

            Assert.Equal(text.Replace("\r\n", "~", StringComparison.Ordinal), BlockTranscript.Next(decoder, kind, block.AsSpan(0, length)));
            var fields = native?.Inflate(block[..length]);
            Assert.True(native is null || fields is not null, "nghttp2 refuses it");
            var regular = fields?.Where(f => !f.Name.StartsWith(':')).Select(f => $"{f.Name}: {f.Value}\r\n");
            Assert.True(regular is null || string.Concat(regular) == lines, "nghttp2 reads something else");
        }
    }
}
