namespace Banyan.Testing.Hostile;

public static partial class HostileCases
{
    private static void RequestLines(List<HostileCase> cases)
    {
        new Rule(cases, "EmptyRequestLine", "RFC 9112 §2.2: one empty line before the request line is ignored, not more")
            .Request("two empty lines", $"\r\n\r\nGET / HTTP/1.1\r\n{AfterLine}")
            .Request("nothing but empty lines", "\r\n\r\n\r\n");

        new Rule(cases, "Method", "RFC 9110 §9.1: a method is a token")
            .RequestLine("space before it", " GET / HTTP/1.1")
            .RequestLine("tab before it", "\tGET / HTTP/1.1")
            .RequestLine("tab after it", "GET\t/ HTTP/1.1")
            .RequestLine("colon in it", "GE:T / HTTP/1.1")
            .RequestLine("parenthesis in it", "G(ET / HTTP/1.1")
            .RequestLine("at sign in it", "G@T / HTTP/1.1")
            .RequestLine("slash", "GET/ HTTP/1.1")
            .RequestLine("quoted", "\"GET\" / HTTP/1.1")
            .RequestLine("not ASCII", "G\u00c9T / HTTP/1.1")
            .RequestLine("a field line", "Host: shop.test");

        new Rule(cases, "RequestLineShort", "RFC 9112 §3: method, target and version; HTTP/0.9 is not spoken")
            .RequestLine("method alone", "GET")
            .RequestLine("HTTP/0.9", "GET /")
            .RequestLine("no version after the space", "GET / ")
            .RequestLine("method and space", "GET ");

        new Rule(cases, "RequestLineSpace", "RFC 9112 §3: single spaces, nothing else")
            .RequestLine("two spaces before the target", "GET  / HTTP/1.1")
            .RequestLine("two spaces before the version", "GET /  HTTP/1.1")
            .RequestLine("space in the target", "GET /a b HTTP/1.1")
            .RequestLine("space at the end", "GET / HTTP/1.1 ")
            .RequestLine("empty target", "GET  HTTP/1.1")
            .RequestLine("tab at the end", "GET / HTTP/1.1\t")
            .RequestLine("tab before the target", "GET \t/ HTTP/1.1")
            .RequestLine("tab before the version", "GET /\tHTTP/1.1")
            .RequestLine("tab after the space", "GET / \tHTTP/1.1")
            .RequestLine("second request in the line", "GET / HTTP/1.1 GET /smuggled HTTP/1.1");

        new Rule(cases, "Version", "RFC 9112 §2.3: HTTP/1 and one digit, capitals")
            .RequestLine("2.0", "GET / HTTP/2.0")
            .RequestLine("HTTP/2 preface", "PRI * HTTP/2.0")
            .RequestLine("0.9", "GET / HTTP/0.9")
            .RequestLine("3", "GET / HTTP/3")
            .RequestLine("lower case", "GET / http/1.1")
            .RequestLine("mixed case", "GET / Http/1.1")
            .RequestLine("two digits", "GET / HTTP/1.10")
            .RequestLine("leading zero", "GET / HTTP/01.1")
            .RequestLine("no minor", "GET / HTTP/1.")
            .RequestLine("no dot", "GET / HTTP/11")
            .RequestLine("comma", "GET / HTTP/1,1")
            .RequestLine("letter", "GET / HTTP/1.x")
            .RequestLine("sign", "GET / HTTP/1.-")
            .RequestLine("other protocol", "GET / ICAP/1.0")
            .RequestLine("other protocol of the same length", "GET / HTTQ/1.1")
            .RequestLine("byte after it", "GET / HTTP/1.1a");
    }

    private static void Targets(List<HostileCase> cases)
    {
        new Rule(cases, "TargetFragment", "RFC 9112 §3.2: a target has no fragment")
            .RequestLine("origin form", "GET /a#b HTTP/1.1")
            .RequestLine("in the query", "GET /a?b#c HTTP/1.1")
            .RequestLine("alone", "GET # HTTP/1.1")
            .RequestLine("absolute form", "GET http://shop.test/#a HTTP/1.1")
            .RequestLine("after the authority", "GET http://shop.test#@evil.test/ HTTP/1.1");

        new Rule(cases, "TargetByte", "RFC 9112 §3.2: a recipient of an invalid request line should answer 400")
            .RequestLine("quote", "GET /\" HTTP/1.1")
            .RequestLine("less than", "GET /<a HTTP/1.1")
            .RequestLine("greater than in the query", "GET /?a> HTTP/1.1")
            .RequestLine("first byte", "GET \"/\" HTTP/1.1")
            .RequestLine("0x80", "GET /\u0080 HTTP/1.1")
            .RequestLine("raw UTF-8", "GET /caf\u00c3\u00a9 HTTP/1.1")
            .RequestLine("0xff in the query", "GET /?\u00ff HTTP/1.1")
            .RequestLine("no-break space", "GET /\u00a0 HTTP/1.1");

        new Rule(cases, "TargetForm", "RFC 9112 §3.2: origin, absolute (http, https), authority or asterisk form")
            .RequestLine("relative path", "GET a HTTP/1.1")
            .RequestLine("query alone", "GET ?a HTTP/1.1")
            .RequestLine("asterisk and more", "OPTIONS *a HTTP/1.1")
            .RequestLine("backslash", "GET \\ HTTP/1.1")
            .RequestLine("authority without CONNECT", "GET shop.test:80 HTTP/1.1")
            .RequestLine("scheme ftp", "GET ftp://shop.test/ HTTP/1.1")
            .RequestLine("scheme file", "GET file:///etc/passwd HTTP/1.1")
            .RequestLine("scheme ws", "GET ws://shop.test/ HTTP/1.1")
            .RequestLine("no scheme", "GET ://shop.test/ HTTP/1.1")
            .RequestLine("one slash", "GET http:/shop.test/ HTTP/1.1")
            .RequestLine("no slashes", "GET http:shop.test HTTP/1.1")
            .RequestLine("scheme longer", "GET httpss://shop.test/ HTTP/1.1");

        new Rule(cases, "AsteriskMethod", "RFC 9112 §3.2.4: only OPTIONS has the asterisk form")
            .RequestLine("GET", "GET * HTTP/1.1")
            .RequestLine("POST", "POST * HTTP/1.1")
            .RequestLine("unknown method", "PURGE * HTTP/1.1")
            .RequestLine("lower case options", "options * HTTP/1.1");

        new Rule(cases, "TargetUserInfo", "RFC 9110 §4.2.4: user information in an http URI is an error")
            .RequestLine("user", "GET http://a@shop.test/ HTTP/1.1")
            .RequestLine("user and password", "GET http://a:b@shop.test/ HTTP/1.1")
            .RequestLine("empty", "GET http://@shop.test/ HTTP/1.1")
            .RequestLine("host before", "GET http://shop.test@evil.test HTTP/1.1")
            .RequestLine("https", "GET https://a@shop.test/ HTTP/1.1")
            .RequestLine("before a query", "GET http://a@shop.test?b HTTP/1.1");

        var authorities = new Rule(cases, "TargetAuthority", "RFC 9112 §3.2.2, RFC 9110 §4.2.1: host with optional port, not empty");
        foreach (var (position, authority) in BadAuthorities)
        {
            authorities.RequestLine(position, $"GET http://{authority}/ HTTP/1.1");
        }

        authorities
            .RequestLine("empty, no path", "GET http:// HTTP/1.1")
            .RequestLine("empty, https", "GET https:/// HTTP/1.1")
            .RequestLine("empty before a query", "GET http://?a HTTP/1.1")
            .RequestLine("bad before a query", "GET http://a:b?c HTTP/1.1");

        var connect = new Rule(cases, "ConnectTarget", "RFC 9112 §3.2.3, RFC 9110 §9.3.6: host and port, nothing else");
        foreach (var (position, authority) in BadAuthorities.Where(a => a.Authority.Length > 0))
        {
            connect.RequestLine(position, $"CONNECT {(HasPort(authority) ? authority : authority + ":443")} HTTP/1.1");
        }

        connect
            .RequestLine("no port", "CONNECT shop.test HTTP/1.1")
            .RequestLine("no port after IPv6", "CONNECT [::1] HTTP/1.1")
            .RequestLine("origin form", "CONNECT / HTTP/1.1")
            .RequestLine("absolute form", "CONNECT http://shop.test:80/ HTTP/1.1")
            .RequestLine("asterisk", "CONNECT * HTTP/1.1")
            .RequestLine("path after the port", "CONNECT shop.test:443/ HTTP/1.1")
            .RequestLine("query after the port", "CONNECT shop.test:443?a HTTP/1.1")
            .RequestLine("user information", "CONNECT a@shop.test:443 HTTP/1.1");
    }

    private static bool HasPort(string authority) => authority.LastIndexOf(':') > authority.LastIndexOf(']');
}
