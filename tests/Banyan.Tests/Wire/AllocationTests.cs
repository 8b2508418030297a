using Banyan.Wire.Http1;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>Parsing allocates nothing.</summary>
public sealed class AllocationTests
{
    private static readonly byte[] Request =
        ("POST http://shop.test:80/cart/items?id=42&full=true HTTP/1.1\r\nHost: shop.test\r\nConnection: keep-alive, X-Hop, TE, Upgrade\r\n"
        + "X-Hop: 1\r\nTE: trailers\r\nUpgrade: websocket\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n").Select(c => (byte)c).ToArray();

    private static readonly byte[] Response =
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: a\r\n b\r\nKeep-Alive: timeout=5, max=9\r\nConnection: keep-alive\r\n\r\n"u8.ToArray();

    private static readonly byte[] Refused = "GET / HTTP/1.1\r\nHost: [::1]:99999\r\n\r\n"u8.ToArray();

    private static readonly byte[] Chunks = "5;a=\"b\"\r\nhello\r\n0\r\nx-sum: 1\r\n\r\n"u8.ToArray();

    [Fact]
    public void NoParseAllocates()
    {
        var request = new RequestHead();
        var response = new ResponseHead();
        Round(request, response);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Round(request, response);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void Round(RequestHead request, ResponseHead response)
    {
        Expect(ParseStatus.Complete, RequestParser.Parse(Request, request));
        for (var length = 0; length <= Refused.Length; length += 4)
        {
            RequestParser.Parse(Refused.AsSpan(0, length), request);
        }

        Expect(ParseStatus.Malformed, RequestParser.Parse(Refused, request));
        Expect(ParseStatus.Complete, ResponseParser.Parse(Response, RequestMethod.Get, response));
        var body = default(ChunkedBody);
        ReadOnlySpan<byte> rest = Chunks;
        ChunkStep step;
        do
        {
            step = body.Advance(rest, out var consumed);
            rest = rest[consumed..];
        }
        while (step is ChunkStep.Data or ChunkStep.Framing);
        if (step != ChunkStep.End)
        {
            throw new InvalidOperationException(step.ToString());
        }
    }

    private static void Expect(ParseStatus expected, ParseStatus actual)
    {
        if (expected != actual)
        {
            throw new InvalidOperationException(actual.ToString());
        }
    }
}
