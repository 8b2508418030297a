namespace Banyan.Cli.Up.Processes;

/// <summary>Signals whole sessions: the leader's process group, and members that made groups of their own.</summary>
internal static class Sessions
{
    /// <summary>The variable by which everything a supervisor started is known, even when it left its session.</summary>
    public const string Marker = "BANYAN_SUPERVISOR";

    /// <summary>Sends a signal to every living process of a session.</summary>
    /// <remarks>The leader must not have been collected yet: until then nobody else can get its number.</remarks>
    public static void Signal(int session, int signal)
    {
        _ = Libc.Kill(-session, signal);
        foreach (var entry in ProcessTable.Read())
        {
            if (entry.Session == session && entry.Group != session && !entry.IsDead)
            {
                _ = Libc.Kill(entry.Pid, signal);
            }
        }
    }

    /// <summary>Whether anything of the session still runs.</summary>
    public static bool IsAlive(int session) =>
        ProcessTable.Read().Exists(entry => entry.Session == session && !entry.IsDead);

    /// <summary>
    /// The living processes that belong to any of the sessions or carry the marker, this process excepted.
    /// </summary>
    public static List<ProcessEntry> Members(IReadOnlySet<int> sessions, string? marker) =>
        ProcessTable.Read().FindAll(entry =>
            !entry.IsDead
            && entry.Pid != Environment.ProcessId
            && (sessions.Contains(entry.Session)
                || (marker is not null && ProcessTable.HasVariable(entry.Pid, Marker, marker))));

    /// <summary>Kills until nothing is left or the deadline has passed; processes may fork while they are hunted.</summary>
    /// <returns>What could not be killed.</returns>
    public static async Task<IReadOnlyList<ProcessEntry>> KillAllAsync(
        IReadOnlySet<int> sessions, string? marker, TimeProvider time, TimeSpan deadline)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            var members = Members(sessions, marker);
            if (members.Count == 0 || time.GetElapsedTime(start) > deadline)
            {
                return members;
            }

            foreach (var entry in members)
            {
                _ = Libc.Kill(entry.Pid, Signals.Kill);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(10), time);
        }
    }
}
