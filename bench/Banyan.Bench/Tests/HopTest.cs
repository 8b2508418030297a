using Banyan.Bench.Load;
using Banyan.Bench.Measure;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Tests;

/// <summary>One HTTP/1.1 hop: client, proxy, backend.</summary>
internal sealed class HopTest : BenchTest
{
    private const int Large = 1_000_000;
    private static readonly LoadShape Gated = new(64, 131);

    // A run of large bodies over many connections would end with a tenth of them under way, so there is none.
    private static readonly LoadShape[] All =
        [Gated, new(1, 131), new(512, 131), new(1, 16_384), new(64, 16_384), new(512, 16_384), new(1, Large), new(64, Large)];

    public override string Name => "hop";

    public override TimeSpan Limit(Options options) => options is { Quick: true, Rounds: <= 15, Seconds: <= 3, WarmUp: <= 20 }
        ? TimeSpan.FromSeconds(240)
        : TimeSpan.FromSeconds(300 + options.WarmUp + ((All.Length + 2) * 5 * (options.Rounds + 5) * (options.Seconds + 1)));

    public override IReadOnlyList<Row> Run(BenchRun run)
    {
        var backend = BackendSide.Start(run, addresses: 3);
        var sides = Contest.Start(run, backend, withBare: !run.Options.Quick);
        Contest.WarmUp(run, sides, Gated.Connections, Gated.Body);
        List<Row> rows = [];
        foreach (var load in run.Options.Quick ? [Gated] : Chosen(run.Options))
        {
            run.Say($"{load.Connections} connections, bodies of {load.Body} bytes");
            var rounds = new PairedRounds(run, sides);
            rounds.Run(run.Options.Rounds, run.Options.Seconds, load.Connections, MeshResources.PathFor(load.Body));
            rows.AddRange(Compare(rounds, sides, load));
        }

        if (!run.Options.Quick)
        {
            rows.AddRange(AddedLatency(run, sides, backend));
        }

        if (run.Options.Allocations)
        {
            rows.AddRange(sides.OfType<BanyanSide>().SelectMany(side => Allocations.PerRequest(run, side, Gated)));
        }

        if (run.Options.SystemCalls || !run.Options.Quick)
        {
            rows.AddRange(sides.Select(side => CountCalls(run, side)));
        }

        return rows;
    }

    private static LoadShape[] Chosen(Options options)
    {
        var chosen = All.Where(load => IsIn(options.Connections, load.Connections) && IsIn(options.Bodies, load.Body)).ToArray();
        return chosen.Length > 0 ? chosen : throw new BenchFailure(
            "no load has these --connections and --body; there are "
            + string.Join(", ", All.Select(load => $"{load.Connections} x {load.Body}")));

        static bool IsIn(IReadOnlySet<int> wanted, int value) => wanted.Count == 0 || wanted.Contains(value);
    }

    /// <summary>Each row of Banyan with each peer; without Banyan the first peer with the others.</summary>
    private static IEnumerable<Row> Compare(PairedRounds rounds, List<Side> sides, LoadShape load)
    {
        var own = sides.Where(s => s is BanyanSide).ToList();
        own = own.Count > 0 ? own : [sides[0]];
        foreach (var side in own)
        {
            foreach (var peer in sides.Except(own))
            {
                yield return Compare(rounds, side, peer, load);
            }
        }
    }

    private static Row Compare(PairedRounds rounds, Side side, Side peer, LoadShape load)
    {
        var ratio = rounds.Ratio(side, peer);
        var bound = Bound(side, peer, load);
        return new Row
        {
            Test = "hop",
            Name = side.Name,
            Peer = peer.Name,
            PeerVersion = peer.Version,
            Connections = load.Connections,
            BodyBytes = load.Body,
            Rounds = rounds.Count,
            CpuUs = Math.Round(rounds.PerRequest(side), 2),
            PeerCpuUs = Math.Round(rounds.PerRequest(peer), 2),
            Ratio = Math.Round(ratio.Median, 3),
            RatioLow = Math.Round(ratio.Low, 3),
            RatioHigh = Math.Round(ratio.High, 3),
            Rate = Math.Round(rounds.Rate(side)),
            PeerRate = Math.Round(rounds.Rate(peer)),
            Bound = bound,
            Ok = bound is null || rounds.Noisy ? null : ratio.High <= bound,
            Noisy = rounds.Noisy ? true : null,
            Resources = side.Resources,
        };
    }

    private static double? Bound(Side side, Side peer, LoadShape load) => (side.Name, peer.Name) switch
    {
        ("mesh", "haproxy") when load == Gated => 0.95,
        ("mesh", "nginx") when load == Gated => 1.00,
        ("mesh", "haproxy") when load is { Connections: 64, Body: Large } => 1.10,
        _ => null,
    };

    /// <summary>With one connection the time of a request is the inverse of the rate; what the backend alone takes comes off.</summary>
    private static IEnumerable<Row> AddedLatency(BenchRun run, List<Side> sides, BackendSide direct)
    {
        run.Say("1 connection, with and without a proxy");
        var rounds = new PairedRounds(run, [.. sides, direct]);
        rounds.Run(run.Options.Rounds, run.Options.Seconds, connections: 1, MeshResources.PathFor(Gated.Body));
        var alone = 1e6 / rounds.Rate(direct);
        return sides.Select(side => new Row
        {
            Test = "hop", Name = side.Name, Metric = "added latency, one connection", Value = Math.Round((1e6 / rounds.Rate(side)) - alone, 1), Unit = "us",
        });
    }

    private static Row CountCalls(BenchRun run, Side side)
    {
        var calls = SystemCalls.Count(run, side, Gated.Connections, MeshResources.PathFor(Gated.Body));
        return new Row
        {
            Test = "hop", Name = side.Name, Metric = "system calls per request", Value = Math.Round(calls.PerRequest, 2), Unit = "calls", Detail = calls.Detail,
        };
    }
}
