using System.Text;
using Banyan.Proxy.Http;
using Banyan.Testing;
using Banyan.Tests.Wire.Tls;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Proxy.Tcp;

/// <summary>Detection of damaged beginnings: never an exception, and what was decided stays whatever follows.</summary>
[Trait("Category", "Fuzz")]
public sealed class DetectFuzzTests(ITestOutputHelper output)
{
    private static readonly byte[][] Corpus =
    [
        [.. Preface.Bytes, 0, 0, 0, 4, 0, 0, 0, 0, 0],
        Encoding.ASCII.GetBytes("GET /a/b?c=d HTTP/1.1\r\nhost: a\r\n\r\n"),
        Encoding.ASCII.GetBytes("\r\nPOST http://a.test:80/ HTTP/1.0\r\n\r\n"),
        Encoding.ASCII.GetBytes("CONNECT a.test:443 HTTP/1.1\r\n\r\n"),
        Encoding.ASCII.GetBytes("GET key\r\n"),
        Encoding.ASCII.GetBytes("*1\r\n$4\r\nPING\r\n"),
        TlsHello.For("a.test"),
        TlsHello.For("a.test", recordSize: 40),
    ];

    [Fact]
    public void ADecisionDoesNotDependOnTheSplit() =>
        Fuzz.Bytes(output.WriteLine, random => Mutate.Bytes(random, Corpus[random.Next(Corpus.Length)]), Problem);

    private static string? Problem(byte[] bytes)
    {
        var protocol = DetectedProtocol.Incomplete;
        var version = DetectedProtocol.Incomplete;
        for (var length = 0; length <= bytes.Length; length++)
        {
            // An array of its own: a read behind its end is an exception.
            var start = bytes[..length];
            var (nowProtocol, nowVersion) = (Detect.Protocol(start), length == 0 ? DetectedProtocol.Incomplete : Detect.Version(start));
            if (Changed(protocol, nowProtocol) || Changed(version, nowVersion))
            {
                return $"{protocol} and {version} became {nowProtocol} and {nowVersion} at {length} bytes";
            }

            (protocol, version) = (nowProtocol, nowVersion);
        }

        return null;
    }

    private static bool Changed(DetectedProtocol before, DetectedProtocol now) =>
        before != DetectedProtocol.Incomplete && before != now;
}
