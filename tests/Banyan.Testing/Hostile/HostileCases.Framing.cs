namespace Banyan.Testing.Hostile;

public static partial class HostileCases
{
    /// <summary>Values that are no length.</summary>
    private static readonly (string Position, string Value)[] BadLengths =
    [
        ("empty", ""),
        ("plus sign", "+2"),
        ("minus sign", "-2"),
        ("negative", "-1"),
        ("hexadecimal", "0x2"),
        ("letter after it", "2a"),
        ("decimal", "2.0"),
        ("exponent", "2e0"),
        ("space inside", "2 2"),
        ("equal list", "2, 2"),
        ("different list", "2, 3"),
        ("list with nothing after", "2,"),
        ("list with nothing before", ",2"),
        ("semicolon", "2;"),
        ("quoted", "\"2\""),
        ("underscore", "1_0"),
        ("thousands", "1,000"),
        ("superscript two", "\u00b2"),
        ("word", "chunked"),
        ("parenthesis", "(2)"),
    ];

    private static readonly (string Position, string Value)[] Overflows =
    [
        ("2^63", "9223372036854775808"),
        ("2^64", "18446744073709551616"),
        ("2^64 + 2", "18446744073709551618"),
        ("20 digits", "92233720368547758070"),
        ("30 digits", "999999999999999999999999999999"),
    ];

    private static void RequestFraming(List<HostileCase> cases)
    {
        var length = new Rule(cases, "ContentLength", "RFC 9110 §8.6: digits only; lists are refused, equal or not");
        foreach (var (position, value) in BadLengths)
        {
            length.RequestFields(position, $"Content-Length: {value}")
                .ResponseFields(position, $"Content-Length: {value}");
        }

        var overflow = new Rule(cases, "ContentLengthOverflow", "RFC 9110 §8.6: anticipate large numbers, prevent overflow");
        foreach (var (position, value) in Overflows)
        {
            overflow.RequestFields(position, $"Content-Length: {value}")
                .ResponseFields(position, $"Content-Length: {value}");
        }

        foreach (var (position, lines) in (ReadOnlySpan<(string, string[])>)
            [
                ("equal", ["Content-Length: 2", "Content-Length: 2"]),
                ("different", ["Content-Length: 2", "Content-Length: 3"]),
                ("zero first", ["Content-Length: 0", "Content-Length: 2"]),
                ("zero last", ["Content-Length: 2", "content-length: 0"]),
                ("far apart", ["Content-Length: 2", "A: b", "C: d", "CONTENT-LENGTH: 2"]),
            ])
        {
            new Rule(cases, "ContentLengthRepeated", "RFC 9112 §6.3: unrecoverable when different; equal ones may be refused too")
                .RequestFields(position, lines).ResponseFields(position, lines);
        }

        foreach (var (position, lines) in (ReadOnlySpan<(string, string[])>)
            [
                ("length first", ["Content-Length: 2", "Transfer-Encoding: chunked"]),
                ("length last", ["Transfer-Encoding: chunked", "Content-Length: 2"]),
                ("length zero", ["Content-Length: 0", "Transfer-Encoding: chunked"]),
                ("odd case", ["tRANSFER-eNCODING: cHUNKED", "cONTENT-lENGTH: 2"]),
            ])
        {
            new Rule(cases, "LengthAndTransferEncoding", "RFC 9112 §6.1: may be smuggling or response splitting")
                .RequestFields(position, lines).ResponseFields(position, lines);
        }

        new Rule(cases, "LengthAndTransferEncoding", "RFC 9112 §6.1")
            .Response("answer to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", "HEAD")
            .Response("304", "HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n")
            .Response("coded until close", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: gzip\r\n\r\nok");

        new Rule(cases, "TransferEncodingIn10", "RFC 9112 §6.1: the framing of such a message is faulty")
            .Request("HTTP/1.0", $"POST / HTTP/1.0\r\nHost: {Host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .Request("HTTP/1.0 keep-alive", $"POST / HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .Request("HTTP/1.0 and a length", "POST / HTTP/1.0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .Response("HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .Response("HTTP/1.0, other coding", "HTTP/1.0 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n");

        var coding = new Rule(cases, "TransferCoding", "RFC 9112 §6.1, §6.3: a request ends in chunked, and nothing else is known");
        foreach (var (position, value) in (ReadOnlySpan<(string, string)>)
            [
                ("gzip", "gzip"),
                ("gzip before chunked", "gzip, chunked"),
                ("identity", "identity"),
                ("identity before chunked", "identity, chunked"),
                ("unknown", "xchunked"),
                ("longer", "chunkedd"),
                ("shorter", "chunke"),
                ("quoted", "\"chunked\""),
                ("parameter", "chunked;a=b"),
                ("parameter sign", "chunked;"),
                ("empty", ""),
                ("empty element first", ", chunked"),
                ("vertical bar", "chunked|"),
                ("two words", "chunked chunked"),
                ("not ASCII", "chunked\u00a0"),
            ])
        {
            coding.RequestFields(position, $"Transfer-Encoding: {value}");
        }

        coding
            .RequestFields("two lines, gzip first", "Transfer-Encoding: gzip", "Transfer-Encoding: chunked")
            .RequestFields("two lines, empty first", "Transfer-Encoding:", "Transfer-Encoding: chunked")
            .ResponseFields("empty", "Transfer-Encoding: ")
            .ResponseFields("empty element", "Transfer-Encoding: gzip,, chunked")
            .ResponseFields("empty last element", "Transfer-Encoding: chunked,")
            .ResponseFields("two words", "Transfer-Encoding: chun ked")
            .ResponseFields("parameter", "Transfer-Encoding: chunked;a=b")
            .ResponseFields("not ASCII", "Transfer-Encoding: chunked\u00a0");

        new Rule(cases, "ChunkedTwice", "RFC 9112 §6.1: chunked is applied once")
            .RequestFields("list", "Transfer-Encoding: chunked, chunked")
            .RequestFields("two lines", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
            .RequestFields("odd case", "Transfer-Encoding: chunked", "transfer-encoding: CHUNKED")
            .ResponseFields("list", "Transfer-Encoding: chunked, chunked")
            .ResponseFields("two lines", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked")
            .ResponseFields("other between", "Transfer-Encoding: chunked, gzip, chunked");

        new Rule(cases, "ChunkedNotLast", "RFC 9112 §6.3: without chunked last the length of a request is unknown")
            .RequestFields("list", "Transfer-Encoding: chunked, gzip")
            .RequestFields("identity", "Transfer-Encoding: chunked, identity")
            .RequestFields("two lines", "Transfer-Encoding: chunked", "Transfer-Encoding: gzip")
            .RequestFields("two lines, identity", "Transfer-Encoding: chunked", "Transfer-Encoding: identity")
            .RequestFields("empty last element", "Transfer-Encoding: chunked,")
            .RequestFields("empty second line", "Transfer-Encoding: chunked", "Transfer-Encoding:");
    }

    private static void Options(List<HostileCase> cases)
    {
        new Rule(cases, "ConnectionOption", "RFC 9110 §7.6.1: options are tokens")
            .RequestFields("two words", "Connection: keep alive")
            .RequestFields("parameter", "Connection: close;a")
            .RequestFields("quoted", "Connection: \"close\"")
            .RequestFields("after a good one", "Connection: close, a:b")
            .RequestFields("second line", "Connection: close", "Connection: a/b")
            .ResponseFields("two words", "Content-Length: 2", "Connection: keep alive")
            .ResponseFields("after a good one", "Content-Length: 2", "Connection: close, a=b");

        new Rule(cases, "TooManyConnectionOptions", "each option is looked up among all fields: bounded at 32")
            .RequestFields("one line", "Connection: " + string.Join(',', Enumerable.Range(0, 33).Select(i => $"x{i}")))
            .RequestFields("commas", "Connection: " + new string(',', 40))
            .RequestFields("two lines", "Connection: " + Repeat("close", 20), "Connection: " + Repeat("close", 13))
            .ResponseFields("one line", "Content-Length: 2", "Connection: " + Repeat("x", 33));

        new Rule(cases, "Expectation", "RFC 9110 §10.1.1: 100-continue is all that is understood")
            .RequestFields("unknown", "Expect: 200-ok")
            .RequestFields("empty", "Expect:")
            .RequestFields("list", "Expect: 100-continue, a")
            .RequestFields("before it", "Expect: y 100-continue")
            .RequestFields("parameter", "Expect: 100-continue;a=b")
            .RequestFields("twice", "Expect: 100-continue", "Expect: 100-continue")
            .RequestFields("second line", "Expect: 100-continue", "Expect: a");
    }

    private static string Repeat(string element, int count) => string.Join(',', Enumerable.Repeat(element, count));
}
