using System.Text;
using Banyan.Wire.Http1;
using Xunit;

namespace Banyan.Tests.Wire;

public sealed class SmokeTests
{
    [Fact]
    public void ARequestIsRead()
    {
        var bytes = "POST /a/b?q=1 HTTP/1.1\r\nHost: shop.test:80\r\nConnection: keep-alive, X-Hop\r\nx-hop: 1\r\nTransfer-Encoding: chunked\r\n\r\nrest"u8;
        var head = new RequestHead();
        Assert.Equal(ParseStatus.Complete, RequestParser.Parse(bytes, head));
        Assert.Equal(Malformed.None, head.Reason);
        Assert.Equal(RequestMethod.Post, head.Method);
        Assert.Equal("/a/b?q=1", Encoding.ASCII.GetString(head.Path(bytes)));
        Assert.Equal("/a/b", Encoding.ASCII.GetString(head.PathOnly(bytes)));
        Assert.Equal("q=1", Encoding.ASCII.GetString(head.Query(bytes)));
        Assert.Equal("shop.test", Encoding.ASCII.GetString(head.Host(bytes)));
        Assert.Equal(80, head.Port);
        Assert.Equal(BodyFraming.Chunked, head.Framing);
        Assert.Equal(bytes.Length - 4, head.Length);
        Assert.True(head.Fields[2].ConnectionNamed);
        Assert.False(head.Close);
    }

    [Fact]
    public void AResponseIsRead()
    {
        var bytes = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n c\r\nKeep-Alive: timeout=5, max=9\r\n\r\nhello"u8.ToArray();
        var head = new ResponseHead();
        Assert.Equal(ParseStatus.Complete, ResponseParser.Parse(bytes, RequestMethod.Get, head));
        Assert.Equal(5, head.ContentLength);
        Assert.Equal(5, head.KeepAliveTimeout);
        Assert.Equal("b   c", Encoding.ASCII.GetString(head.Fields[1].Value(bytes)));
        Assert.Equal(bytes.Length - 5, head.Length);
    }

    [Fact]
    public void AChunkedBodyIsRead()
    {
        var bytes = "5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\nnext"u8;
        var body = default(ChunkedBody);
        var data = new StringBuilder();
        while (true)
        {
            var step = body.Advance(bytes, out var consumed);
            if (step == ChunkStep.Data)
            {
                data.Append(Encoding.ASCII.GetString(bytes[..consumed]));
            }

            bytes = bytes[consumed..];
            if (step == ChunkStep.End)
            {
                break;
            }

            Assert.True(step is ChunkStep.Data or ChunkStep.Framing);
        }

        Assert.Equal("hello0123456789", data.ToString());
        Assert.Equal("next", Encoding.ASCII.GetString(bytes));
    }
}
