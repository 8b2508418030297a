using Google.Protobuf.WellKnownTypes;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads protobuf durations within bounds.</summary>
internal static class Durations
{
    private const int NanosPerTick = 100;

    /// <summary>The duration, or the default when it is not set. Zero is kept when the least is zero.</summary>
    public static TimeSpan Read(
        Duration? duration, TimeSpan unset, TimeSpan least, TimeSpan most, string field, Problems problems)
    {
        if (duration is null)
        {
            return unset;
        }

        if (duration.Seconds < 0 || duration.Nanos < 0 || duration.Seconds > (long)most.TotalSeconds)
        {
            problems.Add(field, $"must be from {least.TotalSeconds} s to {most.TotalSeconds} s");
            return unset;
        }

        var value = TimeSpan.FromTicks((duration.Seconds * TimeSpan.TicksPerSecond) + (duration.Nanos / NanosPerTick));
        problems.AddIf(value < least || value > most, field, $"must be from {least.TotalSeconds} s to {most.TotalSeconds} s");
        return value;
    }
}
