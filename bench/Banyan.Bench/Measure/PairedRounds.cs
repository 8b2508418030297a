using Banyan.Bench.Load;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Measure;

/// <summary>What one side did in one round.</summary>
internal sealed record Sample(long Requests, double CpuMicroseconds, double Seconds)
{
    public double PerRequest => CpuMicroseconds / Requests;

    public double Rate => Requests / Seconds;
}

/// <summary>Rounds in which every side carries the same load once, one after the other, on the same CPU.</summary>
internal sealed class PairedRounds(BenchRun run, IReadOnlyList<Side> sides)
{
    private const double StealLimit = 0.01;
    private const int MaxRepeats = 5;

    private readonly List<IReadOnlyDictionary<Side, Sample>> _rounds = [];

    /// <summary>Time was stolen in more rounds than may be repeated: the figures carry no verdict.</summary>
    public bool Noisy { get; private set; }

    public int Count => _rounds.Count;

    /// <summary>A B B A for two sides; for more, every order comes equally often.</summary>
    public static IEnumerable<Side> Order(IReadOnlyList<Side> sides, int round)
    {
        var turn = round / 2 % sides.Count;
        var order = sides.Skip(turn).Concat(sides.Take(turn));
        return round % 2 == 0 ? order : order.Reverse();
    }

    public void Run(int rounds, int seconds, int connections, string path)
    {
        var repeats = 0;
        for (var round = 0; round < rounds; round++)
        {
            var before = MachineTime.Read();
            var samples = Order(sides, round).ToDictionary(side => side, side => Measure(side, connections, seconds, path));
            var stolen = (MachineTime.Read() - before).StolenShare;
            run.Say($"round {round + 1,2}: {string.Join("  ", sides.Select(s => $"{s.Name} {samples[s].PerRequest:0.00} us ({samples[s].Rate:0}/s)"))}"
                + (stolen > StealLimit ? $"  stolen {stolen:P1}" : ""));
            if (stolen > StealLimit && repeats < MaxRepeats)
            {
                repeats++;
                round--;
                continue;
            }

            Noisy |= stolen > StealLimit;
            _rounds.Add(samples);
        }
    }

    /// <summary>Per-round ratios of one side to another.</summary>
    public Interval Ratio(Side side, Side peer) => Interval.Of(_rounds.Select(r => r[side].PerRequest / r[peer].PerRequest));

    public double PerRequest(Side side) => Interval.MedianOf(_rounds.Select(r => r[side].PerRequest));

    public double Rate(Side side) => Interval.MedianOf(_rounds.Select(r => r[side].Rate));

    private Sample Measure(Side side, int connections, int seconds, string path)
    {
        var before = CpuClock.Microseconds(side.Pid);
        var machine = MachineTime.Read(BenchRun.ProxyCpu);
        var load = Wrk.Run(run, side.Url + path, connections, seconds);
        var used = CpuClock.Microseconds(side.Pid) - before;
        var others = (MachineTime.Read(BenchRun.ProxyCpu) - machine).BusyMicroseconds - used;
        if (others > 0.05 * seconds * 1e6)
        {
            run.Say($"          {side.Name}: other processes took {others / (seconds * 1e6):P0} of the proxy's CPU");
        }

        return new Sample(load.Requests, used, load.Seconds);
    }
}
