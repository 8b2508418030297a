using System.Diagnostics;
using Banyan.Bench.Load;
using Banyan.Bench.Measure;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Tests;

/// <summary>Resident memory and start time of each build of the proxy, with the resources of the `mesh` row.</summary>
/// <remarks>MB are millions of bytes. PSS depends on what else maps the same files at the time.</remarks>
internal sealed class MemoryTest : BenchTest
{
    private const int Starts = 5;
    private static readonly LoadShape Shape = new(Protocol.Http1, Connections: 64, Streams: 1, Body: 131);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    public override string Name => "memory";

    public override TimeSpan Limit(Options options) => TimeSpan.FromSeconds(options.Quick ? 240 : 600);

    public override IReadOnlyList<Row> Run(BenchRun run)
    {
        var backend = BackendSide.Start(run, Shape, addresses: 3);
        List<Row> rows = [];
        foreach (var build in new[] { Builds.Jit, Builds.ReadyToRun, Builds.AheadOfTime }.Where(run.Options.Wants))
        {
            rows.AddRange(Measure(run, build, Builds.Find(run.Options, build), backend));
        }

        foreach (var peer in new[] { "haproxy", "nginx" }.Where(run.Options.Wants))
        {
            Side side = peer == "haproxy" ? HaproxySide.Start(run, Shape.Protocol, backend.Ports[0]) : NginxSide.Start(run, Shape.Protocol, backend.Ports[0]);
            rows.AddRange(Held(run, side));
        }

        return rows;
    }

    private static List<Row> Measure(BenchRun run, string build, string proxy, BackendSide backend)
    {
        List<double> starts = [];
        BanyanSide? side = null;
        for (var i = 0; i < Starts; i++)
        {
            side?.Process.Dispose();
            var start = Stopwatch.GetTimestamp();
            side = BanyanSide.StartMesh(run, proxy, Shape.Protocol, backend, build);
            side.AwaitReady(run);
            starts.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        var rows = Held(run, side!);
        rows.Insert(0, Single(build, "start to ready", Interval.MedianOf(starts), "ms", Bound(build, "start to ready")));
        side!.Process.Dispose();
        return rows;
    }

    private static List<Row> Held(BenchRun run, Side side)
    {
        var seconds = run.Options.Quick ? 10 : 60;
        run.Pause(Settle);
        var idle = Memory.Of(side.Pid);
        side.AwaitAnswer(run, Shape);
        side.WarmUp(run, seconds, Shape);
        run.Pause(Settle);
        var loaded = Memory.Of(side.Pid);
        run.Say($"{side.Name}: idle {idle}, after {seconds} s of load {loaded}");
        return [.. Rows(side.Name, "idle", idle), .. Rows(side.Name, $"after {seconds} s of load", loaded)];
    }

    private static IEnumerable<Row> Rows(string side, string when, Memory memory)
    {
        yield return Size(side, $"{when}, RSS", memory.Rss);
        yield return Size(side, $"{when}, PSS", memory.Pss);
        yield return Size(side, $"{when}, RssAnon", memory.Anonymous);
    }

    private static Row Size(string side, string metric, long bytes) => Single(side, metric, bytes / 1e6, "MB", Bound(side, metric));

    private static Row Single(string side, string metric, double value, string unit, double? bound) => new()
    {
        Test = "memory", Name = side, Metric = metric, Value = Math.Round(value, 1), Unit = unit, Bound = bound, Ok = bound is null ? null : value <= bound,
    };

    private static double? Bound(string build, string metric) => (build, metric) switch
    {
        (Builds.AheadOfTime, "idle, RSS") => 12,
        (Builds.Jit, "idle, RSS") => 60,
        (Builds.Jit, "idle, RssAnon") => 12,
        (Builds.AheadOfTime, "start to ready") => 50,
        (Builds.ReadyToRun, "start to ready") => 250,
        _ => null,
    };
}
