using Banyan.Wire.Http1;
using Banyan.Wire.Http2;
using Xunit;

namespace Banyan.Tests.Wire.Http2;

/// <summary>What is a message and what is not (RFC 9113 §8).</summary>
public sealed class FieldTests
{
    public static TheoryData<int> Rows => [.. Enumerable.Range(0, FieldCases.All.Count)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void EachRule(int row)
    {
        var rule = FieldCases.All[row];
        foreach (var blocks in rule.Blocks())
        {
            var result = BlockTranscript.Of(rule.Kind, blocks);
            Assert.True(rule.Expected == result, $"{rule}, but {Golden.Shorten(result)} in {blocks.Length} blocks");
        }
    }

    /// <summary>Whatever is wrong with a block, the table is as if nothing were.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public void TheTableStaysInStep(int row)
    {
        var rule = FieldCases.All[row];
        byte[] block = [.. Blocks.Of(rule.Fields, 0x40), .. Blocks.Literal("in-step", "yes", 0x40)];
        var decoder = new HpackDecoder();
        BlockTranscript.Next(decoder, rule.Kind, block);
        Assert.Equal("in-step: yes~~", BlockTranscript.Next(decoder, 'T', [0xBE]));
    }

    [Theory]
    [InlineData("method", "G", "T", FieldRuleBytes.Token)]
    [InlineData("path", "/a", "b", FieldRuleBytes.Target)]
    [InlineData("authority", "a", "9", FieldRuleBytes.Host)]
    [InlineData("name", "x", "y", FieldRuleBytes.LowerToken)]
    [InlineData("first of a name", "", "y", FieldRuleBytes.LowerToken)]
    [InlineData("value", "a", "b", FieldRuleBytes.Text)]
    [InlineData("first of a value", "", "b", FieldRuleBytes.VisibleText)]
    [InlineData("last of a value", "a", "", FieldRuleBytes.VisibleText)]
    public void EachByte(string position, string before, string after, FieldRuleBytes allowed)
    {
        for (var b = 0; b < 256; b++)
        {
            // A bar or an equals sign would separate fields in the notation of Blocks.Of.
            var text = before + (char)b + after;
            byte[] block =
            [
                .. Blocks.Literal(":method", position == "method" ? text : "GET"),
                .. Blocks.Literal(":scheme", "http"),
                .. Blocks.Literal(":path", position == "path" ? text : "/"),
                .. Blocks.Literal(":authority", position == "authority" ? text : "a"),
                .. Blocks.Literal(position.EndsWith("name", StringComparison.Ordinal) ? text : "x", position.EndsWith("value", StringComparison.Ordinal) ? text : "1"),
            ];
            var (status, head, _) = Blocks.Request(new HpackDecoder(), block);
            var expected = IsIn(allowed, (byte)b) ? FieldBlockStatus.Ok : FieldBlockStatus.Malformed;
            Assert.True(expected == status, $"{position}, 0x{b:x2}: {status}");
            Assert.True(status != FieldBlockStatus.Ok || head.Contains(text, StringComparison.Ordinal));
        }
    }

    /// <summary>The text of every request is one for the parser of HTTP/1, too.</summary>
    [Theory]
    [MemberData(nameof(Rows))]
    public void TextOfRequestsParses(int row)
    {
        var rule = FieldCases.All[row];
        var (status, text, kind) = Blocks.Request(new HpackDecoder(), Blocks.Of(rule.Fields));
        if (rule.Kind == 'Q' && status == FieldBlockStatus.Ok)
        {
            var head = new RequestHead();
            Assert.Equal(ParseStatus.Complete, RequestParser.Parse(System.Text.Encoding.Latin1.GetBytes(text), head));
            Assert.Equal(kind == RequestKind.Connect, head.Method == RequestMethod.Connect);
            Assert.Equal(kind == RequestKind.ExtendedConnect, head.Upgrade);
        }
    }

    [Fact]
    public void AHundredFieldsAreAllowedAndNoMore()
    {
        static string Fields(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"|x{i}=1"));
        Assert.Equal(FieldBlockStatus.Ok, Blocks.Request(new HpackDecoder(), Blocks.Of(Blocks.Start + Fields(99))).Status);
        Assert.Equal(FieldBlockStatus.TooLarge, Blocks.Request(new HpackDecoder(), Blocks.Of(Blocks.Start + Fields(100))).Status);
        Assert.Equal(FieldBlockStatus.Ok, Blocks.Response(new HpackDecoder(), Blocks.Of(":status=200" + Fields(100))).Status);
        Assert.Equal(FieldBlockStatus.TooLarge, Blocks.Response(new HpackDecoder(), Blocks.Of(":status=200" + Fields(101))).Status);
        Assert.Equal(FieldBlockStatus.Ok, Blocks.Trailers(new HpackDecoder(), Blocks.Of(Fields(100))).Status);
        Assert.Equal(FieldBlockStatus.TooLarge, Blocks.Trailers(new HpackDecoder(), Blocks.Of(Fields(101))).Status);
        const string Extended = ":method=CONNECT|:protocol=p|:scheme=http|:path=/|:authority=a";
        Assert.Equal(FieldBlockStatus.Ok, Blocks.Request(new HpackDecoder(), Blocks.Of(Extended + Fields(97))).Status);
        Assert.Equal(FieldBlockStatus.TooLarge, Blocks.Request(new HpackDecoder(), Blocks.Of(Extended + Fields(98))).Status);
    }

    [Fact]
    public void CrumbsOfACookieAreOneField()
    {
        var crumbs = string.Concat(Enumerable.Range(0, 3000).Select(i => $"|cookie=c{i}=v"));
        var (status, text, _) = Blocks.Request(new HpackDecoder(), Blocks.Of(Blocks.Start + crumbs));
        Assert.Equal(FieldBlockStatus.Ok, status);
        Assert.Equal(
            $"GET / HTTP/1.1\r\nhost: a\r\ncookie: {crumbs.Replace("|cookie=", "; ", StringComparison.Ordinal)[2..]}\r\n\r\n", text);
    }

    /// <summary>Sizes of everything that can be long, each to the last byte that still fits, in both orders.</summary>
    [Theory]
    [InlineData(":method=GET|:scheme=http|:path=/{0}|:authority=a")]
    [InlineData(":authority=a|:path=/{0}|:method=GET|:scheme=http")]
    [InlineData(":path=/{0}|:method=CONNECT|:protocol=p|:authority=a|:scheme=http")]
    [InlineData(":method={0}|:scheme=http|:path=/|:authority=a")]
    [InlineData(":method=GET|:scheme=http|:path=/|:authority=a|x={0}")]
    [InlineData(":method=GET|:scheme=http|:path=/|:authority=a|{0}=x")]
    [InlineData(":method=GET|:scheme=http|:path=/|:authority=a|cookie={0}")]
    [InlineData(":method=GET|:scheme=http|:path=/|x={0}|host=a")]
    public void TextIsBoundedToTheByte(string format)
    {
        var empty = Decode(1).Text.Length - 1;
        for (var missing = 0; missing < 3; missing++)
        {
            var (status, text, _) = Decode(HeadLimits.MaxBytes - empty - missing);
            Assert.Equal(FieldBlockStatus.Ok, status);
            Assert.Equal(HeadLimits.MaxBytes - missing, text.Length);
            var head = new RequestHead();
            Assert.Equal(ParseStatus.Complete, RequestParser.Parse(System.Text.Encoding.Latin1.GetBytes(text), head));
        }

        for (var more = 1; more < 64; more++)
        {
            Assert.Equal(FieldBlockStatus.TooLarge, Decode(HeadLimits.MaxBytes - empty + more).Status);
        }

        (FieldBlockStatus Status, string Text, RequestKind) Decode(int length) => Blocks.Request(
            new HpackDecoder(), Blocks.Of(format.Replace("{0}", new string('x', length), StringComparison.Ordinal)));
    }

    private static bool IsIn(FieldRuleBytes set, byte b)
    {
        var digit = b is >= (byte)'0' and <= (byte)'9';
        var lower = b is >= (byte)'a' and <= (byte)'z';
        var upper = b is >= (byte)'A' and <= (byte)'Z';
        return set switch
        {
            FieldRuleBytes.Token => digit || lower || upper || "!#$%&'*+-.^_`|~".Contains((char)b, StringComparison.Ordinal),
            FieldRuleBytes.LowerToken => digit || lower || "!#$%&'*+-.^_`|~".Contains((char)b, StringComparison.Ordinal),
            FieldRuleBytes.Target => b is > 0x20 and < 0x7f && !"\"<>#".Contains((char)b, StringComparison.Ordinal),
            FieldRuleBytes.Host => digit || lower || upper || "-._~:".Contains((char)b, StringComparison.Ordinal),
            FieldRuleBytes.Text => b == '\t' || b is >= 0x20 and not 0x7f,
            _ => b is > 0x20 and not 0x7f,
        };
    }
}

/// <summary>The bytes that a position takes.</summary>
public enum FieldRuleBytes
{
    Token,
    LowerToken,
    Target,
    Host,
    Text,
    VisibleText,
}
