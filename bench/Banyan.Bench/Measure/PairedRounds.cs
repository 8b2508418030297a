using Banyan.Bench.Load;
using Banyan.Bench.Sides;

namespace Banyan.Bench.Measure;

/// <summary>What one side did in one round.</summary>
/// <param name="Requests">Requests that were completed; of messages, megabytes and the like what <see cref="LoadShape.Per"/> says.</param>
/// <param name="CpuMicroseconds">What the side used of its CPU.</param>
/// <param name="Seconds">How long the load lasted.</param>
/// <param name="Idle">The part of that CPU that nobody used: next to nothing when the proxy was what limited the rate.</param>
internal sealed record Sample(double Requests, double CpuMicroseconds, double Seconds, double Idle)
{
    public double PerRequest => CpuMicroseconds / Requests;

    public double Rate => Requests / Seconds;
}

/// <summary>Rounds in which every side carries the same load once, one after the other, on the same CPU.</summary>
internal sealed class PairedRounds(BenchRun run, IReadOnlyList<Side> sides)
{
    private const double StealLimit = 0.01;
    private const int MaxRepeats = 5;
    private const double MostIdle = 0.1;

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

    public void Run(int rounds, int seconds, LoadShape load)
    {
        var repeats = 0;
        for (var round = 0; round < rounds; round++)
        {
            var before = MachineTime.Read();
            var samples = Order(sides, round).ToDictionary(side => side, side => Measure(side, load, seconds));
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

        foreach (var side in sides.Where(side => !load.IsOneAtATime && Idle(side) > MostIdle))
        {
            run.Say($"          {side.Name}: its CPU was idle for {Idle(side):P0} of the time, the load and the backend limited the rate");
        }
    }

    /// <summary>Per-round ratios of one side to another.</summary>
    public Interval Ratio(Side side, Side peer) => Interval.Of(_rounds.Select(r => r[side].PerRequest / r[peer].PerRequest));

    public double PerRequest(Side side) => Interval.MedianOf(_rounds.Select(r => r[side].PerRequest));

    public double Idle(Side side) => Interval.MedianOf(_rounds.Select(r => r[side].Idle));

    public double Rate(Side side) => Interval.MedianOf(_rounds.Select(r => r[side].Rate));

    private Sample Measure(Side side, LoadShape load, int seconds)
    {
        var before = side.Pids.Sum(CpuClock.Microseconds);
        var machine = MachineTime.Read(BenchRun.ProxyCpu);
        var done = load.Run(run, side.Url, seconds);
        var used = side.Pids.Sum(CpuClock.Microseconds) - before;
        var cpu = MachineTime.Read(BenchRun.ProxyCpu) - machine;
        var others = cpu.BusyMicroseconds - used;
        if (others > 0.05 * seconds * 1e6)
        {
            run.Say($"          {side.Name}: other processes took {others / (seconds * 1e6):P0} of the proxy's CPU");
        }

        return new Sample(done.Requests * load.Parts, used, done.Seconds, cpu.IdleShare);
    }
}
