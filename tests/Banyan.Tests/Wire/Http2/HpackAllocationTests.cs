using System.Text;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>Field blocks are encoded and decoded without allocating, well-formed or not.</summary>
public sealed class HpackAllocationTests
{
    private static readonly byte[] Text = new byte[64 * 1024];
    private static readonly byte[] Output = new byte[8 * 1024];

    private static readonly byte[][] Heads =
    [
        .. Enumerable.Range(0, 40).Select(i => Encoding.Latin1.GetBytes(
            $"POST /items/{i}?full=true HTTP/1.1\r\nHost: shop.test:8080\r\nContent-Length: {i}\r\nX-{i % 7}: {new string('v', 10 * i)}\r\n"
            + $"authorization: Bearer x\r\ncookie: {new string('c', i)}\r\nUser-Agent: test\r\ntraceparent: 00-{i:x32}-01\r\n\r\n")),
    ];

    private static readonly byte[] Answer = "HTTP/1.1 503 Service Unavailable\r\nserver: x\r\nset-cookie: a=b\r\n\r\n"u8.ToArray();

    private static readonly byte[][] Refused =
    [
        Blocks.Of(Blocks.Start + "|X=1|y=2", 0x40),
        Blocks.Of(":authority=a|cookie=a|x=1|cookie=b", 0x40),
        Blocks.Of(Blocks.Start + "|x=" + new string('x', 70_000), 0x40),
    ];

    [Fact]
    public void NoBlockAllocates()
    {
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder();
        var hostile = new HpackDecoder();
        Round(encoder, decoder, hostile);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            Round(encoder, decoder, hostile);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Round(HpackEncoder encoder, HpackDecoder decoder, HpackDecoder hostile)
    {
        foreach (var head in Heads)
        {
            var length = encoder.EncodeRequest(head, Output);
            Expect(FieldBlockStatus.Ok, decoder.DecodeRequest(Output.AsSpan(0, length), Text, out _, out _));
        }

        encoder.SetMaxTableSize(100);
        encoder.SetMaxTableSize(4096);
        var answer = encoder.EncodeResponse(Answer, Output);
        Expect(FieldBlockStatus.Ok, decoder.DecodeResponse(Output.AsSpan(0, answer), Text, out _));
        var trailers = encoder.EncodeTrailers("grpc-status: 0\r\n\r\n"u8, Output);
        Expect(FieldBlockStatus.Ok, decoder.DecodeTrailers(Output.AsSpan(0, trailers), Text, out _));
        Expect(FieldBlockStatus.Malformed, hostile.DecodeRequest(Refused[0], Text, out _, out _));
        Expect(FieldBlockStatus.Malformed, hostile.DecodeRequest(Refused[1], Text, out _, out _));
        Expect(FieldBlockStatus.TooLarge, hostile.DecodeRequest(Refused[2], Text, out _, out _));
    }

    private static void Expect(FieldBlockStatus expected, FieldBlockStatus actual)
    {
        if (expected != actual)
        {
            throw new InvalidOperationException(actual.ToString());
        }
    }
}
