using System.Text;
using Banyan.Rules;
using Xunit;

namespace Banyan.Tests.Rules;

public sealed class CanonicalPathTests
{
    [Theory]
    [InlineData("/")]
    [InlineData("*")]
    [InlineData("/a/b.c/d-e_f~g")]
    [InlineData("/a/.hidden/..more/...")]
    [InlineData("/a;v=1/b;/..;/c")]
    [InlineData("/a%20b%25%7B")]
    [InlineData("/%252e%252E/%252f")]
    [InlineData("/a=b&c,d:e@f!$'()*+")]
    [InlineData("/caf\u00e9")]
    public void CanonicalPathsAreUnchanged(string path) => Assert.Equal((PathOutcome.Unchanged, path), Canonical(path));

    [Theory]
    [InlineData("/%7euser", "/~user")]
    [InlineData("/%41%5a%61%7A%30%39%2d%2E%5f%7e", "/AZaz09-._~")]
    [InlineData("/a%c3%a9", "/a%C3%A9")]
    [InlineData("/a%2B%3b", "/a%2B%3B")]
    [InlineData("/a/./b", "/a/b")]
    [InlineData("/a/../b", "/b")]
    [InlineData("/a/b/..", "/a/")]
    [InlineData("/a/b/.", "/a/b/")]
    [InlineData("/.", "/")]
    [InlineData("/a/..", "/")]
    [InlineData("/a/%2e%2E/b", "/b")]
    [InlineData("/a/%2e/b", "/a/b")]
    [InlineData("/a/.%2e/b", "/b")]
    [InlineData("/a/b/c/../../d", "/a/d")]
    [InlineData("//", "/")]
    [InlineData("//a///b//", "/a/b/")]
    [InlineData("/a//../b", "/a/b")] // dot segments first (RFC 3986 §5.2.4 counts empty segments), then slashes
    [InlineData("//../a", "/a")]
    [InlineData("/.//a", "/a")]
    [InlineData("/a/.././/b", "/b")]
    [InlineData("/%61/%2e%2e//%2e/x", "/x")]
    public void OtherPathsAreRewritten(string path, string expected) => Assert.Equal((PathOutcome.Rewritten, expected), Canonical(path));

    [Theory]
    [InlineData("")]
    [InlineData("a")]
    [InlineData("**")]
    [InlineData("/a%2fb")]
    [InlineData("/a%2Fb")]
    [InlineData("/a%5cb")]
    [InlineData("/a%5Cb")]
    [InlineData("/a%00")]
    [InlineData("/a\\b")]
    [InlineData("/\\..\\a")]
    [InlineData("/%")]
    [InlineData("/%4")]
    [InlineData("/a%4g")]
    [InlineData("/a%g4")]
    [InlineData("/a%/b")]
    [InlineData("/a% 1")]
    [InlineData("/..")]
    [InlineData("/../a")]
    [InlineData("/a/../../b")]
    [InlineData("/%2e%2e/a")]
    [InlineData("/./../a")]
    public void AmbiguousPathsAreRefused(string path) => Assert.Equal((PathOutcome.Refused, ""), Canonical(path));

    [Theory]
    [InlineData("/a%2fb", "/a%2Fb")]
    [InlineData("/a%5c..%5c", "/a%5C..%5C")]
    [InlineData("/a%2f../b", "/a%2F../b")] // an escaped slash is not a separator
    public void EscapedSlashesCanBeKept(string path, string expected) =>
        Assert.Equal((PathOutcome.Rewritten, expected), Canonical(path, allowEscapedSlashes: true));

    [Theory]
    [InlineData("/a%00")]
    [InlineData("/a\\b")]
    [InlineData("/a%zz")]
    public void NulAndBackslashAreRefusedEvenThen(string path) =>
        Assert.Equal((PathOutcome.Refused, ""), Canonical(path, allowEscapedSlashes: true));

    [Fact]
    public void RandomPathsAgreeWithThePlainReferenceAndAreIdempotent()
    {
        string[] pieces = ["/", "/", "/", ".", "..", "%2e", "%2E", "a", "b.", "%2f", "%5C", "%41", "%c3", "%25", "%", "\\", ";", "%00", "%7e", "~"];
        var random = new Random(7);
        var outcomes = new int[3];
        for (var round = 0; round < 200_000; round++)
        {
            var text = new StringBuilder(random.Next(20) == 0 ? "" : "/");
            for (var n = random.Next(9); n > 0; n--)
            {
                // Pieces that lead to a refusal are made rarer, so that deep combinations survive.
                var piece = pieces[random.Next(pieces.Length)];
                text.Append(piece is "%2f" or "%5C" or "%" or "\\" or "%00" && random.Next(6) != 0 ? "c" : piece);
            }

            var path = text.ToString();
            var allow = random.Next(2) == 0;
            var (outcome, canonical) = Canonical(path, allow);
            outcomes[(int)outcome]++;
            var expected = Reference(path, allow);
            if (expected is null)
            {
                Assert.True(outcome == PathOutcome.Refused, $"'{path}' should have been refused, became '{canonical}'");
                continue;
            }

            Assert.True(expected == canonical, $"'{path}' (allow {allow}): expected '{expected}', was {outcome} '{canonical}'");
            Assert.Equal(path == expected, outcome == PathOutcome.Unchanged);
            Assert.True(canonical.Length <= path.Length);
            Assert.Equal((PathOutcome.Unchanged, canonical), Canonical(canonical, allow));
        }

        Assert.All(outcomes, count => Assert.True(count > 1_000));
    }

    [Fact]
    public void NothingIsAllocated()
    {
        byte[][] paths = ["/api/v1/orders/17"u8.ToArray(), "/a/./%7euser//b/../c%2b"u8.ToArray(), "/a%2fb"u8.ToArray()];
        var output = new byte[64];
        Allocations.AssertNone(() =>
        {
            foreach (var path in paths)
            {
                CanonicalPath.Write(path, output, allowEscapedSlashes: false, out _);
            }
        });
    }

    private static (PathOutcome Outcome, string Path) Canonical(string path, bool allowEscapedSlashes = false)
    {
        var input = Encoding.Latin1.GetBytes(path);
        var output = new byte[input.Length]; // exactly as long: a longer write would throw
        if (output.Length == 0)
        {
            output = [0];
        }

        var outcome = CanonicalPath.Write(input, output, allowEscapedSlashes, out var written);
        return outcome switch
        {
            PathOutcome.Unchanged => (outcome, path),
            PathOutcome.Rewritten => (outcome, Encoding.Latin1.GetString(output, 0, written)),
            _ => (outcome, written == 0 ? "" : "something was written"),
        };
    }

    /// <summary>The same rules, written for reading: null means refused.</summary>
    private static string? Reference(string path, bool allowEscapedSlashes)
    {
        if (!path.StartsWith('/') || path.Contains('\\', StringComparison.Ordinal))
        {
            return path == "*" ? path : null;
        }

        var decoded = new StringBuilder();
        for (var i = 0; i < path.Length; i++)
        {
            if (path[i] != '%')
            {
                decoded.Append(path[i]);
                continue;
            }

            if (i + 2 >= path.Length || !char.IsAsciiHexDigit(path[i + 1]) || !char.IsAsciiHexDigit(path[i + 2]))
            {
                return null;
            }

            var value = (char)Convert.ToInt32(path.Substring(i + 1, 2), 16);
            if (value == 0 || (value is '/' or '\\' && !allowEscapedSlashes))
            {
                return null;
            }

            decoded.Append(char.IsAsciiLetterOrDigit(value) || "-._~".Contains(value, StringComparison.Ordinal)
                ? value.ToString()
                : path.Substring(i, 3).ToUpperInvariant());
            i += 2;
        }

        var segments = decoded.ToString().Split('/')[1..];
        var kept = new List<string>();
        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i] is "." or "..")
            {
                if (segments[i] == "..")
                {
                    if (kept.Count == 0)
                    {
                        return null;
                    }

                    kept.RemoveAt(kept.Count - 1);
                }

                if (i == segments.Length - 1)
                {
                    kept.Add("");
                }
            }
            else
            {
                kept.Add(segments[i]);
            }
        }

        var joined = "/" + string.Join('/', kept);
        while (joined.Contains("//", StringComparison.Ordinal))
        {
            joined = joined.Replace("//", "/", StringComparison.Ordinal);
        }

        return joined;
    }
}
