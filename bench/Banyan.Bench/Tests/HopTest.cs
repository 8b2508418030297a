using Banyan.Bench.Measure;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Tests;

/// <summary>One HTTP/1.1 hop: client, proxy, backend.</summary>
internal sealed class HopTest : BenchTest
{
    private const int Connections = 64;
    private const int Body = 131;
    private const int PeerWarmUp = 2;

    public override string Name => "hop";

    public override TimeSpan Limit(Options options) => TimeSpan.FromSeconds(options.Quick ? 240 : 3600);

    public override IReadOnlyList<Row> Run(BenchRun run)
    {
        var backend = BackendSide.Start(run, addresses: 3);
        List<Side> sides = [];
        if (run.Options.Wants("haproxy"))
        {
            sides.Add(HaproxySide.Start(run, backend.Ports[0]));
        }

        if (run.Options.Wants("nginx"))
        {
            sides.Add(NginxSide.Start(run, backend.Ports[0]));
        }

        var path = $"/{Body}";
        foreach (var side in sides)
        {
            side.AwaitAnswer(run, path, Body);
            side.WarmUp(run, PeerWarmUp, Connections, path);
        }

        var rounds = new PairedRounds(run, sides);
        rounds.Run(run.Options.Rounds, run.Options.Seconds, Connections, path);
        return [.. sides.Skip(1).Select(peer => Row(rounds, sides[0], peer))];
    }

    private static Row Row(PairedRounds rounds, Side side, Side peer)
    {
        var ratio = rounds.Ratio(side, peer);
        return new Row
        {
            Test = "hop",
            Name = side.Name,
            Peer = peer.Name,
            PeerVersion = peer.Version,
            Connections = Connections,
            BodyBytes = Body,
            Rounds = rounds.Count,
            CpuUs = Math.Round(rounds.PerRequest(side), 2),
            PeerCpuUs = Math.Round(rounds.PerRequest(peer), 2),
            Ratio = Math.Round(ratio.Median, 3),
            RatioLow = Math.Round(ratio.Low, 3),
            RatioHigh = Math.Round(ratio.High, 3),
            Rate = Math.Round(rounds.Rate(side)),
            PeerRate = Math.Round(rounds.Rate(peer)),
            Noisy = rounds.Noisy ? true : null,
        };
    }
}
