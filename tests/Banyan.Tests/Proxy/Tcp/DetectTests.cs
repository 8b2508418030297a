using System.Text;
using Banyan.Proxy.Http;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>What first bytes are taken for: every row is also fed a byte at a time.</summary>
public sealed class DetectTests
{
    private const string ClientHello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

    /// <summary>Bytes, what they are, and how many of them are needed to know.</summary>
    public static TheoryData<string, int, int> Rows
    {
        get
        {
            var rows = new TheoryData<string, int, int>();
            void Add(string bytes, DetectedProtocol protocol, int needed) => rows.Add(bytes, (int)protocol, needed);

            Add("GET / HTTP/1.1\r\nHost: a\r\n\r\n", DetectedProtocol.Http1, 13);
            Add("GET / HTTP/1.0\r\n\r\n", DetectedProtocol.Http1, 13);
            Add("M-SEARCH * HTTP/1.1\r\n", DetectedProtocol.Http1, 18);
            Add("CONNECT a:80 HTTP/1.1\r\n", DetectedProtocol.Http1, 20);
            Add("POST http://a/b HTTP/1.1\r\n", DetectedProtocol.Http1, 23);
            Add("\r\nGET / HTTP/1.1\r\n", DetectedProtocol.Http1, 15);
            Add("PUT /" + new string('a', 3000), DetectedProtocol.Http1, 4 + 2048);
            Add("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04", DetectedProtocol.Http2, 24);
            Add(ClientHello, DetectedProtocol.Tls, 6);
            Add("\x16\x03\x03\x40\x00\x01", DetectedProtocol.Tls, 6);

            // Words that HTTP has too: Redis inline commands, NATS, STOMP.
            Add("GET key\r\n", DetectedProtocol.Other, 8);
            Add("CONNECT {\"verbose\":false} \r\n", DetectedProtocol.Other, 27);
            Add("CONNECT\naccept-version:1.2\n", DetectedProtocol.Other, 8);
            Add("HELO mail.test\r\n", DetectedProtocol.Other, 15);
            Add("GET a b\r\n", DetectedProtocol.Other, 7);
            Add("GET  / HTTP/1.1\r\n", DetectedProtocol.Other, 5);
            Add("GET / HTTP/2.0\r\n", DetectedProtocol.Other, 12);
            Add("GET / HTTP/3", DetectedProtocol.Other, 12);
            Add("PRI * HTTP/2.0\r\n\r\nSMX", DetectedProtocol.Other, 21);
            Add("get / HTTP/1.1\r\n", DetectedProtocol.Other, 1);
            Add("*3\r\n$3\r\nSET\r\n", DetectedProtocol.Other, 1);
            Add("\0\0\0\x08\x04\xd2\x16\x2f", DetectedProtocol.Other, 1);
            Add(" GET / HTTP/1.1\r\n", DetectedProtocol.Other, 1);
            Add("\r\rGET", DetectedProtocol.Other, 2);
            Add("\r\n\r\nGET", DetectedProtocol.Other, 3);
            Add(new string('A', 40) + " / HTTP/1.1", DetectedProtocol.Other, 25);
            Add("\x16\x02\x00\x02\x00\x01", DetectedProtocol.Other, 2);
            Add("\x16\x03\x05\x02\x00\x01", DetectedProtocol.Other, 3);
            Add("\x16\x03\x01\x00\x10\x01", DetectedProtocol.Other, 5);
            Add("\x16\x03\x01\x40\x01\x01", DetectedProtocol.Other, 5);
            Add("\x16\x03\x01\x02\x00\x02", DetectedProtocol.Other, 6);
            Add("\x15\x03\x01", DetectedProtocol.Other, 1);
            return rows;
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void FirstBytesTell(string text, int protocol, int needed)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        for (var length = 0; length <= bytes.Length; length++)
        {
            var expected = length < needed ? DetectedProtocol.Incomplete : (DetectedProtocol)protocol;
            Assert.Equal((length, expected), (length, Detect.Protocol(bytes.AsSpan(0, length))));
        }
    }

    [Theory]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24, (int)DetectedProtocol.Http2)]
    [InlineData("PRI * HTTP/2.0\r\n\r\nSM\r\n\r ", 24, (int)DetectedProtocol.Http1)]
    [InlineData("PUT / HTTP/1.1", 2, (int)DetectedProtocol.Http1)]
    [InlineData("\x16\x03\x01\x02\x00\x01", 1, (int)DetectedProtocol.Http1)]
    public void WhereHttpIsDeclaredOnlyItsVersionIsAsked(string text, int needed, int protocol)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        for (var length = 0; length <= bytes.Length; length++)
        {
            var expected = length < needed ? DetectedProtocol.Incomplete : (DetectedProtocol)protocol;
            Assert.Equal((length, expected), (length, Detect.Version(bytes.AsSpan(0, length))));
        }
    }
}
