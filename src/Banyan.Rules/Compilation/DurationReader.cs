using Google.Protobuf.WellKnownTypes;

namespace Banyan.Rules.Compilation;

/// <summary>Reads durations without trusting them.</summary>
internal static class DurationReader
{
    private const long TicksPerSecond = TimeSpan.TicksPerSecond;

    /// <summary>The duration, or <paramref name="absent"/> when there is none or it is refused.</summary>
    public static TimeSpan Read(Duration? duration, TimeSpan absent, CompileErrors errors, string at)
    {
        if (duration is null)
        {
            return absent;
        }

        var limit = (long)RouteLimits.Timeout.TotalSeconds;
        if (duration.Seconds < 0 || duration.Nanos < 0 || duration.Seconds > limit || duration.Nanos > 999_999_999)
        {
            errors.Add(at, $"must be from 0 to {RouteLimits.Timeout.TotalDays:0} days");
            return absent;
        }

        // Less than a tick must not become zero, which means "none".
        return new TimeSpan((duration.Seconds * TicksPerSecond) + ((duration.Nanos + 99) / 100));
    }
}
