using Banyan.Bench.Load;
using Banyan.Bench.Measure;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Tests;

/// <summary>What the way between two sidecars costs both of them together: each request on a connection of its own, requests that
/// share connections of HTTP/2, and the choice between them by load.</summary>
internal sealed class PairTest : BenchTest
{
    private static readonly string[] Ways = ["http1", "http2", "adaptive"];
    private static readonly int[] All = [1, 2, 3, 4, 6, 8, 16, 64, 256];
    private static readonly int[] Gated = [1, 64];

    public override string Name => "pair";

    public override TimeSpan Limit(Options options) =>
        TimeSpan.FromSeconds(120 + (Ways.Length * (options.WarmUp + (All.Length * (options.Rounds + 5) * (options.Seconds + 1)))));

    public override IReadOnlyList<Row> Run(BenchRun run)
    {
        var small = Load(1);
        var backend = BackendSide.Start(run, small, addresses: 1);
        var proxy = Builds.Find(run.Options, Builds.ReadyToRun);
        var sides = Ways.Select(way => (Side)PairSide.Start(run, proxy, backend, way)).ToList();
        foreach (var side in sides)
        {
            side.AwaitAnswer(run, small);
            side.WarmUp(run, run.Options.WarmUp, Load(64));
        }

        List<Row> rows = [];
        foreach (var connections in run.Options.Quick ? Gated : All.Where(c => run.Options.Connections.Count == 0 || run.Options.Connections.Contains(c)))
        {
            var load = Load(connections);
            run.Say(load.Describe());
            var rounds = new PairedRounds(run, sides);
            rounds.Run(run.Options.Rounds, run.Options.Seconds, load);
            rows.AddRange(sides.Skip(1).Select(side => RatioRow.Of(Name, rounds, side, sides[0], load)));
        }

        return rows;
    }

    private static LoadShape Load(int connections) => new(Protocol.Http1, connections, Streams: 1, Body: 131);
}
