using System.Globalization;
using System.Text.RegularExpressions;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>Closed loop load of HTTP/2 and gRPC by h2load: every stream that ends makes room for the next one.</summary>
internal static partial class H2Load
{
    public static LoadResult Run(BenchRun run, string url, LoadShape load, int seconds, Action? meanwhile = null)
    {
        string[] request = load.Protocol == Protocol.Grpc
            ? ["-H", $"content-type: {GrpcMessage.ContentType}", "-H", "te: trailers", "-d", MessageFile(run, load.AskedBytes)]
            : [];
        string[] arguments = ["-t1", $"-c{load.Connections}", $"-m{load.Streams}", $"-D{seconds}", .. request, url];
        var text = Child.Run(run, BenchRun.LoadCpu, "h2load", arguments, TimeSpan.FromSeconds(seconds + 15), meanwhile: meanwhile);
        return Read(text, load) ?? throw new BenchFailure($"requests to {url} failed:\n{text}");
    }

    /// <summary>What the generator printed, or null when anything in it did not go as it should.</summary>
    /// <remarks>
    /// A gRPC error without a message is a 200 for h2load: the bytes of the bodies have to add up too. Requests that
    /// are under way at the end are neither done nor failed, though the code and the body may have been counted already;
    /// there are never more of them than streams.
    /// </remarks>
    public static LoadResult? Read(string text, LoadShape load)
    {
        var (requests, codes, body, time) = (Requests().Match(text), Codes().Match(text), Body().Match(text), Time().Match(text));
        if (!requests.Success || !codes.Success || !body.Success || !time.Success)
        {
            return null;
        }

        var done = Number(requests, "done");
        var isWhole = done > 0
            && Number(requests, "succeeded") == done
            && Number(requests, "failed") + Number(requests, "errored") + Number(requests, "late") == 0
            && Number(requests, "started") - done <= load.Connections * load.Streams
            && Number(codes, "good") >= done
            && Number(codes, "moved") + Number(codes, "refused") + Number(codes, "broken") == 0
            && Number(body, "bytes") >= done * load.AnswerBytes;
        return isWhole ? new LoadResult(done, double.Parse(time.Groups["seconds"].ValueSpan, CultureInfo.InvariantCulture) * Unit(time)) : null;
    }

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    private static double Unit(Match time) => time.Groups["unit"].Value switch { "us" => 1e-6, "ms" => 1e-3, _ => 1 };

    private static string MessageFile(BenchRun run, int size)
    {
        var file = Path.Combine(run.Folder, $"message-{size}");
        if (!File.Exists(file))
        {
            File.WriteAllBytes(file, GrpcMessage.OfSize(size));
        }

        return file;
    }

    [GeneratedRegex(
        @"^requests: \d+ total, (?<started>\d+) started, (?<done>\d+) done, (?<succeeded>\d+) succeeded, "
            + @"(?<failed>\d+) failed, (?<errored>\d+) errored, (?<late>\d+) timeout",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Requests();

    [GeneratedRegex(
        @"^status codes: (?<good>\d+) 2xx, (?<moved>\d+) 3xx, (?<refused>\d+) 4xx, (?<broken>\d+) 5xx",
        RegexOptions.ExplicitCapture | RegexOptions.Multiline,
        matchTimeoutMilliseconds: 1000)]
    private static partial Regex Codes();

    [GeneratedRegex(@"^traffic: .*\((?<bytes>\d+)\) data", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Body();

    [GeneratedRegex(@"^finished in (?<seconds>[\d.]+)(?<unit>us|ms|s)", RegexOptions.ExplicitCapture | RegexOptions.Multiline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Time();
}
