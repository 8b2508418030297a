namespace Banyan.Testing.Hostile;

public static partial class HostileCases
{
    /// <summary>Fields that the trailer section may not have.</summary>
    private static readonly string[] ForbiddenTrailers =
    [
        "Host", "Connection", "Content-Length", "Transfer-Encoding", "TE", "Trailer", "Upgrade", "Keep-Alive",
        "Proxy-Connection", "Proxy-Authenticate", "Proxy-Authorization", "Expect", "Date", "Retry-After",
        "X-Banyan-Error", "x-banyan-some-name-longer-than-the-buffer",
        "Age", "Vary", "Range", "Cookie", "Pragma", "Expires", "Location", "If-Match", "If-Range", "Forwarded", "Set-Cookie",
        "Content-Type", "Max-Forwards", "Authorization", "Cache-Control", "Content-Range", "If-None-Match",
        "X-Forwarded-For", "Content-Encoding", "WWW-Authenticate", "X-Forwarded-Host", "X-Forwarded-Port",
        "X-Forwarded-Proto", "If-Modified-Since", "If-Unmodified-Since",
    ];

    private static void ChunkSizes(List<HostileCase> cases)
    {
        new Rule(cases, "ChunkSize", "RFC 9112 §7.1: a size is hexadecimal digits")
            .Chunked("empty size", "\r\nhello\r\n0\r\n\r\n")
            .Chunked("empty second size", "5\r\nhello\r\n\r\n\r\n")
            .Chunked("not hexadecimal", "g\r\nhello\r\n0\r\n\r\n")
            .Chunked("plus sign", "+5\r\nhello\r\n0\r\n\r\n")
            .Chunked("minus sign", "-5\r\nhello\r\n0\r\n\r\n")
            .Chunked("prefix", "0x5\r\nhello\r\n0\r\n\r\n")
            .Chunked("space before it", " 5\r\nhello\r\n0\r\n\r\n")
            .Chunked("underscore", "1_0\r\nhello\r\n0\r\n\r\n")
            .Chunked("letter after it", "5g\r\nhello\r\n0\r\n\r\n")
            .Chunked("NUL after it", "5\0\r\nhello\r\n0\r\n\r\n")
            .Chunked("comma", "5,5\r\nhello\r\n0\r\n\r\n")
            .Chunked("LF first", "\n5\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension without size", ";a=b\r\nhello\r\n0\r\n\r\n")
            .Chunked("not ASCII", "\u00b5\r\nhello\r\n0\r\n\r\n")
            .Chunked("decimal point", "5.0\r\nhello\r\n0\r\n\r\n");

        new Rule(cases, "ChunkSizeOverflow", "RFC 9112 §7.1: anticipate large numbers, prevent overflow")
            .Chunked("2^63", "8000000000000000\r\nhello\r\n0\r\n\r\n")
            .Chunked("2^64 - 1", "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n")
            .Chunked("2^64 + 5", "10000000000000005\r\nhello\r\n0\r\n\r\n")
            .Chunked("17 digits", "00000000000000005\r\nhello\r\n0\r\n\r\n")
            .Chunked("17 zeros", "00000000000000000\r\n\r\n")
            .Chunked("second chunk", "5\r\nhello\r\nfedcba9876543210f\r\n");

        new Rule(cases, "ChunkDataEnd", "RFC 9112 §7.1: CRLF after the data")
            .Chunked("data too long", "4\r\nhello\r\n0\r\n\r\n")
            .Chunked("no CRLF", "5\r\nhello0\r\n\r\n")
            .Chunked("LF alone", "5\r\nhello\n0\r\n\r\n")
            .Chunked("CR alone", "5\r\nhello\r0\r\n\r\n")
            .Chunked("two CRs", "5\r\nhello\r\r\n0\r\n\r\n")
            .Chunked("space", "5\r\nhello \r\n0\r\n\r\n")
            .Chunked("second chunk", "5\r\nhello\r\n2\r\nabc\r\n0\r\n\r\n")
            .Chunked("LF CR", "5\r\nhello\n\r0\r\n\r\n");
    }

    private static void ChunkExtensions(List<HostileCase> cases)
    {
        new Rule(cases, "ChunkExtension", "RFC 9112 §7.1.1: the grammar of extensions")
            .Chunked("extension, no name", "5;\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, name empty", "5;=a\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, no value", "5;a=\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, two semicolons", "5;;a\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, quote not closed", "5;a=\"b\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, quote in a token", "5;a=b\"c\"\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, text after a quote", "5;a=\"b\"c\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, control byte in a name", "5;a\u0001\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, control byte in a value", "5;a=b\u0001\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, control byte in a quote", "5;a=\"\u0001\"\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, DEL in a quote", "5;a=\"\u007f\"\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, NUL in a quoted pair", "5;a=\"\\\0\"\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, CR in a quote", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, CR in a quoted pair", "5;a=\"\\\r\n\"\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, space in a name", "5;a b\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, space in a value", "5;a=b c\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, space at the end of a name", "5;a \r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, space at the end of a value", "5;a=b \r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, two equals signs", "5;a==b\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, brace", "5;{\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, not ASCII in a name", "5;\u00e9\r\nhello\r\n0\r\n\r\n")
            .Chunked("space after a size", "5 \r\nhello\r\n0\r\n\r\n")
            .Chunked("tab after a size", "5\t\r\nhello\r\n0\r\n\r\n")
            .Chunked("space and a digit", "5 5\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, last chunk", "5\r\nhello\r\n0;\r\n\r\n");

        new Rule(cases, "ChunkExtensionTooLong", "extensions of one chunk are bounded at 256 bytes")
            .Chunked("extension, name", $"5;{new string('a', 256)}\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, value", $"5;a={new string('a', 256)}\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, quoted", $"5;a=\"{new string('a', 256)}\"\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, spaces", $"5{new string(' ', 257)};a\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, many", $"5{string.Concat(Enumerable.Repeat(";a", 129))}\r\nhello\r\n0\r\n\r\n")
            .Chunked("extension, second chunk", $"5;a\r\nhello\r\n5;{new string('a', 300)}\r\nhello\r\n0\r\n\r\n");
    }

    private static void Trailers(List<HostileCase> cases)
    {
        var rule = new Rule(cases, "TrailerForbidden", "RFC 9110 §6.5.1: no framing, routing, authentication or format in trailers");
        foreach (var name in ForbiddenTrailers)
        {
            rule.Chunked($"trailer {name}", $"5\r\nhello\r\n0\r\n{name}: a\r\n\r\n");
        }

        rule
            .Trailer("odd case", "cONTENT-lENGTH: 5")
            .Trailer("lower case", "transfer-encoding: chunked");
    }
}
