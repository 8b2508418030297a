using Banyan.Cli.Up.Processes;

namespace Banyan.Cli.Up;

/// <summary>A process that is started again when it ends, with growing waits, until it is told to stop.</summary>
/// <remarks>One loop owns the child; <see cref="Start"/> and <see cref="StopAsync"/> are called by one owner, in turn.</remarks>
internal sealed class SupervisedProcess(ProcessSpec spec, Reaper reaper, UpLog log, Random random, TimeProvider time)
{
    private static readonly TimeSpan ProbePause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan HungGrace = TimeSpan.FromSeconds(5);

    private readonly Backoff _backoff = new(random);
    private CancellationTokenSource _stop = new();
    private TaskCompletionSource _ready = NewSignal();
    private Task _loop = Task.CompletedTask;
    private volatile ChildProcess? _child;

    /// <summary>Raised after every change of <see cref="State"/>, by the loop.</summary>
    public event Action? Changed;

    public string Name => spec.Name;

    public ProcessState State { get; private set; }

    public int? Pid => _child is { Exited.IsCompleted: false } child ? child.Pid : null;

    /// <summary>Starts after the first.</summary>
    public int Restarts { get; private set; }

    /// <summary>Why it last ended or could not be started; nothing while all is well.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Completes at the first readiness since the last <see cref="Start"/>.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Begins to keep it running.</summary>
    public void Start()
    {
        _stop = new CancellationTokenSource();
        _ready = NewSignal();
        _loop = RunAsync(_stop.Token);
    }

    /// <summary>Ends the loop, then the process and its session; killed after <paramref name="grace"/>.</summary>
    public async Task StopAsync(TimeSpan grace)
    {
        await _stop.CancelAsync();
        await _loop;
        if (_child is { } child)
        {
            Set(ProcessState.Stopping);
            await child.StopAsync(grace);
            _child = null;
        }

        Set(ProcessState.Stopped);
    }

    /// <summary>Ends it without waiting for anything.</summary>
    public void Kill()
    {
        _stop.Cancel();
        _child?.Kill();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync(CancellationToken stop)
    {
        // Off the caller's stack: a program that cannot be started must not recurse into its owner.
        await Task.Yield();
        for (var first = true; !stop.IsCancellationRequested; first = false)
        {
            Restarts += first ? 0 : 1;
            var readyFor = TimeSpan.Zero;
            try
            {
                Set(ProcessState.Starting);
                await spec.Prepare(stop);
                _child = reaper.Start(spec.Request(), OnLine);
                spec.Started(_child.Pid);
                if (await BecomesReadyAsync(_child, stop))
                {
                    readyFor = await ServesAsync(_child, stop);
                }

                if (stop.IsCancellationRequested)
                {
                    return;
                }

                Trouble = (await _child.Exited).ToString();
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (
                exception is SpawnException or UserException or IOException or UnauthorizedAccessException)
            {
                Trouble = exception.Message;
            }

            await WaitAsync(_backoff.Next(readyFor), stop);
        }
    }

    private async Task<bool> BecomesReadyAsync(ChildProcess child, CancellationToken stop)
    {
        var start = time.GetTimestamp();
        var limit = spec.ReadyTimeout();
        var missing = "";
        while (!stop.IsCancellationRequested && !child.Exited.IsCompleted)
        {
            if (time.GetElapsedTime(start) > limit)
            {
                log.Notice($"{Name} is not ready after {limit.TotalSeconds:0.#} s: {missing}");
                await child.StopAsync(HungGrace);
                return false;
            }

            missing = await spec.Probe(stop);
            if (missing is null && !child.Exited.IsCompleted)
            {
                return true;
            }

            await PauseAsync(ProbePause, stop);
        }

        return false;
    }

    private async Task<TimeSpan> ServesAsync(ChildProcess child, CancellationToken stop)
    {
        var since = time.GetTimestamp();
        Trouble = null;
        Set(ProcessState.Ready);
        _ready.TrySetResult();
        try
        {
            await child.Exited.WaitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            // Told to stop: the child is ended by StopAsync.
        }

        return time.GetElapsedTime(since);
    }

    private async Task WaitAsync(TimeSpan pause, CancellationToken stop)
    {
        if (stop.IsCancellationRequested)
        {
            return;
        }

        Set(ProcessState.Waiting);
        log.Notice($"{Name} {Trouble}; started again in {pause.TotalSeconds:0.0} s");
        await PauseAsync(pause, stop);
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken stop)
    {
        try
        {
            await Task.Delay(pause, time, stop);
        }
        catch (OperationCanceledException)
        {
            // The loop's condition sees it.
        }
    }

    private void OnLine(string line)
    {
        if (spec.Format(line) is { } text)
        {
            log.Line(Name, text);
        }
    }

    private void Set(ProcessState state)
    {
        State = state;
        Changed?.Invoke();
    }
}
