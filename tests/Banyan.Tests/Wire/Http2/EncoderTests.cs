using System.Text;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>What the encoder leaves out, what it remembers, what it never does.</summary>
public sealed class EncoderTests
{
    private const string Start = "GET / HTTP/1.1\r\nhost: a\r\n";

    [Theory]
    [InlineData("Connection: close")]
    [InlineData("Keep-Alive: timeout=5")]
    [InlineData("Proxy-Connection: keep-alive")]
    [InlineData("Transfer-Encoding: chunked")]
    [InlineData("Upgrade: h2c")]
    [InlineData("HTTP2-Settings: AAMAAABk")]
    [InlineData("TE: gzip")]
    [InlineData("te: trailers, gzip")]
    [InlineData("Sec-WebSocket-Accept: x")]
    public void LeavesOutWhatBelongsToTheConnection(string line)
    {
        var decoder = new HpackDecoder();
        var encoder = new HpackEncoder();
        for (var i = 0; i < 3; i++)
        {
            var (status, text, _) = Blocks.Request(decoder, Blocks.EncodeRequest(encoder, $"{Start}{line}\r\nx: 1\r\n\r\n"));
            Assert.Equal((FieldBlockStatus.Ok, Start + "x: 1\r\n\r\n"), (status, text));
        }
    }

    [Theory]
    [InlineData("GET http://b:1/c?d HTTP/1.1\r\nHost: a\r\n\r\n", "GET /c?d HTTP/1.1\r\nhost: b:1\r\n\r\n")]
    [InlineData("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\r\nhost: b\r\n\r\n")]
    [InlineData("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * HTTP/1.1\r\nhost: b\r\n\r\n")]
    [InlineData("GET /://x HTTP/1.1\r\nX-A:1\r\nHOST: a \r\nX-B:\t2\r\n\r\n", "GET /://x HTTP/1.1\r\nhost: a\r\nx-a: 1\r\nx-b: 2\r\n\r\n")]
    [InlineData("CONNECT a:1 HTTP/1.1\r\nHost: b\r\n\r\n", "CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a", "GET / HTTP/1.1\r\nhost: a\r\n\r\n")]
    public void TakesTextOfAnyForm(string head, string expected) =>
        Assert.Equal(expected, Blocks.Request(new HpackDecoder(), Blocks.EncodeRequest(new HpackEncoder(), head)).Text);

    [Theory]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "HTTP/1.1 200 \r\n\r\n")]
    [InlineData("HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n", "HTTP/1.1 404 \r\nserver: x\r\n\r\n")]
    [InlineData("HTTP/1.1 204\r\n\r\n", "HTTP/1.1 204 \r\n\r\n")]
    [InlineData("HTTP/1.0 206 x\r\n\r\n", "HTTP/1.1 206 \r\n\r\n")]
    [InlineData("HTTP/1.1 304 x\r\n\r\n", "HTTP/1.1 304 \r\n\r\n")]
    [InlineData("HTTP/1.1 400 x\r\n\r\n", "HTTP/1.1 400 \r\n\r\n")]
    [InlineData("HTTP/1.1 500 x\r\n\r\n", "HTTP/1.1 500 \r\n\r\n")]
    [InlineData("HTTP/1.1 429 x\r\n\r\n", "HTTP/1.1 429 \r\n\r\n")]
    public void TakesStatusLines(string head, string expected) =>
        Assert.Equal(expected, Blocks.Response(new HpackDecoder(), Blocks.EncodeResponse(new HpackEncoder(), head)).Text);

    [Theory]
    [InlineData("authorization: Bearer 0123456789")]
    [InlineData("Proxy-Authorization: Basic x")]
    [InlineData("set-cookie: session=1")]
    [InlineData("cookie: 0123456789012345678")]
    public void SecretsNeverGoIntoTheTable(string line)
    {
        var encoder = new HpackEncoder();
        var head = $"{Start}{line}\r\n\r\n";
        Blocks.EncodeRequest(encoder, head);
        Blocks.EncodeRequest(encoder, head);
        var block = Blocks.EncodeRequest(encoder, head);

        // Four pseudo-header fields, and a literal with the bits 0001 before the name's index in the static table.
        Assert.Equal(0x10, block[^(line.Length - line.IndexOf(':', StringComparison.Ordinal) + 1)] & 0xF0);
        Assert.Contains(line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..], Encoding.Latin1.GetString(block), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x-a: some value", 1)]
    [InlineData("accept: */*", 1)]
    [InlineData("accept-encoding: gzip, deflate", 1)]
    [InlineData("cookie: 01234567890123456789", 1)]
    [InlineData("te: trailers", 1)]
    public void WhatRepeatsBecomesOneByte(string line, int bytes)
    {
        var encoder = new HpackEncoder();
        var head = $"{Start}{line}\r\n\r\n";
        Blocks.EncodeRequest(encoder, head);
        Blocks.EncodeRequest(encoder, head);
        Assert.Equal(4 + bytes, Blocks.EncodeRequest(encoder, head).Length);

        // At another place in the message it is found as well.
        var later = head.Replace(Start, Start + "x-new: 1\r\n", StringComparison.Ordinal);
        Blocks.EncodeRequest(encoder, later);
        Assert.Equal(5 + bytes, Blocks.EncodeRequest(encoder, later).Length);
    }

    /// <summary>Values that are new in each message leave the table to those that are not.</summary>
    [Theory]
    [InlineData("traceparent")]
    [InlineData("content-length")]
    [InlineData("date")]
    [InlineData("x-request-id")]
    [InlineData("x-something-else")]
    public void WhatChangesDoesNotPushOutWhatRepeats(string name)
    {
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder();
        var repeats = string.Concat(Enumerable.Range(0, 10).Select(i => $"x-repeats-{i}: the same value each time\r\n"));
        for (var i = 0; i < 1000; i++)
        {
            var head = $"GET /items/{i} HTTP/1.1\r\nhost: a\r\n{name}: {i * 7919}-0123456789012345678901234567890123456789\r\n{repeats}\r\n";
            var block = Blocks.EncodeRequest(encoder, head);
            Assert.Equal(head, Blocks.Request(decoder, block).Text);
            Assert.True(i < 3 || block.Length < 100, $"{block.Length} bytes in round {i}");
        }
    }

    [Fact]
    public void SizesAreAnnouncedWithTheNextBlock()
    {
        const string Text = "x: 1\r\n\r\n";
        var encoder = new HpackEncoder();
        Assert.NotEqual(0x20, Blocks.EncodeTrailers(encoder, Text)[0] & 0xE0);
        encoder.SetMaxTableSize(4096);
        encoder.SetMaxTableSize(100_000);
        encoder.SetMaxTableSize(-1);
        Assert.NotEqual(0x20, Blocks.EncodeTrailers(encoder, Text)[0] & 0xE0);
        encoder.SetMaxTableSize(100);
        Assert.StartsWith("3F45", Convert.ToHexString(Blocks.EncodeTrailers(encoder, Text)), StringComparison.Ordinal);
        Assert.NotEqual(0x20, Blocks.EncodeTrailers(encoder, Text)[0] & 0xE0);
        encoder.SetMaxTableSize(0);
        encoder.SetMaxTableSize(50);
        encoder.SetMaxTableSize(4096);
        Assert.StartsWith("203FE11F", Convert.ToHexString(Blocks.EncodeTrailers(encoder, Text)), StringComparison.Ordinal);

        // Less than the peer's first assumption has to be said at once, more only when the peer allows it.
        Assert.StartsWith("20", Convert.ToHexString(Blocks.EncodeTrailers(new HpackEncoder(0), Text)), StringComparison.Ordinal);
        var large = new HpackEncoder(8192);
        Assert.NotEqual(0x20, Blocks.EncodeTrailers(large, Text)[0] & 0xE0);
        large.SetMaxTableSize(1 << 20);
        Assert.StartsWith("3FE13F", Convert.ToHexString(Blocks.EncodeTrailers(large, Text)), StringComparison.Ordinal);
    }

    [Fact]
    public void ABlockThatDoesNotFitLeavesTheTablesInStep()
    {
        const string Head = "GET /a HTTP/1.1\r\nhost: a\r\nx-one: 1\r\nx-two: 2\r\nx-three: 3\r\n\r\n";
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder();
        var text = Encoding.Latin1.GetBytes(Head);
        var random = new Random(1);
        for (var round = 0; round < 300; round++)
        {
            var output = new byte[random.Next(text.Length)];
            var length = encoder.EncodeRequest(text, output);
            if (length == 0)
            {
                continue;
            }

            Assert.Equal(Head, Blocks.Request(decoder, output.AsSpan(0, length)).Text);
        }

        Assert.Equal(Head, Blocks.Request(decoder, Blocks.EncodeRequest(encoder, Head)).Text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\r\n")]
    [InlineData("GET")]
    [InlineData("GET /")]
    [InlineData(" / HTTP/1.1\r\n\r\n")]
    [InlineData("GET  HTTP/1.1\r\n\r\n")]
    public void WhatIsNoHeadIsNoBlock(string head)
    {
        Assert.Empty(Blocks.EncodeRequest(new HpackEncoder(), head));
        Assert.Empty(Blocks.EncodeResponse(new HpackEncoder(), head));
    }

    [Fact]
    public void LongNamesAreLoweredToo()
    {
        var name = "X-" + new string('A', 500);
        var encoder = new HpackEncoder();
        for (var i = 0; i < 3; i++)
        {
            var block = Blocks.EncodeTrailers(encoder, $"{name}: B\r\n\r\n");
            Assert.Equal($"{name.ToLowerInvariant()}: B~~", BlockTranscript.Next(new HpackDecoder(), 'T', block));
        }
    }

    /// <summary>Fields whose hashes fall together are told apart.</summary>
    [Fact]
    public void ManyFieldsShareTheTable()
    {
        var encoder = new HpackEncoder(65536);
        encoder.SetMaxTableSize(65536);
        var decoder = new HpackDecoder(65536);
        var random = new Random(3);
        for (var round = 0; round < 500; round++)
        {
            var lines = string.Concat(Enumerable.Range(0, 40).Select(_ => $"x-{random.Next(100)}: {random.Next(30)}\r\n")) + "\r\n";
            Assert.Equal(
                lines.Replace("\r\n", "~", StringComparison.Ordinal),
                BlockTranscript.Next(decoder, 'T', Blocks.EncodeTrailers(encoder, lines)));
        }
    }
}
