using System.Net;
using Banyan.Cli.Up.Processes;

namespace Banyan.Cli.Up;

/// <summary>
/// Runs a mesh on this host: the control plane, and a sidecar and an application for every replica of every Workload
/// with a <c>run</c>. Everything is started, watched and ended here, in this order: control plane, sidecar, application;
/// and back.
/// </summary>
internal sealed class Supervisor : IAsyncDisposable
{
    private static readonly TimeSpan ControlGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan KillPatience = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _operations = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _downAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _controlReady = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<string, ReplicaGroup> _groups = new(StringComparer.Ordinal);
    private readonly SupervisorOptions _options;
    private readonly UpLog _log;
    private readonly TimeProvider _time;
    private readonly StateLock _lock;
    private readonly Reaper _reaper;
    private readonly Guard _guard;
    private readonly Registrar _registrar;
    private readonly SupervisorContext _context;
    private readonly SupervisedProcess _control;
    private readonly string _xds;
    private readonly string _xdsTls;
    private readonly string _api;
    private SupervisorApi? _socket;
    private FileWatch? _watch;
    private bool _stopped;

    /// <summary>Whether nothing of all that was started is left.</summary>
    private bool _isClean;

    private Supervisor(SupervisorOptions options, StateLock stateLock, string marker, UpLog log, TimeProvider time)
    {
        (_options, _lock, _log, _time) = (options, stateLock, log, time);
        var random = new Random();
        var ports = new PortAllocator(random);
        _xds = $"127.0.0.1:{ports.Take()}";
        _xdsTls = $"127.0.0.1:{ports.Take()}";
        _api = $"127.0.0.1:{ports.Take()}";
        _reaper = new Reaper(time, adoptOrphans: true);
        _guard = Guard.Start(_reaper, Programs.Banyan, marker, AppEnvironment.Inherited(), line => log.Line("guard", line));
        _registrar = new Registrar(options.State.ControlSocket, log, time);
        _context = new SupervisorContext
        {
            State = options.State,
            Marker = marker,
            ProxyProgram = options.ProxyProgram,
            XdsUrl = options.Mtls ? $"https://{_xdsTls}" : $"http://{_xds}",
            PlainXds = IPEndPoint.Parse(_xds),
            Mtls = options.Mtls,
            Verbose = options.Verbose,
            Reaper = _reaper,
            Registrar = _registrar,
            ControlReady = _controlReady.Task,
            Ports = ports,
            Log = log,
            Random = random,
            Time = time,
        };
        _control = new SupervisedProcess(ControlSpec(), _reaper, log, random, time);
        _control.Changed += OnControlChanged;
    }

    /// <summary>Completes when somebody asked over the socket for the end.</summary>
    public Task DownAsked => _downAsked.Task;

    /// <summary>Takes the state directory and makes a supervisor that runs nothing yet.</summary>
    /// <exception cref="UserException">Another supervisor has the directory.</exception>
    public static async Task<Supervisor> CreateAsync(SupervisorOptions options, UpLog log, TimeProvider time)
    {
        var stateLock = StateLock.Take(options.State);
        try
        {
            var left = await stateLock.SweepAsync(time);
            if (left > 0)
            {
                log.Notice($"ended {left} processes that an earlier run with {options.State.Folder} had left behind");
            }

            var marker = Guid.NewGuid().ToString("N");
            stateLock.Write(new SupervisorRecord(Environment.ProcessId, marker, time.GetUtcNow()));
            return new Supervisor(options, stateLock, marker, log, time);
        }
        catch
        {
            stateLock.Dispose();
            throw;
        }
    }

    /// <summary>Starts everything; returns when it is started, not when it is ready.</summary>
    /// <exception cref="UserException">A fixed port is taken.</exception>
    public async Task StartAsync(IReadOnlyList<ProcessPlan> plans)
    {
        _socket = await SupervisorApi.StartAsync(this, _options.State);
        _control.Start();
        foreach (var plan in plans)
        {
            Add(plan).Start();
        }

        _watch = new FileWatch(_options.Paths, this, _options.State.ControlSocket, _log, _time);
    }

    /// <summary>Waits until every process is ready.</summary>
    /// <returns>What is missing at the deadline, a line for each; nothing when all is well.</returns>
    public async Task<IReadOnlyList<string>> WaitReadyAsync(TimeSpan limit, CancellationToken cancel)
    {
        var start = _time.GetTimestamp();
        while (true)
        {
            var report = Report();
            if (report.Ready && _registrar.IsSettled)
            {
                return [];
            }

            if (_time.GetElapsedTime(start) > limit)
            {
                return Missing(report);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), _time, cancel);
        }
    }

    /// <summary>Asks for the end, as Ctrl-C would.</summary>
    public void AskDown() => _downAsked.TrySetResult();

    /// <summary>Restarts what <see cref="RestartTarget"/> finds, replica by replica, losing no request.</summary>
    /// <returns>The nodes that now stand there.</returns>
    /// <exception cref="UserException">There is no such process, or one did not come back.</exception>
    public async Task<IReadOnlyList<string>> RestartAsync(string target, string? ns)
    {
        await _operations.WaitAsync(_stopping.Token);
        try
        {
            var groups = Groups();
            var plans = RestartTarget.Choose([.. groups.Select(group => group.Plan)], target, ns);
            var chosen = groups.FindAll(group => plans.Contains(group.Plan));
            foreach (var group in chosen)
            {
                await group.RollAsync(_stopping.Token);
            }

            return [.. chosen.SelectMany(group => group.Replicas, (_, replica) => replica.NodeId)];
        }
        finally
        {
            _operations.Release();
        }
    }

    /// <summary>Comes to what the files say now.</summary>
    /// <param name="plans">The processes that shall run.</param>
    /// <param name="mayRemove">Whether a process that is no longer among them may be ended now.</param>
    /// <returns>Whether everything is as the files say.</returns>
    public async Task<bool> ReconcileAsync(IReadOnlyList<ProcessPlan> plans, Func<ProcessPlan, Task<bool>> mayRemove)
    {
        var isDone = true;
        await _operations.WaitAsync(_stopping.Token);
        try
        {
            foreach (var group in Groups())
            {
                var wanted = plans.FirstOrDefault(plan => plan.Id == group.Plan.Id);
                if (wanted is null)
                {
                    isDone &= await RemoveAsync(group, mayRemove);
                }
                else if (!group.Is(wanted))
                {
                    isDone &= group.IsDue(wanted) && await ChangeAsync(group, wanted, "has changed");
                }
            }

            foreach (var plan in plans.Where(plan => Groups().All(group => group.Plan.Id != plan.Id)))
            {
                isDone &= await ChangeAsync(Add(plan), plan, "is new");
            }
        }
        finally
        {
            _operations.Release();
        }

        return isDone;
    }

    /// <summary>What runs now, and where.</summary>
    public MeshReport Report() => ReportBuilder.Build(_options.State, _api, _xds, _control, Groups());

    /// <summary>The replicas of the process that a Workload has or shares; none when it does not run here.</summary>
    public IEnumerable<Replica> Replicas(string ns, string workload) => Groups()
        .Where(group => group.Plan.Owner.Metadata.Namespace == ns
            && group.Plan.Workloads.Any(member => member.Metadata.Name == workload))
        .SelectMany(group => group.Replicas);

    /// <summary>Ends everything in order.</summary>
    public async Task StopAsync()
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        try
        {
            await StageAsync(_stopping.CancelAsync);
            await StageAsync(async () => await (_watch?.DisposeAsync() ?? ValueTask.CompletedTask));
            await _operations.WaitAsync();

            // Those that only call go first: nobody fails for want of them.
            await StageAsync(() => StopGroupsAsync(group => group.Plan.Owner.Spec.Service.Length == 0));
            await StageAsync(() => StopGroupsAsync(group => group.Plan.Owner.Spec.Service.Length > 0));
            await StageAsync(async () => await _registrar.DisposeAsync());
            await StageAsync(() => _control.StopAsync(ControlGrace));
        }
        finally
        {
            var left = await Sessions.KillAllAsync(new HashSet<int>(), _context.Marker, _time, KillPatience);
            _isClean = left.Count == 0;
        }
    }

    /// <summary>Ends everything at once; <see cref="StopAsync"/> then returns quickly.</summary>
    public void Kill()
    {
        foreach (var replica in Groups().SelectMany(group => group.Replicas))
        {
            replica.Kill();
        }

        _control.Kill();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await StageAsync(async () => await (_socket?.DisposeAsync() ?? ValueTask.CompletedTask));
        if (_isClean)
        {
            _guard.SayFarewell();
            File.Delete(_options.State.Record);
        }

        // Otherwise the guard goes on killing, and the record tells the next `up` or `down` what to look for.
        _guard.Dispose();
        _reaper.Dispose();
        _lock.Dispose();
        _stopping.Dispose();
        _operations.Dispose();
    }

    /// <summary>One step of the end; whatever goes wrong in it, the others must follow.</summary>
    private async Task StageAsync(Func<Task> stage)
    {
        try
        {
            await stage();
        }
        catch (Exception exception)
        {
            _log.Notice($"while stopping: {exception.Message}; going on");
        }
    }

    private Task StopGroupsAsync(Func<ReplicaGroup, bool> which) =>
        Task.WhenAll(Groups().Where(which).Select(group => group.StopAsync()));

    private async Task<bool> RemoveAsync(ReplicaGroup group, Func<ProcessPlan, Task<bool>> mayRemove)
    {
        if (!await mayRemove(group.Plan))
        {
            return false;
        }

        _log.Notice($"{group.Plan.Id} is gone from the files and is stopped");
        try
        {
            await group.RetireAsync(_stopping.Token);
        }
        catch (UserException exception)
        {
            _log.Notice(exception.Message);
            return false;
        }

        lock (_gate)
        {
            _groups.Remove(group.Plan.Id);
        }

        return true;
    }

    /// <returns>Whether the group is as planned now; if not, it is to be tried again.</returns>
    private async Task<bool> ChangeAsync(ReplicaGroup group, ProcessPlan plan, string reason)
    {
        _log.Notice($"{plan.Id} {reason}");
        try
        {
            await group.ChangeAsync(plan, _stopping.Token);
            return true;
        }
        catch (UserException exception)
        {
            _log.Notice($"{exception.Message}; the other replicas go on as they are; this is tried again");
            return false;
        }
    }

    /// <summary>What <see cref="MeshReport.Ready"/> wants; never empty, whatever it was that kept us waiting.</summary>
    private List<string> Missing(MeshReport report)
    {
        List<string> missing =
        [
            .. report.Processes.Where(process => process.State != "ready").Select(process =>
                $"{process.Name} is {process.State}{(process.Trouble is null ? "" : $": {process.Trouble}")}"),
            .. Groups().Where(group => group.Replicas.Count != group.Plan.Run.Replicas).Select(group =>
                $"{group.Plan.Id} has {group.Replicas.Count} of {group.Plan.Run.Replicas} replicas"),
        ];
        return missing.Count > 0 ? missing : ["the control plane has not taken in where everything listens"];
    }

    private ReplicaGroup Add(ProcessPlan plan)
    {
        var group = new ReplicaGroup(plan, _context);
        lock (_gate)
        {
            _groups.Add(plan.Id, group);
        }

        return group;
    }

    private List<ReplicaGroup> Groups()
    {
        lock (_gate)
        {
            return [.. _groups.Values];
        }
    }

    private void OnControlChanged()
    {
        if (_control.State == ProcessState.Ready)
        {
            _registrar.SendAll();
            _controlReady.TrySetResult();
        }
    }

    private ProcessSpec ControlSpec() => new()
    {
        Name = "control",
        Request = () =>
        {
            var environment = AppEnvironment.Inherited();
            environment[Sessions.Marker] = _context.Marker;
            return new SpawnRequest
            {
                Name = "control",
                Command = Programs.Banyan,
                Arguments =
                [
                    "control", "--state", _options.State.ControlFolder, "--socket", _options.State.ControlSocket,
                    "--xds", _xds, "--api", _api, .. _options.Mtls ? (string[])["--xds-tls", _xdsTls] : [],
                    .. _options.Paths.SelectMany(path => (string[])["--files", path]),
                ],
                Environment = environment,
            };
        },
        Probe = stop => Probes.UnixAsync(_options.State.ControlSocket, "ready", stop),
        ReadyTimeout = () => TimeSpan.FromSeconds(60),
        Format = line => ProgramLog.Format(line, _options.Verbose),
    };
}
