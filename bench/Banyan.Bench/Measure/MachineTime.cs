using System.Globalization;

namespace Banyan.Bench.Measure;

/// <summary>Where the machine's time went between two readings of /proc/stat, in clock ticks.</summary>
internal sealed record MachineTime(long Total, long Stolen, long Busy)
{
    private const double TicksPerSecond = 100;

    /// <summary>The whole machine, or one CPU of it.</summary>
    public static MachineTime Read(int? cpu = null)
    {
        var name = cpu is null ? "cpu " : $"cpu{cpu} ";
        var line = File.ReadLines("/proc/stat").First(l => l.StartsWith(name, StringComparison.Ordinal));
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ToArray();
        return new MachineTime(ticks.Sum(), ticks[7], ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]);
    }

    public static MachineTime operator -(MachineTime later, MachineTime earlier) =>
        new(later.Total - earlier.Total, later.Stolen - earlier.Stolen, later.Busy - earlier.Busy);

    /// <summary>The part that the hypervisor gave to somebody else.</summary>
    public double StolenShare => Total == 0 ? 0 : (double)Stolen / Total;

    /// <summary>The part that nobody used.</summary>
    public double IdleShare => Total == 0 ? 0 : (double)(Total - Busy - Stolen) / Total;

    public double BusyMicroseconds => Busy / TicksPerSecond * 1e6;
}
