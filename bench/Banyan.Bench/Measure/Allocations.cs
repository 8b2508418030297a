using System.Diagnostics;
using System.Text.Json;
using Banyan.Bench.Load;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Measure;

/// <summary>Managed bytes allocated per request in steady state, by the proxy's own counters.</summary>
internal static class Allocations
{
    private const string Counters = "/counters/allocations";
    private const double ReactorBound = 0, ProcessBound = 1;

    // Connections are set up before the first reading and closed after the second.
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2), Window = TimeSpan.FromSeconds(8), After = TimeSpan.FromSeconds(2);

    public static IEnumerable<Row> PerRequest(BenchRun run, string test, BanyanSide side, LoadShape load)
    {
        // What the process allocates without load, answering for its counters included, is taken off.
        var idle = Between(run, side, out _);
        var used = idle;
        var seconds = 0.0;
        var total = Before + Window + After;
        var done = load.Run(run, side.Url, (int)total.TotalSeconds, () =>
        {
            run.Pause(Before);
            used = Between(run, side, out seconds);
        });
        var requests = done.Requests * load.Parts / done.Seconds * seconds;
        yield return Of(test, side, $"{load.Per}, reactors", used.Reactors / requests, ReactorBound, requests);
        yield return Of(test, side, $"{load.Per}, process", (used.Process - idle.Process) / requests, ProcessBound, requests);
    }

    private static Row Of(string test, Side side, string what, double value, double bound, double count) => new()
    {
        Test = test,
        Name = side.Name,
        Metric = $"allocated per {what}",
        Value = Math.Round(value, 4),
        Unit = "bytes",
        Bound = bound,
        Ok = value <= bound,
        Detail = $"over {count:0}",
    };

    private static (double Reactors, double Process) Between(BenchRun run, BanyanSide side, out double seconds)
    {
        var from = Read(side);
        var start = Stopwatch.GetTimestamp();
        run.Pause(Window);
        var to = Read(side);
        seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        return (to.Reactors - from.Reactors, to.Process - from.Process);
    }

    private static (double Reactors, double Process) Read(BanyanSide side)
    {
        var text = side.Admin.Get(Counters)
            ?? throw new BenchFailure($"banyan-proxy does not answer {Counters}:\n{side.Process.Tail()}");
        using var json = JsonDocument.Parse(text);
        return (json.RootElement.GetProperty("reactors").EnumerateArray().Sum(r => r.GetDouble()), json.RootElement.GetProperty("process").GetDouble());
    }
}
