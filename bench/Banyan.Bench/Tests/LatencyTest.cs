using Banyan.Bench.Load;
using Banyan.Bench.Measure;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Tests;

/// <summary>What one hop adds to the time of a request, on a fixed schedule below saturation.</summary>
internal sealed class LatencyTest : BenchTest
{
    private static readonly LoadShape Load = new(Protocol.Http1, Connections: 64, Streams: 1, Body: 131);
    private const int KneeRounds = 3;
    private const int QuickRounds = 3, FullRounds = 7, Seconds = 5;

    public override string Name => "latency";

    public override TimeSpan Limit(Options options) => TimeSpan.FromSeconds(options.Quick ? 300 : 900);

    public override IReadOnlyList<Row> Run(BenchRun run)
    {
        var sides = Contest.Start(run, Load.Protocol, BackendSide.Start(run, Load, addresses: 3), onlyGated: true);
        Contest.WarmUp(run, sides, Load);
        var knee = new PairedRounds(run, sides);
        knee.Run(KneeRounds, run.Options.Seconds, Load);
        return [.. new OpenLoopRounds(run, Name, sides, Load.Connections, Load.Path)
            .Run(sides.Min(knee.Rate), run.Options.Quick ? QuickRounds : FullRounds, Seconds)];
    }
}
