using Banyan.Wire.Http1;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>All 256 bytes in each position, against the grammar written down a second time.</summary>
public sealed class ByteSweepTests
{
    private static readonly Dictionary<string, (string Before, string After, Func<byte, bool> Allowed)> Positions = new(StringComparer.Ordinal)
    {
        ["method"] = ("G", "T / HTTP/1.1\r\nHost: a\r\n\r\n", IsToken),
        ["first byte"] = ("", "ET / HTTP/1.1\r\nHost: a\r\n\r\n", IsToken),
        ["target"] = ("GET /a", "b HTTP/1.1\r\nHost: a\r\n\r\n", IsTarget),
        ["query"] = ("GET /?", " HTTP/1.1\r\nHost: a\r\n\r\n", IsTarget),
        ["first byte of the target"] = ("GET ", " HTTP/1.1\r\nHost: a\r\n\r\n", b => b == '/'),
        ["minor version"] = ("GET / HTTP/1.", "\r\nHost: a\r\n\r\n", IsDigit),
        ["major version"] = ("GET / HTTP/", ".1\r\nHost: a\r\n\r\n", b => b == '1'),
        ["before CRLF"] = ("GET / HTTP/1.1", "\r\nHost: a\r\n\r\n", _ => false),
        ["name"] = ("GET / HTTP/1.1\r\nHost: a\r\nX", "Y: z\r\n\r\n", b => IsToken(b) || b == ':'),
        ["first byte of a name"] = ("GET / HTTP/1.1\r\nHost: a\r\n", "Y: z\r\n\r\n", IsToken),
        ["before the colon"] = ("GET / HTTP/1.1\r\nHost: a\r\nX", ": z\r\n\r\n", b => IsToken(b) || b == ':'),
        ["value"] = ("GET / HTTP/1.1\r\nHost: a\r\nX: a", "b\r\n\r\n", IsText),
        ["start of a value"] = ("GET / HTTP/1.1\r\nHost: a\r\nX:", "b\r\n\r\n", IsText),
        ["end of a value"] = ("GET / HTTP/1.1\r\nHost: a\r\nX: a", "\r\n\r\n", IsText),
        ["host"] = ("GET / HTTP/1.1\r\nHost: a", "9\r\n\r\n", b => IsAlphanumeric(b) || "-._~:".Contains((char)b, StringComparison.Ordinal)),
        ["port"] = ("GET / HTTP/1.1\r\nHost: a:1", "2\r\n\r\n", IsDigit),
        ["IPv6"] = ("GET / HTTP/1.1\r\nHost: [::1", "1]\r\n\r\n", b => IsHex(b) || b == ':'),
        ["length"] = ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0", "0\r\n\r\n", IsDigit),
        ["transfer coding"] = ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunke", "\r\n\r\n", b => b is (byte)'d' or (byte)'D'),
        ["connection option"] = ("GET / HTTP/1.1\r\nHost: a\r\nConnection: clo", "se\r\n\r\n", b => IsToken(b) || b == ','),
    };

    public static TheoryData<string> Names => [.. Positions.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void InARequest(string position)
    {
        var (before, after, allowed) = Positions[position];
        for (var b = 0; b < 256; b++)
        {
            var bytes = System.Text.Encoding.Latin1.GetBytes(before + (char)b + after);
            var head = new RequestHead();
            var status = RequestParser.Parse(bytes, head);
            Assert.True((status == ParseStatus.Complete) == allowed((byte)b), $"{position}, 0x{b:x2}: {status} {head.Reason}");
            Assert.True(status is ParseStatus.Complete or ParseStatus.Malformed, $"{position}, 0x{b:x2}: {status}");
        }
    }

    [Theory]
    [InlineData("5", "hello\r\n0\r\n\r\n", "")]
    [InlineData("5;", "=b\r\nhello\r\n0\r\n\r\n", "token")]
    [InlineData("5;a=", "\r\nhello\r\n0\r\n\r\n", "token")]
    [InlineData("5;a=\"", "\"\r\nhello\r\n0\r\n\r\n", "quoted")]
    [InlineData("5;a=\"\\", "\"\r\nhello\r\n0\r\n\r\n", "text")]
    [InlineData("5\r\nhello", "0\r\n\r\n", "")]
    [InlineData("0\r\nX", "Y: z\r\n\r\n", "name")]
    [InlineData("0\r\n", "Y: z\r\n\r\n", "token")]
    [InlineData("0\r\nX:", "\r\n\r\n", "text")]
    [InlineData("", "\r\nhello\r\n0\r\n\r\n", "five")]
    public void InAChunkedBody(string before, string after, string allowed)
    {
        for (var b = 0; b < 256; b++)
        {
            var bytes = System.Text.Encoding.Latin1.GetBytes("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + before + (char)b + after);
            var transcript = Transcript.Of(bytes, response: false, "", [bytes.Length]);
            var accepted = !transcript.Contains("Malformed", StringComparison.Ordinal) && !transcript.Contains("incomplete", StringComparison.Ordinal);
            Assert.True(accepted == IsAllowed((byte)b, allowed), $"{before}, 0x{b:x2}: {transcript}");
        }
    }

    private static bool IsAllowed(byte b, string set) => set switch
    {
        // White space before an extension's name or value is "bad" but allowed.
        "token" => IsToken(b),
        "name" => IsToken(b) || b == ':',
        "text" => IsText(b),
        "quoted" => IsText(b) && b is not ((byte)'"' or (byte)'\\'),
        "five" => b == '5',
        _ => false,
    };

    private static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    private static bool IsHex(byte b) => IsDigit(b) || b is >= (byte)'a' and <= (byte)'f' or >= (byte)'A' and <= (byte)'F';

    private static bool IsAlphanumeric(byte b) => IsDigit(b) || b is >= (byte)'a' and <= (byte)'z' or >= (byte)'A' and <= (byte)'Z';

    private static bool IsToken(byte b) => IsAlphanumeric(b) || "!#$%&'*+-.^_`|~".Contains((char)b, StringComparison.Ordinal);

    private static bool IsTarget(byte b) => b is > 0x20 and < 0x7f && !"\"<>#".Contains((char)b, StringComparison.Ordinal);

    private static bool IsText(byte b) => b == '\t' || b is >= 0x20 and not 0x7f;
}
