namespace Banyan.Testing.Hostile;

public static partial class HostileCases
{
    private static void StatusLines(List<HostileCase> cases)
    {
        const string After = "\r\nContent-Length: 2\r\n\r\nok";
        new Rule(cases, "StatusLine", "RFC 9112 §4: version, space, three digits, space, reason phrase")
            .Response("empty line before it", $"\r\nHTTP/1.1 200 OK{After}")
            .Response("version alone", $"HTTP/1.1{After}")
            .Response("no code", $"HTTP/1.1 {After}")
            .Response("two digits", $"HTTP/1.1 20{After}")
            .Response("tab before the code", $"HTTP/1.1\t200 OK{After}")
            .Response("tab after the code", $"HTTP/1.1 200\tOK{After}")
            .Response("four digits", $"HTTP/1.1 2000 OK{After}")
            .Response("letter after the code", $"HTTP/1.1 200OK{After}")
            .Response("version of nine bytes", $"HTTP/1.10 200 OK{After}")
            .Response("HTTP/2 short", $"HTTP/2 200 OK{After}")
            .Response("a body without a head", "<html><body>hello</body></html>\r\n\r\n")
            .Response("ICY", $"ICY 200 OK{After}")
            .Response("a request", $"GET / HTTP/1.1{After}")
            .Response("space before it", $" HTTP/1.1 200 OK{After}");

        new Rule(cases, "Version", "RFC 9112 §2.3: HTTP/1 and one digit, capitals")
            .Response("2.0", $"HTTP/2.0 200 OK{After}")
            .Response("0.9", $"HTTP/0.9 200 OK{After}")
            .Response("lower case", $"http/1.1 200 OK{After}")
            .Response("letter", $"HTTP/1.x 200 OK{After}")
            .Response("other protocol", $"HTTQ/1.1 200 OK{After}")
            .Response("RTSP", $"RTSP/1.0 200 OK{After}");

        new Rule(cases, "StatusCode", "RFC 9110 §15: three digits from 100")
            .Response("000", $"HTTP/1.1 000 No{After}")
            .Response("099", $"HTTP/1.1 099 No{After}")
            .Response("letters", $"HTTP/1.1 abc No{After}")
            .Response("sign", $"HTTP/1.1 +20 No{After}")
            .Response("minus", $"HTTP/1.1 -20 No{After}")
            .Response("decimal", $"HTTP/1.1 2.0 No{After}")
            .Response("two spaces before it", $"HTTP/1.1  200 OK{After}")
            .Response("space in it", $"HTTP/1.1 2 0 No{After}")
            .Response("last not a digit", $"HTTP/1.1 20x No{After}");
    }

    private static void ResponseFraming(List<HostileCase> cases)
    {
        new Rule(cases, "InterimWithBody", "RFC 9112 §6.1, RFC 9110 §8.6: 1xx has neither field; its body would be the next answer")
            .Response("100 with a length", "HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .Response("100 chunked", "HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
            .Response("103 with a length", "HTTP/1.1 103 Early Hints\r\nContent-Length: 1\r\n\r\nx")
            .Response("101 chunked", "HTTP/1.1 101 Switching Protocols\r\nTransfer-Encoding: chunked\r\n\r\n")
            .Response("101 with a length", "HTTP/1.1 101 Switching Protocols\r\nContent-Length: 4\r\n\r\nabcd")
            .Response("199 coded", "HTTP/1.1 199 Odd\r\nTransfer-Encoding: gzip\r\n\r\n");
    }
}
