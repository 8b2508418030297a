using Banyan.Bench.Processes;

namespace Banyan.Bench.Measure;

/// <summary>User and system time of a process and its descendants, to the nanosecond.</summary>
/// <remarks>
/// The process clock counts what schedstat counts, for every thread, those that ended included: a runtime's own
/// threads come and go.
/// </remarks>
internal static class CpuClock
{
    private const int ScheduledTime = 2;

    public static double Microseconds(int pid) => ProcessTree.Of(pid).Sum(One);

    private static unsafe double One(int pid)
    {
        var time = stackalloc long[2];
        return Native.ClockGetTime((~pid << 3) | ScheduledTime, time) == 0 ? (time[0] * 1e6) + (time[1] / 1e3) : 0;
    }
}
