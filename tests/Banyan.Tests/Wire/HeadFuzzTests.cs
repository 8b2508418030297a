using System.Text;
using System.Text.RegularExpressions;
using Banyan.Testing;
using Banyan.Testing.Hostile;
using Banyan.Wire.Http1;
using Xunit;

namespace Banyan.Tests.Wire;

/// <summary>What must hold for any bytes that are given to the HTTP/1 parsers.</summary>
[Trait("Category", "Fuzz")]
public sealed partial class HeadFuzzTests(ITestOutputHelper output)
{
    private const string Token = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";

    [Fact]
    public void VerdictsDoNotDependOnTheSplit() => Fuzz.Bytes(output.WriteLine, HostileMutator.Message, SplitProblem);

    [Fact]
    public void AcceptedRequestsAreValidAndReadBackTheSame() => Fuzz.Bytes(output.WriteLine, HostileMutator.Request, RequestProblem);

    [Fact]
    public void AcceptedChunksAreWhatASimpleReaderReads() => Fuzz.Bytes(output.WriteLine, ChunkedBytes, ChunkProblem);

    private static string? SplitProblem(byte[] bytes)
    {
        foreach (var (response, method) in (ReadOnlySpan<(bool, string)>)[(false, ""), (true, "GET"), (true, "HEAD"), (true, "CONNECT")])
        {
            var whole = Transcript.Of(bytes, response, method, [bytes.Length]);
            if (whole.Contains("threw", StringComparison.Ordinal))
            {
                return whole;
            }

            foreach (var arrivals in (int[][])[[.. Enumerable.Range(0, bytes.Length + 1)], [bytes.Length / 3, bytes.Length / 2, bytes.Length]])
            {
                var split = Transcript.Of(bytes, response, method, arrivals);
                if (split != whole)
                {
                    return $"whole: {whole}\nin {arrivals.Length} pieces: {split}";
                }
            }
        }

        return null;
    }

    private static string? RequestProblem(byte[] bytes)
    {
        var head = new RequestHead();
        if (RequestParser.Parse(bytes, head) != ParseStatus.Complete)
        {
            return null;
        }

        var text = Encoding.Latin1.GetString(bytes, 0, head.Length);
        if (!RequestGrammar().IsMatch(text))
        {
            return "accepted, and does not follow the grammar";
        }

        var lines = text.TrimStart('\r', '\n').Split("\r\n");
        if (Values(lines, "content-length").Count + Values(lines, "transfer-encoding").Count > 1 || Values(lines, "host").Count > 1)
        {
            return "accepted with two fields that frame or route it";
        }

        var first = Describe(head, bytes);
        var again = Encoding.Latin1.GetBytes(Serialise(head, bytes));
        var second = new RequestHead();
        var status = RequestParser.Parse(again, second);
        return status == ParseStatus.Complete && second.Length == again.Length && Describe(second, again) == first
            ? null
            : $"accepted, but written anew it is {status} {second.Reason}:\n{first}\n{Describe(second, again)}";
    }

    private static List<string> Values(string[] lines, string name) =>
        [.. lines.Skip(1).Where(line => line.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))];

    private static string Serialise(RequestHead head, byte[] bytes)
    {
        var text = new StringBuilder();
        text.Append(Show(head.MethodToken(bytes))).Append(' ').Append(Show(head.Target(bytes)));
        text.Append(head.Version == HttpVersion.Http10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
        foreach (ref readonly var line in head.Lines)
        {
            text.Append(Show(line.Name(bytes))).Append(": ").Append(Show(line.Value(bytes))).Append("\r\n");
        }

        return text.Append("\r\n").ToString();
    }

    private static string Describe(RequestHead head, byte[] bytes)
    {
        var text = new StringBuilder();
        text.Append(Show(head.MethodToken(bytes))).Append(' ').Append(Show(head.Target(bytes))).Append(' ').Append(head.Version);
        text.Append(' ').Append(Show(head.Authority(bytes))).Append(' ').Append(head.Port).Append(' ').Append(head.Framing);
        text.Append(' ').Append(head.ContentLength).Append(head.Close).Append(head.Upgrade).Append(head.ExpectContinue).Append(head.TeTrailers);
        foreach (ref readonly var line in head.Lines)
        {
            text.Append('\n').Append(Show(line.Name(bytes))).Append('=').Append(Show(line.Value(bytes)));
            text.Append(line.Known).Append(line.ConnectionNamed);
        }

        return text.ToString();
    }

    private static byte[] ChunkedBytes(Random random)
    {
        while (true)
        {
            var bytes = HostileMutator.Request(random);
            var at = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
            if (at >= 0 && at + 4 < bytes.Length)
            {
                return bytes[(at + 4)..];
            }
        }
    }

    private static string? ChunkProblem(byte[] bytes)
    {
        var body = default(ChunkedBody);
        var data = new StringBuilder();
        var at = 0;
        ChunkStep step;
        do
        {
            step = body.Advance(bytes.AsSpan(at), out var consumed);
            data.Append(step == ChunkStep.Data ? Encoding.Latin1.GetString(bytes, at, consumed) : "");
            at += consumed;
        }
        while (step is ChunkStep.Data or ChunkStep.Framing && at < bytes.Length);
        if (step != ChunkStep.End)
        {
            return null;
        }

        var (simple, end) = ReadSimply(Encoding.Latin1.GetString(bytes));
        return simple == data.ToString() && end == at ? null : $"{at} bytes with \"{data}\", or {end} with \"{simple}\"";
    }

    /// <summary>As lenient as the servers behind a proxy are: a hexadecimal prefix, anything to the LF, so many bytes, a line.</summary>
    private static (string Data, int End) ReadSimply(string text)
    {
        var data = new StringBuilder();
        var at = 0;
        while (true)
        {
            var size = SizeDigits().Match(text, at);
            var length = size.Success ? Convert.ToInt64(size.Value, 16) : -1;
            at = text.IndexOf('\n', at) + 1;
            if (length <= 0)
            {
                break;
            }

            data.Append(text, at, (int)length);
            at = text.IndexOf('\n', at + (int)length) + 1;
        }

        while (text[at..(text.IndexOf('\n', at) + 1)].Trim('\r', '\n').Length > 0)
        {
            at = text.IndexOf('\n', at) + 1;
        }

        return (data.ToString(), text.IndexOf('\n', at) + 1);
    }

    private static string Show(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);

    [GeneratedRegex($@"\A(?:\r\n)?{Token} [\x21-\x7e]+ HTTP/1\.[0-9]\r\n(?:{Token}:[\t\x20-\x7e\x80-\xff]*\r\n)*\r\n\z", RegexOptions.None, 10_000)]
    private static partial Regex RequestGrammar();

    [GeneratedRegex(@"\G[0-9a-fA-F]+", RegexOptions.None, 10_000)]
    private static partial Regex SizeDigits();
}
