using Banyan.Bench.Load;
using Banyan.Bench.Report;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Measure;

/// <summary>Latency of every side on the same schedule, at parts of what the slowest of them can do.</summary>
internal sealed class OpenLoopRounds(BenchRun run, string test, IReadOnlyList<Side> sides, int connections, string path)
{
    private static readonly int[] Parts = [25, 50, 80];

    /// <param name="knee">Requests a second at which the slowest side is saturated.</param>
    /// <param name="rounds">Paired rounds at each part of it.</param>
    /// <param name="seconds">Length of the schedule.</param>
    public IEnumerable<Row> Run(double knee, int rounds, int seconds)
    {
        foreach (var part in Parts)
        {
            var rate = (int)(knee * part / 100);
            List<Dictionary<Side, Latency>> samples = [];
            for (var round = 0; round < rounds; round++)
            {
                samples.Add(PairedRounds.Order(sides, round)
                    .ToDictionary(side => side, side => OpenLoop.Run(run, side.Url, path, connections, rate, seconds)));
                run.Say($"{part} % of the knee, {rate}/s, round {round + 1}: "
                    + string.Join("  ", sides.Select(s => $"{s.Name} p50 {samples[^1][s].P50:0} p99 {samples[^1][s].P99:0} p99.9 {samples[^1][s].P999:0} us")));
            }

            foreach (var row in Rows(samples, part, rate))
            {
                yield return row;
            }
        }
    }

    private IEnumerable<Row> Rows(List<Dictionary<Side, Latency>> samples, int part, int rate)
    {
        (string Name, Func<Latency, double> Of)[] metrics = [("p50", l => l.P50), ("p99", l => l.P99), ("p99.9", l => l.P999), ("max", l => l.Max)];
        var own = sides.Where(s => s is BanyanSide).DefaultIfEmpty(sides[0]).ToList();
        foreach (var side in own)
        {
            foreach (var peer in sides.Except(own))
            {
                foreach (var (name, of) in metrics)
                {
                    var ratio = Interval.Of(samples.Select(s => of(s[side]) / of(s[peer])));
                    yield return new Row
                    {
                        Test = test,
                        Name = side.Name,
                        Peer = peer.Name,
                        PeerVersion = peer.Version,
                        Connections = connections,
                        Rounds = samples.Count,
                        Metric = $"{name} at {part} % of the knee",
                        Value = Math.Round(Interval.MedianOf(samples.Select(s => of(s[side]))), 1),
                        PeerValue = Math.Round(Interval.MedianOf(samples.Select(s => of(s[peer]))), 1),
                        Unit = "us",
                        Ratio = Math.Round(ratio.Median, 3),
                        RatioLow = Math.Round(ratio.Low, 3),
                        RatioHigh = Math.Round(ratio.High, 3),
                        Rate = rate,
                    };
                }
            }
        }
    }
}
