using System.Text.Json;
using Banyan.Bench.Load;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Measure;

/// <summary>Managed bytes allocated per request in steady state, by the proxy's own counters.</summary>
internal static class Allocations
{
    private const int Seconds = 5;
    private const string Counters = "/counters/allocations";

    /// <summary>One row for each counter, over at least 100,000 requests where the machine manages that in the time.</summary>
    public static IEnumerable<Row> PerRequest(BenchRun run, BanyanSide side, LoadShape load)
    {
        // What the process does without load is measured too and taken off.
        var idleFrom = Read(side);
        run.Pause(TimeSpan.FromSeconds(Seconds));
        var from = Read(side);
        var requests = Wrk.Run(run, side.Url + MeshResources.PathFor(load.Body), load.Connections, Seconds).Requests;
        var to = Read(side);
        return from.Keys.Select(name => new Row
        {
            Test = "hop",
            Name = side.Name,
            Metric = $"allocated per request: {name}",
            Value = Math.Round((to[name] - from[name] - (from[name] - idleFrom[name])) / requests, 4),
            Unit = "bytes",
            Detail = $"{requests} requests",
        });
    }

    private static Dictionary<string, double> Read(BanyanSide side)
    {
        var text = side.Admin.Get(Counters)
            ?? throw new BenchFailure($"banyan-proxy does not answer {Counters}:\n{side.Process.Tail()}");
        using var json = JsonDocument.Parse(text);
        return json.RootElement.EnumerateObject()
            .Where(p => p.Value.ValueKind == JsonValueKind.Number)
            .ToDictionary(p => p.Name, p => p.Value.GetDouble(), StringComparer.Ordinal);
    }
}
