using Banyan.Cli.Client;
using Banyan.Cli.Commands;
using Banyan.Cli.Up.Processes;

namespace Banyan.Cli.Up;

/// <summary>`up --detach`: starts another `up` in a session of its own and waits until it is ready.</summary>
internal static class DetachedRun
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns when everything is ready, or has failed and was stopped again.</summary>
    public static async Task<int> StartAsync(UpRun run)
    {
        // Mistakes are shown here, before anything goes to the background.
        var plans = run.Plan();
        _ = Programs.Proxy();
        StateLock.Take(run.State).Dispose();
        var time = TimeProvider.System;
        using var signals = new ShutdownSignals();
        using var reaper = new Reaper(time, adoptOrphans: false);
        var child = reaper.Start(
            new SpawnRequest
            {
                Name = "up",
                Command = Programs.Banyan,
                Arguments =
                [
                    "up", .. run.Paths, "--state", run.State.Folder, UpCommand.LogOption, run.State.Log,
                    UpCommand.MtlsOption, run.Mtls ? "on" : "off", .. run.Verbose ? (string[])["--verbose"] : [],
                ],
                Environment = AppEnvironment.Inherited(),
            },
            line => _ = line);
        using var supervisor = new SupervisorClient(run.State);
        var (report, isReady) = await WaitAsync(child, supervisor, UpRun.ReadyLimit(plans), time, signals.Stop);
        if (report is null || !isReady)
        {
            await FailAsync(run, report, supervisor, child);
            return ExitCodes.Failed;
        }

        Announcement.Write(report, run.IsJson);
        if (!run.IsJson)
        {
            await Console.Out.WriteLineAsync($"It runs in the background (pid {child.Pid}, log {run.State.Log}).");
            await Console.Out.WriteLineAsync($"Stop it with: banyan down --state {run.State.Folder}");
        }

        return ExitCodes.Success;
    }

    private static async Task<(MeshReport? Report, bool IsReady)> WaitAsync(
        ChildProcess child, SupervisorClient supervisor, TimeSpan limit, TimeProvider time, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        MeshReport? report = null;
        while (!child.Exited.IsCompleted && time.GetElapsedTime(start) < limit && !stop.IsCancellationRequested)
        {
            report = await supervisor.TryReportAsync(CancellationToken.None) ?? report;
            if (report is { Ready: true } && report.Pid == child.Pid)
            {
                return (report, true);
            }

            await Task.Delay(Pause, time);
        }

        return (report, false);
    }

    private static async Task FailAsync(UpRun run, MeshReport? report, SupervisorClient supervisor, ChildProcess child)
    {
        await Console.Error.WriteLineAsync("banyan: not everything became ready; it is stopped again");
        foreach (var process in report?.Processes.Where(process => process.State != "ready") ?? [])
        {
            await Console.Error.WriteLineAsync($"  {process.Name} is {process.State}: {process.Trouble}");
        }

        await supervisor.TryDownAsync(CancellationToken.None);
        await child.StopAsync(TimeSpan.FromSeconds(60));
        await Console.Error.WriteLineAsync($"The log is {run.State.Log}");
    }
}
