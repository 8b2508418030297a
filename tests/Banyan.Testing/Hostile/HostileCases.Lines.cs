namespace Banyan.Testing.Hostile;

public static partial class HostileCases
{
    private const string AfterLine = $"Host: {Host}\r\n\r\n";

    private static void Lines(List<HostileCase> cases)
    {
        new Rule(cases, "BareCr", "RFC 9112 §2.2: a CR is followed by LF or the message is invalid")
            .Request("method", $"G\rET / HTTP/1.1\r\n{AfterLine}")
            .Request("target", $"GET /a\rb HTTP/1.1\r\n{AfterLine}")
            .Request("after the version", $"GET / HTTP/1.1\rHost: {Host}\r\n\r\n")
            .Request("two CRs at a line's end", $"GET / HTTP/1.1\r\r\n{AfterLine}")
            .Request("before the request line", $"\rGET / HTTP/1.1\r\n{AfterLine}")
            .Request("empty line of two CRs", $"GET / HTTP/1.1\r\nHost: {Host}\r\n\r\r\n")
            .RequestField("in a name", "X\r-A: b")
            .RequestField("before the colon", "X-A\r: b")
            .RequestField("in a value", "X-A: a\rb")
            .RequestField("start of a value", "X-A:\rb")
            .RequestField("hidden field", "X-A: b\rContent-Length: 50")
            .RequestField("end of a value", "X-A: b\r")
            .Response("status line", "HTTP/1.1 200 O\rK\r\nContent-Length: 2\r\n\r\nok")
            .Response("end of the head", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\rok")
            .ResponseField("in a value", "X-A: a\rb")
            .Trailer("in a value", "X-A: a\rb")
            .Chunked("after a size", "5\rhello\r\n0\r\n\r\n")
            .Chunked("after an extension", "5;a=b\rhello\r\n0\r\n\r\n")
            .Chunked("end of the last chunk", "5\r\nhello\r\n0\r\r\n\r\n")
            .Chunked("end of the trailers", "5\r\nhello\r\n0\r\n\rG");

        new Rule(cases, "BareLf", "RFC 9112 §2.2 allows LF alone as a line end; parsers that differ in it can be smuggled past")
            .Request("request line", $"GET / HTTP/1.1\nHost: {Host}\r\n\r\n")
            .Request("all lines", $"GET / HTTP/1.1\nHost: {Host}\n\n")
            .Request("before the request line", $"\nGET / HTTP/1.1\r\n{AfterLine}")
            .Request("after an empty line", $"\r\n\nGET / HTTP/1.1\r\n{AfterLine}")
            .Request("method", $"GE\nT / HTTP/1.1\r\n{AfterLine}")
            .Request("target", $"GET /a\nb HTTP/1.1\r\n{AfterLine}")
            .Request("end of the head", $"GET / HTTP/1.1\r\nHost: {Host}\r\n\n")
            .Request("LF CR", $"GET / HTTP/1.1\n\rHost: {Host}\r\n\r\n")
            .RequestField("in a name", "X\n-A: b")
            .RequestField("in a value", "X-A: a\nb: c")
            .RequestField("before a fold", "X-A: a\n b")
            .RequestField("hidden framing", "X-A: a\nTransfer-Encoding: chunked")
            .Response("status line", "HTTP/1.1 200 OK\nContent-Length: 2\r\n\r\nok")
            .Response("reason phrase", "HTTP/1.1 200 O\nK\r\nContent-Length: 2\r\n\r\nok")
            .Response("all lines", "HTTP/1.1 200 OK\nContent-Length: 2\n\nok")
            .ResponseField("in a value", "X-A: a\nb")
            .Trailer("in a name", "X\n-A: b")
            .Trailer("in a value", "X-A: a\nb")
            .Trailer("at the start", "\nX-A: a")
            .Chunked("after a size", "5\nhello\r\n0\r\n\r\n")
            .Chunked("after an extension name", "5;a\nhello\r\n0\r\n\r\n")
            .Chunked("after an extension value", "5;a=b\nhello\r\n0\r\n\r\n")
            .Chunked("in a quoted extension", "5;a=\"\n\"\r\nhello\r\n0\r\n\r\n")
            .Chunked("after the last chunk", "5\r\nhello\r\n0\n\r\n")
            .Chunked("end of the trailers", "5\r\nhello\r\n0\r\n\n");

        new Rule(cases, "Nul", "RFC 9110 §5.5: NUL is invalid and dangerous")
            .Request("method", $"GE\0T / HTTP/1.1\r\n{AfterLine}")
            .Request("target", $"GET /\0 HTTP/1.1\r\n{AfterLine}")
            .Request("version", $"GET / HTTP/1.1\0\r\n{AfterLine}")
            .Request("first byte", $"\0GET / HTTP/1.1\r\n{AfterLine}")
            .RequestField("name", "X\0A: b")
            .RequestField("value", "X-A: a\0b")
            .RequestField("end of a value", "X-A: a\0")
            .Response("reason phrase", "HTTP/1.1 200 O\0K\r\nContent-Length: 2\r\n\r\nok")
            .ResponseField("value", "X-A: a\0b")
            .Trailer("value", "X-A: a\0b");

        new Rule(cases, "ControlByte", "RFC 9112 §3: not HTTP at all")
            .Request("TLS ClientHello", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003");

        foreach (var b in (char[])['\x01', '\b', '\v', '\f', '\x1b', '\x1f', '\x7f'])
        {
            var hex = $"0x{(int)b:x2}";
            new Rule(cases, "ControlByte", "RFC 9110 §5.5, RFC 9112 §3: no control bytes but HTAB")
                .Request($"method, {hex}", $"GE{b}T / HTTP/1.1\r\n{AfterLine}")
                .Request($"target, {hex}", $"GET /a{b} HTTP/1.1\r\n{AfterLine}")
                .Request($"version, {hex}", $"GET / HTTP/1.1{b}\r\n{AfterLine}")
                .Request($"value, {hex}", $"GET / HTTP/1.1\r\nX-A: a{b}b\r\n{AfterLine}")
                .Request($"start of a value, {hex}", $"GET / HTTP/1.1\r\nX-A:{b}b\r\n{AfterLine}")
                .Response($"reason phrase, {hex}", $"HTTP/1.1 200 O{b}K\r\nContent-Length: 2\r\n\r\nok")
                .Response($"value, {hex}", $"HTTP/1.1 200 OK\r\nX-A: a{b}b\r\nContent-Length: 2\r\n\r\nok")
                .Trailer($"value, {hex}", $"X-A: a{b}b");
        }
    }
}
