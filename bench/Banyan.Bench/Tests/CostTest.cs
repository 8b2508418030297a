using Banyan.Bench.Load;
using Banyan.Bench.Measure;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Tests;

/// <summary>CPU per request of one hop - client, proxy, backend - beside the peers that speak its protocol.</summary>
internal abstract class CostTest : BenchTest
{
    /// <summary>The load that every bound (but those of single loads) is for, and the only one of a quick run.</summary>
    protected abstract LoadShape Gated { get; }

    /// <summary>The loads of a full run, in the order they are measured in.</summary>
    protected abstract LoadShape[] All { get; }

    /// <summary>The loads whose system calls and allocations are counted.</summary>
    protected virtual LoadShape[] Counted => [Gated];

    /// <summary>What the upper end of the interval of the ratio may be at most; null when the row is only printed.</summary>
    protected abstract double? Bound(string row, string peer, LoadShape load);

    public sealed override TimeSpan Limit(Options options) => options is { Quick: true, Rounds: <= 15, Seconds: <= 3, WarmUp: <= 20 }
        ? TimeSpan.FromSeconds(240)
        : TimeSpan.FromSeconds(300 + options.WarmUp + ((All.Length + 2) * 5 * (options.Rounds + 5) * (options.Seconds + 1)));

    public sealed override IReadOnlyList<Row> Run(BenchRun run)
    {
        var loads = run.Options.Quick ? [Gated] : Chosen(run.Options);
        var backend = BackendSide.Start(run, Gated, addresses: 3);
        var sides = Contest.Start(run, Gated.Protocol, backend, onlyGated: run.Options.Quick);
        Contest.WarmUp(run, sides, Gated);
        List<Row> rows = [];
        foreach (var load in loads)
        {
            run.Say(load.Describe());
            var rounds = new PairedRounds(run, sides);
            rounds.Run(run.Options.Rounds, run.Options.Seconds, load);
            rows.AddRange(Compare(rounds, sides, load));
        }

        if (!run.Options.Quick)
        {
            rows.AddRange(AddedLatency(run, sides, backend));
        }

        if (run.Options.Allocations)
        {
            rows.AddRange(sides.OfType<BanyanSide>().SelectMany(side => Counted.SelectMany(load => Allocations.PerRequest(run, Name, side, load))));
        }

        if (run.Options.SystemCalls || !run.Options.Quick)
        {
            rows.AddRange(sides.SelectMany(side => Counted.Select(load => CountCalls(run, side, load))));
        }

        return rows;
    }

    private LoadShape[] Chosen(Options options)
    {
        var chosen = All.Where(load =>
            IsIn(options.Connections, load.Connections) && IsIn(options.Streams, load.Streams) && IsIn(options.Bodies, load.Body)).ToArray();
        return chosen.Length > 0 ? chosen : throw new BenchFailure(
            $"no load of {Name} has what was chosen; there are\n  {string.Join("\n  ", All.Select(load => load.Describe()))}");

        static bool IsIn(IReadOnlySet<int> wanted, int value) => wanted.Count == 0 || wanted.Contains(value);
    }

    /// <summary>Each row of Banyan with each peer; without Banyan the first peer with the others.</summary>
    private IEnumerable<Row> Compare(PairedRounds rounds, List<Side> sides, LoadShape load)
    {
        var own = sides.Where(s => s is BanyanSide).ToList();
        own = own.Count > 0 ? own : [sides[0]];
        foreach (var side in own)
        {
            foreach (var peer in sides.Except(own))
            {
                yield return RatioRow.Of(Name, rounds, side, peer, load, Bound(side.Name, peer.Name, load));
            }
        }
    }

    /// <summary>With one request at a time its time is the inverse of the rate; what the backend alone takes comes off.</summary>
    private IEnumerable<Row> AddedLatency(BenchRun run, List<Side> sides, BackendSide direct)
    {
        run.Say("one request at a time, with and without a proxy");
        var rounds = new PairedRounds(run, [.. sides, direct]);
        rounds.Run(run.Options.Rounds, run.Options.Seconds, Counted[^1] with { Connections = 1, Streams = 1 });
        var alone = 1e6 / rounds.Rate(direct);
        return sides.Select(side => new Row
        {
            Test = Name, Name = side.Name, Metric = "added latency, one connection", Value = Math.Round((1e6 / rounds.Rate(side)) - alone, 1), Unit = "us",
        });
    }

    private Row CountCalls(BenchRun run, Side side, LoadShape load)
    {
        var calls = SystemCalls.Count(run, side, load);
        return new Row
        {
            Test = Name, Name = side.Name, Metric = $"system calls per {load.Per}", Value = Math.Round(calls.PerRequest, 2), Unit = "calls", Detail = calls.Detail,
        };
    }
}
