namespace Banyan.Testing.Hostile;

public static partial class HostileCases
{
    /// <summary>Authorities that neither Host nor a target may have.</summary>
    private static readonly (string Position, string Authority)[] BadAuthorities =
    [
        ("empty", ""),
        ("port alone", ":80"),
        ("empty port", "shop.test:"),
        ("port 0", "shop.test:0"),
        ("port 65536", "shop.test:65536"),
        ("port of six digits", "shop.test:000080"),
        ("port not a number", "shop.test:http"),
        ("port with sign", "shop.test:+80"),
        ("port hexadecimal", "shop.test:0x50"),
        ("two ports", "shop.test:80:90"),
        ("percent-encoded", "shop%2etest"),
        ("list", "shop.test,evil.test"),
        ("semicolon", "shop.test;a"),
        ("exclamation mark", "shop!"),
        ("port after another sign", "shop.test;80"),
        ("backslash", "shop.test\\evil"),
        ("dollar", "$shop"),
        ("bracket in a name", "shop[1]"),
        ("IPv6 without brackets", "::1"),
        ("IPv6 not closed", "[::1"),
        ("IPv6 not opened", "::1]"),
        ("IPv6 empty", "[]"),
        ("IPv6 zone", "[fe80::1%25eth0]"),
        ("IPv6 zone raw", "[fe80::1%eth0]"),
        ("IPv6 three colons", "[:::1]"),
        ("IPv6 compressed twice", "[1::2::3]"),
        ("IPv6 too few groups", "[1:2:3:4:5:6:7]"),
        ("IPv6 too many groups", "[1:2:3:4:5:6:7:8:9]"),
        ("IPv6 eight groups and compression", "[1:2:3:4::5:6:7:8]"),
        ("IPv6 five digits", "[::12345]"),
        ("IPv6 not hexadecimal", "[::g]"),
        ("IPv6 ends in a colon", "[1:2:3:4:5:6:7:]"),
        ("IPv6 starts with one colon", "[:1:2:3:4:5:6:7]"),
        ("IPv6 with IPv4 of three parts", "[::1.2.3]"),
        ("IPv6 with IPv4 of five parts", "[::1.2.3.4.5]"),
        ("IPv6 with IPv4 over 255", "[::1.2.3.256]"),
        ("IPv6 with IPv4 of four digits", "[::1.2.3.0004]"),
        ("IPv6 with IPv4 of 2^32 + 1", "[::4294967297.2.3.4]"),
        ("IPv6 with IPv4 leading zero", "[::1.2.3.04]"),
        ("IPv6 with IPv4 empty part", "[::1..2.3]"),
        ("IPv6 with IPv4 letter", "[::1.2.a.3]"),
        ("IPv6 with IPv4 after seven groups", "[1:2:3:4:5:6:7:1.2.3.4]"),
        ("IPv6 with IPv4 and too few groups", "[1:2:3:4:5:1.2.3.4]"),
        ("IPv6 with IPv4, compressed, too long", "[::1:2:3:4:5:6:1.2.3.4]"),
        ("IPvFuture", "[v1.a]"),
        ("IPv6 then name", "[::1]shop"),
        ("256 bytes", new string('a', 256)),
    ];

    private static void Fields(List<HostileCase> cases)
    {
        new Rule(cases, "SpaceBeforeFirstField", "RFC 9112 §2.2: no white space between start line and first field")
            .Request("space", $"GET / HTTP/1.1\r\n Host: {Host}\r\n\r\n")
            .Request("tab", $"GET / HTTP/1.1\r\n\tHost: {Host}\r\n\r\n")
            .Request("line of spaces", $"GET / HTTP/1.1\r\n  \r\nHost: {Host}\r\n\r\n")
            .Request("hidden framing", $"GET / HTTP/1.1\r\n Transfer-Encoding: chunked\r\nHost: {Host}\r\n\r\n")
            .Response("space", "HTTP/1.1 200 OK\r\n Content-Length: 2\r\n\r\nok")
            .Response("tab", "HTTP/1.1 200 OK\r\n\tContent-Length: 2\r\n\r\nok")
            .Response("line of spaces", "HTTP/1.1 200 OK\r\n \r\nContent-Length: 2\r\n\r\nok");

        new Rule(cases, "ObsFold", "RFC 9112 §5.2: no line folding in requests")
            .Request("space", $"GET / HTTP/1.1\r\nHost: {Host}\r\nX-A: a\r\n b\r\n\r\n")
            .Request("tab", $"GET / HTTP/1.1\r\nHost: {Host}\r\nX-A: a\r\n\tb\r\n\r\n")
            .Request("after Host", $"GET / HTTP/1.1\r\nHost: {Host}\r\n .evil\r\n\r\n")
            .Request("looks like a field", $"GET / HTTP/1.1\r\nHost: {Host}\r\nX-A: a\r\n Content-Length: 50\r\n\r\n")
            .Request("empty", $"GET / HTTP/1.1\r\nHost: {Host}\r\nX-A: a\r\n \r\n\r\n")
            .Request("in Content-Length", $"POST / HTTP/1.1\r\nHost: {Host}\r\nContent-Length:\r\n 5\r\n\r\nhello")
            .Request("in Transfer-Encoding", $"POST / HTTP/1.1\r\nHost: {Host}\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n")
            .Trailer("space", "X-A: a\r\n b")
            .Trailer("tab", "X-A: a\r\n\tb")
            .Chunked("start of the trailers", "0\r\n x: y\r\n\r\n");

        new Rule(cases, "MissingColon", "RFC 9112 §5: name, colon, value")
            .AnyField("name alone", "X-A")
            .RequestField("request line again", "GET")
            .RequestField("Host without colon", "Host")
            .Response("folded name", "HTTP/1.1 200 OK\r\nX-A\r\n : b\r\nContent-Length: 2\r\n\r\nok");

        new Rule(cases, "EmptyFieldName", "RFC 9112 §5.1: a name is a token")
            .AnyField("value alone", ": a")
            .RequestField("colon alone", ":")
            .RequestField("pseudo field", ":path: /");

        new Rule(cases, "SpaceInFieldName", "RFC 9112 §5.1: no white space between name and colon")
            .AnyField("space before the colon", "X-A : a")
            .AnyField("tab before the colon", "X-A\t: a")
            .AnyField("space in a name", "X A: a")
            .RequestField("Content-Length", "Content-Length : 5")
            .RequestField("Transfer-Encoding", "Transfer-Encoding : chunked")
            .RequestField("second request line", "GET /smuggled HTTP/1.1")
            .Response("Content-Length", "HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok");

        new Rule(cases, "FieldName", "RFC 9112 §5.1: a name is a token")
            .AnyField("parenthesis", "X(A: a")
            .AnyField("not ASCII", "X\u00e9: a")
            .RequestField("at sign", "X@A: a")
            .RequestField("slash", "X/A: a")
            .RequestField("equals", "X=A: a")
            .RequestField("bracket", "[Content-Length: 5")
            .RequestField("quote", "\"Host\": a")
            .RequestField("brace", "{X}: a")
            .RequestField("comma", "X,A: a")
            .RequestField("semicolon", "X;A: a")
            .RequestField("backslash", "X\\A: a")
            .RequestField("0x80 before a known name", "\u0080Content-Length: 5")
            .RequestField("0xff after a known name", "Transfer-Encoding\u00ff: chunked")
            .RequestField("question mark", "X?: a")
            .RequestField("less than", "<X>: a");
    }

    private static void Hosts(List<HostileCase> cases)
    {
        new Rule(cases, "HostMissing", "RFC 9112 §3.2: HTTP/1.1 has Host")
            .Request("no fields", "GET / HTTP/1.1\r\n\r\n")
            .Request("other fields", "GET / HTTP/1.1\r\nAccept: */*\r\nX-Host: shop.test\r\n\r\n")
            .Request("absolute form", "GET http://shop.test/ HTTP/1.1\r\n\r\n")
            .Request("CONNECT", "CONNECT shop.test:443 HTTP/1.1\r\n\r\n")
            .Request("asterisk form", "OPTIONS * HTTP/1.1\r\n\r\n")
            .Request("version 1.2", "GET / HTTP/1.2\r\n\r\n");

        new Rule(cases, "HostRepeated", "RFC 9112 §3.2: one Host")
            .Request("equal", $"GET / HTTP/1.1\r\nHost: {Host}\r\nHost: {Host}\r\n\r\n")
            .Request("different", $"GET / HTTP/1.1\r\nHost: {Host}\r\nHost: evil.test\r\n\r\n")
            .Request("case of the name", $"GET / HTTP/1.1\r\nHost: {Host}\r\nhOST: evil.test\r\n\r\n")
            .Request("far apart", $"GET / HTTP/1.1\r\nHost: {Host}\r\nA: b\r\nC: d\r\nhost: {Host}\r\n\r\n")
            .Request("HTTP/1.0", $"GET / HTTP/1.0\r\nHost: {Host}\r\nHost: {Host}\r\n\r\n")
            .Request("second one empty", $"GET / HTTP/1.1\r\nHost: {Host}\r\nHost:\r\n\r\n")
            .Request("absolute form", $"GET http://shop.test/ HTTP/1.1\r\nHost: {Host}\r\nHost: {Host}\r\n\r\n");

        var rule = new Rule(cases, "Host", "RFC 9112 §3.2, RFC 3986 §3.2.2: host with optional port");
        foreach (var (position, authority) in BadAuthorities)
        {
            rule.Request(position, $"GET / HTTP/1.1\r\nHost: {authority}\r\n\r\n");
        }

        rule
            .Request("two names", "GET / HTTP/1.1\r\nHost: shop.test evil.test\r\n\r\n")
            .Request("URI", "GET / HTTP/1.1\r\nHost: http://shop.test\r\n\r\n")
            .Request("path", "GET / HTTP/1.1\r\nHost: shop.test/a\r\n\r\n")
            .Request("user information", "GET / HTTP/1.1\r\nHost: a@shop.test\r\n\r\n")
            .Request("query", "GET / HTTP/1.1\r\nHost: shop.test?a\r\n\r\n")
            .Request("fragment", "GET / HTTP/1.1\r\nHost: shop.test#a\r\n\r\n")
            .Request("quoted", "GET / HTTP/1.1\r\nHost: \"shop.test\"\r\n\r\n")
            .Request("raw UTF-8", "GET / HTTP/1.1\r\nHost: sh\u00c3\u00b6p\r\n\r\n")
            .Request("tab inside", "GET / HTTP/1.1\r\nHost: shop\ttest\r\n\r\n")
            .Request("space before the port", "GET / HTTP/1.1\r\nHost: shop.test :80\r\n\r\n")
            .Request("empty, HTTP/1.0", "GET / HTTP/1.0\r\nHost: \r\n\r\n")
            .Request("bad, HTTP/1.0", "GET / HTTP/1.0\r\nHost: a,b\r\n\r\n")
            .Request("bad beside an absolute form", "GET http://shop.test/ HTTP/1.1\r\nHost: a,b\r\n\r\n")
            .Request("bad beside CONNECT", "CONNECT shop.test:443 HTTP/1.1\r\nHost: a,b\r\n\r\n")
            .Request("bad with an asterisk", "OPTIONS * HTTP/1.1\r\nHost: a b\r\n\r\n");
    }
}
