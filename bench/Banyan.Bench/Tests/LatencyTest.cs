using Banyan.Bench.Measure;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Tests;

/// <summary>What one hop adds to the time of a request, on a fixed schedule below saturation.</summary>
internal sealed class LatencyTest : BenchTest
{
    private const int Connections = 64, Body = 131;
    private const int KneeRounds = 3;
    private const int QuickRounds = 3, FullRounds = 7, Seconds = 5;

    public override string Name => "latency";

    public override TimeSpan Limit(Options options) => TimeSpan.FromSeconds(options.Quick ? 300 : 900);

    public override IReadOnlyList<Row> Run(BenchRun run)
    {
        var sides = Contest.Start(run, BackendSide.Start(run, addresses: 3), withBare: false);
        var path = MeshResources.PathFor(Body);
        Contest.WarmUp(run, sides, Connections, Body);
        var knee = new PairedRounds(run, sides);
        knee.Run(KneeRounds, run.Options.Seconds, Connections, path);
        return [.. new OpenLoopRounds(run, Name, sides, Connections, path)
            .Run(sides.Min(knee.Rate), run.Options.Quick ? QuickRounds : FullRounds, Seconds)];
    }
}
