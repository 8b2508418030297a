using System.Globalization;
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

    public static double Microseconds(int pid) => Tree(pid).Sum(One);

    private static unsafe double One(int pid)
    {
        var time = stackalloc long[2];
        return Native.ClockGetTime((~pid << 3) | ScheduledTime, time) == 0 ? (time[0] * 1e6) + (time[1] / 1e3) : 0;
    }

    private static IEnumerable<int> Tree(int pid)
    {
        yield return pid;
        var path = $"/proc/{pid}/task/{pid}/children";
        if (!File.Exists(path))
        {
            yield break;
        }

        foreach (var child in File.ReadAllText(path).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            foreach (var below in Tree(int.Parse(child, CultureInfo.InvariantCulture)))
            {
                yield return below;
            }
        }
    }
}
