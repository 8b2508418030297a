using System.Globalization;
using Banyan.Bench.Load;
using Banyan.Bench.Processes;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Measure;

/// <summary>System calls of a side for one request (or what else the cost of the load is for), in all and by name.</summary>
/// <remarks>Counted by strace, which slows the side down: the proxy is saturated, so waits are shared by as many requests as can be.</remarks>
internal sealed record SystemCalls(double PerRequest, string Detail)
{
    private const int Seconds = 2;
    private const double LeastShown = 0.005;

    public static SystemCalls Count(BenchRun run, Side side, LoadShape load)
    {
        var file = Path.Combine(run.Folder, $"strace-{side.Name}.txt");
        var pids = ProcessTree.Of(side.Pid).ToArray();
        string[] arguments = ["-f", "-c", "-o", file, .. pids.SelectMany(pid => new[] { "-p", pid.ToString(CultureInfo.InvariantCulture) })];
        double requests;
        using (var strace = run.Start("strace", BenchRun.ProxyCpu, "strace", arguments))
        {
            run.Await("strace being attached", TimeSpan.FromSeconds(5), strace, () => pids.All(IsTraced));
            requests = load.Run(run, side.Url, Seconds).Requests * load.Parts;
            strace.Stop(Native.Sigint);
        }

        var calls = File.ReadLines(file)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(cells => cells.Length >= 5 && double.TryParse(cells[0], CultureInfo.InvariantCulture, out _) && cells[^1] != "total")
            .Select(cells => (Name: cells[^1], PerRequest: double.Parse(cells[3], CultureInfo.InvariantCulture) / requests))
            .OrderByDescending(call => call.PerRequest)
            .ToList();
        var detail = string.Join(", ", calls.Where(c => c.PerRequest >= LeastShown)
            .Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Name} {c.PerRequest:0.00}")));
        return new SystemCalls(calls.Sum(c => c.PerRequest), detail);
    }

    private static bool IsTraced(int pid) =>
        File.ReadLines($"/proc/{pid}/status").Any(l => l.StartsWith("TracerPid:", StringComparison.Ordinal) && !l.EndsWith("\t0", StringComparison.Ordinal));
}
