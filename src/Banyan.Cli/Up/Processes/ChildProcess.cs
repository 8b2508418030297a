namespace Banyan.Cli.Up.Processes;

/// <summary>A started program with everything in its session.</summary>
/// <remarks>Owned by its <see cref="Reaper"/>, which alone waits for it and completes <see cref="Exited"/>.</remarks>
internal sealed class ChildProcess(int pid, string name, TimeProvider time)
{
    private readonly TaskCompletionSource<ChildExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _killAfter = long.MaxValue;

    /// <summary>The leader's process number, which is its session's too.</summary>
    public int Pid { get; } = pid;

    public string Name { get; } = name;

    /// <summary>Completes when the leader has ended, all of its session is gone, and its number is free again.</summary>
    public Task<ChildExit> Exited => _exited.Task;

    /// <summary>When, by the clock's timestamp, what remains of the session is killed.</summary>
    internal long KillAfter => Volatile.Read(ref _killAfter);

    /// <summary>Asks the session to end and kills it after <paramref name="grace"/>.</summary>
    public async Task<ChildExit> StopAsync(TimeSpan grace)
    {
        if (!Exited.IsCompleted)
        {
            Volatile.Write(ref _killAfter, time.GetTimestamp() + (long)(grace.TotalSeconds * time.TimestampFrequency));
            Sessions.Signal(Pid, Signals.Terminate);
            try
            {
                return await Exited.WaitAsync(grace, time);
            }
            catch (TimeoutException)
            {
                Kill();
            }
        }

        return await Exited;
    }

    /// <summary>Ends the session at once.</summary>
    public void Kill()
    {
        Volatile.Write(ref _killAfter, 0);
        if (!Exited.IsCompleted)
        {
            Sessions.Signal(Pid, Signals.Kill);
        }
    }

    internal void Complete(ChildExit exit) => _exited.TrySetResult(exit);
}
