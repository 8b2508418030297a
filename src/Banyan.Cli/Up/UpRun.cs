using Banyan.Cli.Checks;
using Banyan.Cli.Commands;
using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>One `up`, from reading the files to the last process's end.</summary>
internal sealed record UpRun
{
    /// <summary>Beside the longest readiness timeout of the workloads: for the control plane and the sidecars.</summary>
    private static readonly TimeSpan StartAllowance = TimeSpan.FromSeconds(60);

    public required StatePaths State { get; init; }

    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>How long to run once all is ready; nothing means until told to stop.</summary>
    public TimeSpan? For { get; init; }

    public bool Verbose { get; init; }

    /// <summary>Whether sidecars have identities, and call each other by mutual TLS.</summary>
    public bool Mtls { get; init; } = true;

    /// <summary>Where the log goes instead of standard error.</summary>
    public string? LogFile { get; init; }

    /// <summary>Whether standard output gets one JSON object instead of text.</summary>
    public bool IsJson { get; init; }

    /// <summary>Whether to say where everything listens.</summary>
    public bool Announces { get; init; } = true;

    /// <summary>What happens while all is ready, instead of waiting; its result is the exit code.</summary>
    public Func<Supervisor, CancellationToken, Task<int>>? WhileReady { get; init; }

    /// <summary>Reads the files, as far as that can go wrong.</summary>
    /// <exception cref="UserException">They have mistakes.</exception>
    public IReadOnlyList<ProcessPlan> Plan() => Read().Plans;

    private (IReadOnlyList<ProcessPlan> Plans, IReadOnlyList<Check> Checks) Read()
    {
        var set = ConfigFiles.Read(Paths);
        if (set.Problems.Count > 0)
        {
            throw new UserException(string.Join('\n', set.Problems));
        }

        var plans = Planner.Plan(set.Objects);
        List<string> problems =
        [
            .. plans.Select(Planner.Problem).OfType<string>(),
            .. CheckTargets.Problems(set.Objects).Select(problem => $"{problem}"),
        ];
        return problems.Count == 0 ? (plans, [.. set.Objects.OfType<Check>()]) : throw new UserException(string.Join('\n', problems));
    }

    /// <summary>How long everything may take until it is ready.</summary>
    public static TimeSpan ReadyLimit(IReadOnlyList<ProcessPlan> plans) =>
        StartAllowance + plans.Select(plan => plan.Run.Readiness?.Timeout ?? TimeSpan.Zero).DefaultIfEmpty().Max();

    /// <summary>Runs it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        var time = TimeProvider.System;
        var (plans, checks) = Read();
        var options = new SupervisorOptions { State = State, Paths = Paths, ProxyProgram = Programs.Proxy(), Mtls = Mtls, Verbose = Verbose };
        using var signals = new ShutdownSignals();
        await using var file = LogFile is null ? null : new StreamWriter(LogFile, append: false);
        var log = new UpLog(file ?? Console.Error, file is null && UpLog.ErrorHasColours);
        await using var supervisor = await Supervisor.CreateAsync(options, log, time);
        await using var kill = signals.Kill.Register(supervisor.Kill);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(signals.Stop);
        _ = CancelWhenAskedAsync(supervisor, stop);
        var code = ExitCodes.Success;
        try
        {
            await supervisor.StartAsync(plans);
            code = await ServeAsync(supervisor, plans, checks, log, time, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            log.Notice("stopping");
        }

        await supervisor.StopAsync();
        return code;
    }

    private static async Task CancelWhenAskedAsync(Supervisor supervisor, CancellationTokenSource stop)
    {
        await supervisor.DownAsked;
        try
        {
            await stop.CancelAsync();
        }
        catch (ObjectDisposedException)
        {
            // Asked while it was ending anyway.
        }
    }

    private async Task<int> ServeAsync(
        Supervisor supervisor,
        IReadOnlyList<ProcessPlan> plans,
        IReadOnlyList<Check> checks,
        UpLog log,
        TimeProvider time,
        CancellationToken stop)
    {
        var judged = For is not null && WhileReady is null && checks.Count > 0 ? new CheckRun(supervisor, checks, time) : null;
        var missing = await supervisor.WaitReadyAsync(ReadyLimit(plans), stop);
        if (missing.Count > 0)
        {
            log.Notice("not everything is ready:");
            foreach (var line in missing)
            {
                log.Notice($"  {line}");
            }

            if (judged is not null)
            {
                CheckRun.Conclude(await judged.RunAsync(TimeSpan.Zero, stop), IsJson);
            }

            if (For is not null || WhileReady is not null)
            {
                return ExitCodes.Failed;
            }
        }

        // One document on standard output: where checks are judged, it is their result.
        if (Announces && !(IsJson && judged is not null))
        {
            Announcement.Write(supervisor.Report(), IsJson);
        }

        if (WhileReady is not null)
        {
            return await WhileReady(supervisor, stop);
        }

        if (judged is not null)
        {
            return CheckRun.Conclude(await judged.RunAsync(For!.Value, stop), IsJson);
        }

        if (checks.Count > 0)
        {
            log.Notice($"the files hold {checks.Count} checks, which are judged with --for DURATION");
        }

        await Task.Delay(For ?? Timeout.InfiniteTimeSpan, time, stop);
        return ExitCodes.Success;
    }
}
