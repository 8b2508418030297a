using System.Globalization;
using Banyan.Proxy.Identity;

namespace Banyan.Proxy.WorkloadApi;

/// <summary>Which processes are the workload's: whoever started the application writes <c>PID START</c> into a file, and all of that
/// process's session are meant.</summary>
/// <remarks>START is the process's start in clock ticks (<c>/proc/PID/stat</c>, field 22): a number that another process has by now
/// proves nothing. The file is read for each caller; it must belong to this user alone.</remarks>
internal sealed class WorkloadProcess(string file)
{
    private const int LongestFile = 64;

    /// <summary>Why the caller is not the workload; empty when it is.</summary>
    /// <param name="caller">Who asks.</param>
    /// <param name="mayChange">It is not known yet which process is meant: a moment later the answer may be another.</param>
    internal string Refuses(Caller caller, out bool mayChange)
    {
        mayChange = true;
        string text;
        try
        {
            if (!File.Exists(file))
            {
                return "it is not known yet which process is the workload's";
            }

            if (!FileOwner.IsOursAlone(file, out var problem))
            {
                return problem;
            }

            text = new FileInfo(file).Length <= LongestFile ? File.ReadAllText(file) : "";
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }

        if (text.Trim().Split(' ') is not [var number, var ticks]
            || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
            || !long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var start))
        {
            return $"{file} does not hold PID START";
        }

        if (Caller.Find(pid) is not { } leader || leader.Start != start)
        {
            return $"the workload's process {pid} has ended";
        }

        mayChange = false;
        return leader.Session == caller.Session ? "" : $"process {caller.Pid} is not of the workload's session {leader.Session}";
    }
}
