using Banyan.Wire.Http2;

namespace Banyan.Tests.Wire.Http2;

/// <summary>One block and what becomes of it.</summary>
/// <param name="Kind">Q a request, A a response (an answer), T trailers.</param>
/// <param name="Fields">As <see cref="Blocks.Of"/> reads them.</param>
/// <param name="Expected">The text with CRLF written as ~, or a <see cref="FieldBlockStatus"/> other than Ok.</param>
public sealed record FieldCase(char Kind, string Fields, string Expected)
{
    /// <summary>Literals without indexing, literals that go into the table, and lookups of those.</summary>
    public IEnumerable<byte[][]> Blocks()
    {
        yield return [Http2.Blocks.Of(Fields)];
        yield return [Http2.Blocks.Of(Fields, 0x40)];
        var count = Fields.Split('|', StringSplitOptions.RemoveEmptyEntries).Length;
        if (count <= 40)
        {
            yield return [Http2.Blocks.Of(Fields, 0x40), [.. Enumerable.Range(0, count).Select(i => (byte)(0x80 + 61 + count - i))]];
        }
    }

    public override string ToString() => $"{Kind} {Golden.Shorten(Fields)} => {Golden.Shorten(Expected)}";
}

/// <summary>The rules of RFC 9113 §8.1 to §8.3 and RFC 8441, each with a block that breaks it and one that does not.</summary>
internal static class FieldCases
{
    private const string Bad = nameof(FieldBlockStatus.Malformed);
    private const string Start = Http2.Blocks.Start;
    private const string Get = "GET / HTTP/1.1~host: a~";

    public static readonly IReadOnlyList<FieldCase> All =
    [
        // §8.3.1: what a request consists of, in any order.
        new('Q', Start, Get + "~"),
        new('Q', ":path=/x?y|:authority=shop.test:80|:scheme=https|:method=DELETE", "DELETE /x?y HTTP/1.1~host: shop.test:80~~"),
        new('Q', ":authority=a|:path=/x|:method=PATCH|:scheme=HTTP", "PATCH /x HTTP/1.1~host: a~~"),
        new('Q', ":scheme=http|:path=/x|:method=GET|x-a=1|host=b", "GET /x HTTP/1.1~x-a: 1~host: b~~"),
        new('Q', ":method=OPTIONS|:scheme=http|:path=*|:authority=a", "OPTIONS * HTTP/1.1~host: a~~"),
        new('Q', Start + "|x=1|y=|z=a b", Get + "x: 1~y: ~z: a b~~"),
        new('Q', "", Bad),
        new('Q', "x=1", Bad),
        new('Q', ":scheme=http|:path=/|:authority=a", Bad),
        new('Q', ":method=GET|:path=/|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|x=1", Bad),

        // Twice, late, unknown, or of the other direction.
        new('Q', ":method=GET|" + Start, Bad),
        new('Q', ":scheme=http|" + Start, Bad),
        new('Q', ":path=/|" + Start, Bad),
        new('Q', ":authority=a|" + Start, Bad),
        new('Q', ":protocol=websocket|:protocol=websocket|:method=CONNECT|:scheme=http|:path=/|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:authority=a|x=1|:path=/", Bad),
        new('Q', Start + "|x=1|:path=/", Bad),
        new('Q', Start + "|:status=200", Bad),
        new('Q', Start + "|:foo=bar", Bad),
        new('Q', Start + "|:=bar", Bad),
        new('Q', Start + "|:Path=/", Bad),

        // Values of pseudo-header fields.
        new('Q', ":method=|:scheme=http|:path=/|:authority=a", Bad),
        new('Q', ":method=G T|:scheme=http|:path=/|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=|:path=/|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=ftp|:path=/|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=httpx|:path=/|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=x|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=http://a/|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=*|:authority=a", Bad),
        new('Q', ":method=OPTIONS|:scheme=http|:path=**|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/ HTTP/1.1|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/\r\nx: y|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/#f|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/\u00e9|:authority=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|:authority=", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|:authority=u@a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|:authority=a b", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|:authority=a\r\nx: y", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|:authority=a:99999", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|:authority=/a", Bad),

        // §8.3.1: host and authority.
        new('Q', Start + "|host=a", Get + "~"),
        new('Q', Start + "|x=1|host=A|y=2", Get + "x: 1~y: 2~~"),
        new('Q', Start + "|host=b", Bad),
        new('Q', Start + "|host=aa", Bad),
        new('Q', Start + "|host=", Bad),
        new('Q', Start + "|host=a|host=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|host=a|host=a", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|host=", Bad),
        new('Q', ":method=GET|:scheme=http|:path=/|host=u@a", Bad),

        // §8.5: CONNECT.
        new('Q', ":method=CONNECT|:authority=a:1", "CONNECT a:1 HTTP/1.1~host: a:1~~"),
        new('Q', ":authority=db.test:5432|:method=CONNECT|x=1|host=db.test:5432", "CONNECT db.test:5432 HTTP/1.1~host: db.test:5432~x: 1~~"),
        new('Q', ":method=CONNECT", Bad),
        new('Q', ":method=CONNECT|host=a:1", Bad),
        new('Q', ":method=CONNECT|:authority=a", Bad),
        new('Q', ":method=CONNECT|:authority=a:1|:scheme=http", Bad),
        new('Q', ":method=CONNECT|:authority=a:1|:path=/", Bad),
        new('Q', ":method=CONNECT|:authority=a:1|:scheme=http|:path=/", Bad),

        // RFC 8441 §4: extended CONNECT.
        new('Q', ":method=CONNECT|:protocol=websocket|:scheme=http|:path=/c|:authority=a|x=1",
            "GET /c HTTP/1.1~host: a~connection: upgrade~upgrade: websocket~x: 1~~"),
        new('Q', ":protocol=p|:path=/a-long-path-here|:scheme=https|:authority=a.b:8|:method=CONNECT",
            "GET /a-long-path-here HTTP/1.1~host: a.b:8~connection: upgrade~upgrade: p~~"),
        new('Q', ":method=GET|:protocol=websocket|:scheme=http|:path=/|:authority=a", Bad),
        new('Q', ":method=CONNECT|:protocol=websocket|:path=/|:authority=a", Bad),
        new('Q', ":method=CONNECT|:protocol=websocket|:scheme=http|:authority=a", Bad),
        new('Q', ":method=CONNECT|:protocol=websocket|:scheme=http|:path=/", Bad),
        new('Q', ":method=CONNECT|:protocol=websocket|:scheme=http|:path=/|host=a", Bad),
        new('Q', ":method=CONNECT|:protocol=websocket|:scheme=http|:path=*|:authority=a", Bad),
        new('Q', ":method=CONNECT|:protocol=|:scheme=http|:path=/|:authority=a", Bad),
        new('Q', ":method=CONNECT|:protocol=a, b|:scheme=http|:path=/|:authority=a", Bad),
        new('Q', ":method=CONNECT|:protocol=h2c|:scheme=http|:path=/|:authority=a", Bad),

        // §8.2: names and values.
        new('Q', Start + "|X=1", Bad),
        new('Q', Start + "|x-A=1", Bad),
        new('Q', Start + "|=1", Bad),
        new('Q', Start + "|x y=1", Bad),
        new('Q', Start + "|x:=1", Bad),
        new('Q', Start + "|x\r\ny=1", Bad),
        new('Q', Start + "|x\0=1", Bad),
        new('Q', Start + "|x\u00e9=1", Bad),
        new('Q', Start + "|x=a\0b", Bad),
        new('Q', Start + "|x=a\rb", Bad),
        new('Q', Start + "|x=a\nb", Bad),
        new('Q', Start + "|x=a\r\ny: b", Bad),
        new('Q', Start + "|x=a\u0001b", Bad),
        new('Q', Start + "|x=a\u007fb", Bad),
        new('Q', Start + "|x= a", Bad),
        new('Q', Start + "|x=a ", Bad),
        new('Q', Start + "|x=\ta", Bad),
        new('Q', Start + "|x=a\t", Bad),
        new('Q', Start + "|x= ", Bad),
        new('Q', Start + "|x=a\tb\u00e9\u00ff", Get + "x: a\tb\u00e9\u00ff~~"),

        // §8.2.2: what belongs to an HTTP/1 connection.
        new('Q', Start + "|connection=close", Bad),
        new('Q', Start + "|keep-alive=timeout=5", Bad),
        new('Q', Start + "|proxy-connection=keep-alive", Bad),
        new('Q', Start + "|transfer-encoding=chunked", Bad),
        new('Q', Start + "|upgrade=h2c", Bad),
        new('Q', Start + "|te=trailers", Get + "te: trailers~~"),
        new('Q', Start + "|te=gzip", Bad),
        new('Q', Start + "|te=trailers, gzip", Bad),
        new('Q', Start + "|te=", Bad),

        // §8.2.3: cookies.
        new('Q', Start + "|cookie=a=b", Get + "cookie: a=b~~"),
        new('Q', Start + "|cookie=a=b|cookie=c=d|cookie=e=f", Get + "cookie: a=b; c=d; e=f~~"),
        new('Q', Start + "|cookie=a=b|x=1|cookie=c=d|y=2", Get + "x: 1~cookie: a=b; c=d~y: 2~~"),
        new('Q', Start + "|cookie=a=b|cookie=|cookie=c=d", Get + "cookie: a=b; c=d~~"),
        new('Q', ":method=GET|:scheme=http|:path=/|:authority=a|cookie=a|x=" + new string('x', 600) + "|cookie=b|host=a",
            Get + "x: " + new string('x', 600) + "~cookie: a; b~~"),
        new('Q', ":method=GET|:scheme=http|:path=/|cookie=a|host=b|cookie=c", "GET / HTTP/1.1~host: b~cookie: a; c~~"),

        // §8.3.2: responses.
        new('A', ":status=200", "HTTP/1.1 200 ~~"),
        new('A', ":status=100", "HTTP/1.1 100 ~~"),
        new('A', ":status=599|x=1|cookie=a|cookie=b|host=a|host=b", "HTTP/1.1 599 ~x: 1~cookie: a~cookie: b~host: a~host: b~~"),
        new('A', ":status=200|set-cookie=a=b|set-cookie=c=d", "HTTP/1.1 200 ~set-cookie: a=b~set-cookie: c=d~~"),
        new('A', "", Bad),
        new('A', "x=1", Bad),
        new('A', "x=1|:status=200", Bad),
        new('A', ":status=200|:status=200", Bad),
        new('A', ":status=|x=1", Bad),
        new('A', ":status=20", Bad),
        new('A', ":status=2000", Bad),
        new('A', ":status=2x0", Bad),
        new('A', ":status=099", Bad),
        new('A', ":status=101", Bad),
        new('A', ":status=200|:path=/", Bad),
        new('A', ":method=GET|:status=200", Bad),
        new('A', ":status=200|:foo=1", Bad),
        new('A', ":status=200|X=1", Bad),
        new('A', ":status=200|connection=close", Bad),
        new('A', ":status=200|transfer-encoding=chunked", Bad),
        new('A', ":status=200|upgrade=websocket", Bad),
        new('A', ":status=200|x=a\r\nb: c", Bad),

        // §8.1: trailers. Fields that must not stand there are dropped (RFC 9110 §6.5.1).
        new('T', "", "~"),
        new('T', "grpc-status=0|grpc-message=", "grpc-status: 0~grpc-message: ~~"),
        new('T', "a=1|content-length=5|host=a|cookie=c|te=gzip|authorization=x|set-cookie=d|x-banyan-error=1|b=2", "a: 1~b: 2~~"),
        new('T', ":status=200", Bad),
        new('T', ":path=/", Bad),
        new('T', "x=1|:method=GET", Bad),
        new('T', "X=1", Bad),
        new('T', "x=a\nb", Bad),
        new('T', "content-length=a\nb", Bad),
        new('T', "connection=close", Bad),
        new('T', "transfer-encoding=chunked", Bad),
    ];
}
