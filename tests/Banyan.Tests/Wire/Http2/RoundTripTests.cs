using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>What the encoder writes, the decoder reads; again and again over the same tables.</summary>
public sealed class RoundTripTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1~host: a~~")]
    [InlineData("POST /a/b?c=d&e HTTP/1.1~host: shop.test:8080~content-type: application/grpc~te: trailers~grpc-timeout: 1S~~")]
    [InlineData("OPTIONS * HTTP/1.1~host: a~~")]
    [InlineData("PROPFIND /x HTTP/1.1~host: [::1]:80~accept-encoding: gzip, deflate~cookie: a=b; c=d~x-empty: ~~")]
    [InlineData("CONNECT db.test:5432 HTTP/1.1~host: db.test:5432~proxy-authorization: Basic YTpi~~")]
    public void OfRequests(string head)
    {
        var text = head.Replace("~", "\r\n", StringComparison.Ordinal);
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder();
        for (var i = 0; i < 5; i++)
        {
            var (status, decoded, kind) = Blocks.Request(decoder, Blocks.EncodeRequest(encoder, text));
            Assert.Equal(FieldBlockStatus.Ok, status);
            Assert.Equal(text, decoded);
            Assert.Equal(head.StartsWith("CONNECT", StringComparison.Ordinal) ? RequestKind.Connect : RequestKind.Plain, kind);
        }
    }

    [Theory]
    [InlineData("HTTP/1.1 200 ~content-type: text/plain~content-length: 5~set-cookie: a=b~set-cookie: c=d~~")]
    [InlineData("HTTP/1.1 503 ~retry-after: 1~~")]
    [InlineData("HTTP/1.1 100 ~~")]
    public void OfResponses(string head)
    {
        var text = head.Replace("~", "\r\n", StringComparison.Ordinal);
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal((FieldBlockStatus.Ok, text), Blocks.Response(decoder, Blocks.EncodeResponse(encoder, text)));
        }
    }

    [Fact]
    public void OfTrailers()
    {
        const string Text = "grpc-status: 0\r\ngrpc-message: \r\n\r\n";
        var encoder = new HpackEncoder();
        var decoder = new HpackDecoder();
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal((FieldBlockStatus.Ok, Text), Blocks.Trailers(decoder, Blocks.EncodeTrailers(encoder, Text)));
        }
    }

    [Fact]
    public void OfAWebSocket()
    {
        const string Head =
            "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n\r\n";
        var (status, text, kind) = Blocks.Request(new HpackDecoder(), Blocks.EncodeRequest(new HpackEncoder(), Head, extendedConnect: true));
        Assert.Equal(FieldBlockStatus.Ok, status);
        Assert.Equal(RequestKind.ExtendedConnect, kind);
        Assert.Equal(
            "GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\r\n", text);
    }
}
