using Banyan.Bench.Load;
using Banyan.Bench.Measure;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Tests;

/// <summary>
/// What mutual TLS costs: a request through two processes that speak it to each other, counted over both; a handshake, whole and resumed, of
/// the one that takes it; and the memory of connections that carry nothing.
/// </summary>
internal sealed class MtlsTest : BenchTest
{
    private const int IdleCount = 1_000;
    private const int MostIdleMegabytes = 40;
    private const double LeastShare = 0.9;
    private static readonly LoadShape Requests = new(Protocol.Http1, Connections: 64, Streams: 1, Body: 131);
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(3);

    public override string Name => "mtls";

    // Three loads of as many sides; a quick run has fewer and shorter rounds of each.
    public override TimeSpan Limit(Options options) => TimeSpan.FromSeconds(
        options is { Quick: true, WarmUp: <= 20 } ? 240 : 120 + (3 * options.WarmUp) + (9 * (options.Rounds + 5) * (options.Seconds + 1)));

    public override IReadOnlyList<Row> Run(BenchRun run)
    {
        var backend = BackendSide.Start(run, Requests, addresses: 1);
        var identities = BenchIdentities.Create(run, "caller", "callee");
        var proxy = Builds.Find(run.Options, Builds.ReadyToRun);
        var pairs = new (string Name, Func<TlsPair> Start)[]
        {
            ("mesh", () => TlsPair.Banyan(run, proxy, identities, backend.Ports[0])),
            ("haproxy", () => TlsPair.Haproxy(run, identities, backend.Ports[0])),
            ("nginx", () => TlsPair.Nginx(run, identities, backend.Ports[0])),
        }.Where(pair => run.Options.Wants(pair.Name)).Select(pair => pair.Start()).ToList();
        if (pairs.Count < 2)
        {
            throw new BenchFailure("--only names less than two of mesh, haproxy, nginx");
        }

        List<Row> rows = [.. Compare(run, pairs, Requests, peer => peer == "nginx" ? 0.9 : 1)];
        foreach (var isResumed in new[] { false, true })
        {
            var sides = pairs.ConvertAll(pair => HandshakeSide.Start(run, pair, identities, isResumed));
            var shape = Requests with { Connections = 16, Handshake = isResumed ? "resumed handshake" : "full handshake" };
            var before = pairs[0].Handshakes?.Invoke();
            rows.AddRange(Compare(run, sides, shape, peer => peer == "haproxy" ? 1 : null));
            Check(before, pairs[0].Handshakes?.Invoke(), isResumed);
            sides.ForEach(side => side.Process.Dispose());
        }

        if (run.Options.Wants("aot"))
        {
            rows.Add(Idle(run, identities, backend));
        }

        return rows;
    }

    /// <summary>What was measured is what the row says: nearly all handshakes were of that sort.</summary>
    private static void Check((double Full, double Resumed)? before, (double Full, double Resumed)? after, bool isResumed)
    {
        if (before is { } from && after is { } to)
        {
            var (full, resumed) = (to.Full - from.Full, to.Resumed - from.Resumed);
            var share = (isResumed ? resumed : full) / (full + resumed);
            if (!(share >= LeastShare))
            {
                throw new BenchFailure($"{full} whole handshakes and {resumed} resumed ones are not what was asked for");
            }
        }
    }

    private static (int Rounds, int Seconds) Length(Options options) =>
        options.Quick ? (Math.Min(options.Rounds, 7), Math.Min(options.Seconds, 2)) : (options.Rounds, options.Seconds);

    private List<Row> Compare(BenchRun run, IReadOnlyList<Side> sides, LoadShape load, Func<string, double?> bound)
    {
        run.Say($"{load.Describe()}, per {load.Per}");
        foreach (var side in sides)
        {
            side.AwaitAnswer(run, load);
            side.WarmUp(run, side is TlsPair { Name: "mesh" } ? run.Options.WarmUp : Math.Min(run.Options.WarmUp, 4), load);
        }

        var rounds = new PairedRounds(run, sides);
        var (count, seconds) = Length(run.Options);
        rounds.Run(count, seconds, load);
        return [.. sides.Skip(1).Select(peer => RatioRow.Of(Name, rounds, sides[0], peer, load, bound(peer.Name)))];
    }

    private Row Idle(BenchRun run, BenchIdentities identities, BackendSide backend)
    {
        var side = BanyanSide.StartSecured(
            run, Builds.Find(run.Options, Builds.AheadOfTime), "callee", port => MeshResources.SecuredCallee(port, backend.Ports[0]), identities);
        using var held = IdleConnections.Open(
            side.Port, identities.Chain("caller"), identities.Key("caller"), "banyan-http/1.1", Requests, IdleCount);
        run.Pause(Settle);
        var megabytes = Memory.Of(side.Pid).Rss / 1e6;
        return new Row
        {
            Test = Name, Name = "aot", Metric = $"{held.Count} idle mTLS connections, RSS", Value = Math.Round(megabytes, 1), Unit = "MB",
            Bound = MostIdleMegabytes, Ok = megabytes <= MostIdleMegabytes,
        };
    }
}
