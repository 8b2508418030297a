using System.Globalization;
using System.Text.RegularExpressions;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>Closed loop load of HTTP/1.1 by wrk: as many requests as the other side takes.</summary>
internal static partial class Wrk
{
    public static LoadResult Run(BenchRun run, string url, int connections, int seconds, Action? meanwhile = null)
    {
        string[] arguments = ["-t1", $"-c{connections}", $"-d{seconds}s", "--timeout", "10s", url];
        var text = Child.Run(run, BenchRun.LoadCpu, "wrk", arguments, TimeSpan.FromSeconds(seconds + 15), meanwhile: meanwhile);
        var done = Completed().Match(text);
        if (!done.Success || text.Contains("Socket errors", StringComparison.Ordinal) || text.Contains("Non-2xx", StringComparison.Ordinal))
        {
            throw new BenchFailure($"requests to {url} failed:\n{text}");
        }

        var requests = long.Parse(done.Groups["requests"].ValueSpan, CultureInfo.InvariantCulture);
        return requests > 0 ? new LoadResult(requests, seconds) : throw new BenchFailure($"{url} answered nothing");
    }

    [GeneratedRegex(@"(?<requests>\d+) requests in", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Completed();
}
