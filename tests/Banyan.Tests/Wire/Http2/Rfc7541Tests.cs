using Banyan.Testing;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>The examples of RFC 7541, appendix C.</summary>
public sealed class Rfc7541Tests
{
    public static TheoryData<string> Headings => [.. Groups().Select(g => g.Heading)];

    [Theory]
    [MemberData(nameof(Headings))]
    public void Example(string heading)
    {
        var decoder = new HpackDecoder();
        var rows = Groups().Single(g => g.Heading == heading).Rows;
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            var bar = row.IndexOf('|', StringComparison.Ordinal);
            var block = Convert.FromHexString(row[1..bar].Replace(" ", "", StringComparison.Ordinal));
            var expected = row[(bar + 1)..].TrimStart().Replace("~", "\r\n", StringComparison.Ordinal);
            var (status, text) = row[0] switch
            {
                'Q' => Blocks.Request(decoder, block) is var (s, t, _) ? (s, t) : default,
                'A' => Blocks.Response(decoder, block),
                _ => Blocks.Trailers(decoder, block),
            };
            Assert.Equal(FieldBlockStatus.Ok, status);
            Assert.Equal(expected, text);
        }
    }

    private static IEnumerable<(string Heading, List<string> Rows)> Groups()
    {
        (string Heading, List<string> Rows)? group = null;
        foreach (var line in File.ReadLines(Repository.File("tests", "Banyan.Tests", "Wire", "Http2", "rfc7541.txt")))
        {
            if (line.StartsWith("= ", StringComparison.Ordinal))
            {
                if (group is { } done)
                {
                    yield return done;
                }

                group = (line[2..], []);
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                group!.Value.Rows.Add(line);
            }
        }

        yield return group!.Value;
    }
}
