using Banyan.Cli.Client;
using Banyan.Cli.Up.Processes;
using Banyan.Model;

namespace Banyan.Cli.Up;

/// <summary>One replica of a process: its sidecar and its application, and what the control plane knows of them.</summary>
internal sealed class Replica
{
    /// <summary>As long as a sidecar waits for what is in flight, and a little more.</summary>
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan AppGrace = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SidecarGrace = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan DrainPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan WithdrawPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan SidecarReady = TimeSpan.FromSeconds(30);

    private readonly SupervisorContext _context;
    private readonly SupervisedProcess _sidecar;
    private readonly SupervisedProcess _app;
    private ProcessPlan _plan;
    private ReplicaPorts _ports;
    private volatile bool _draining;
    private CancellationTokenSource _lifetime = new();
    private Task _starting = Task.CompletedTask;

    public Replica(ProcessPlan plan, int index, SupervisorContext context)
    {
        _plan = plan;
        Index = index;
        _context = context;
        _ports = new ReplicaPorts(plan, context.Ports);
        _sidecar = new SupervisedProcess(SidecarSpec(), context.Reaper, context.Log, context.Random, context.Time);
        _app = new SupervisedProcess(AppSpec(), context.Reaper, context.Log, context.Random, context.Time);
        _sidecar.Changed += () => _ = PublishAsync();
        _app.Changed += () => _ = PublishAsync();
    }

    public int Index { get; }

    public ProcessPlan Plan => _plan;

    public ReplicaPorts Ports => _ports;

    public SupervisedProcess Sidecar => _sidecar;

    public SupervisedProcess App => _app;

    /// <summary>The xDS node id.</summary>
    public string NodeId => $"{_plan.Id}/{Index}";

    public bool IsReady => _sidecar.State == ProcessState.Ready && _app.State == ProcessState.Ready;

    private string Name => $"{_plan.Owner.Metadata.Name}/{Index}";

    private string Node => $"{_plan.Owner.Metadata.Namespace}.{_plan.Owner.Metadata.Name}.{Index}";

    private string AdminSocket => _context.State.ProxySocket(Node);

    /// <summary>Starts the sidecar, and the application once its sidecar is ready.</summary>
    public void Start()
    {
        _draining = false;
        _lifetime = new CancellationTokenSource();
        _ = PublishAsync();
        _sidecar.Start();
        _starting = StartAppAsync(_lifetime.Token);
    }

    /// <summary>Ends the application, then its sidecar, and takes the replica out of the mesh.</summary>
    public async Task StopAsync()
    {
        _draining = true;
        await EndStartAsync();
        await WithinAsync(PublishAsync(), WithdrawPatience);
        await _app.StopAsync(AppGrace);
        await _sidecar.StopAsync(SidecarGrace);
        await WithinAsync(_context.Registrar.WithdrawAsync(NodeId), WithdrawPatience);
        _ports.Release(_context.Ports);
    }

    /// <summary>
    /// Takes the replica out of service without losing a request, starts it anew, perhaps by another plan, and returns
    /// when it serves again.
    /// </summary>
    public async Task RollAsync(ProcessPlan plan, CancellationToken cancel)
    {
        _draining = true;
        await EndStartAsync();
        await WithinAsync(PublishAsync(), DrainPatience);
        await DrainSidecarAsync(cancel);
        await _app.StopAsync(AppGrace);
        await _sidecar.StopAsync(SidecarGrace);
        if (!ReferenceEquals(plan, _plan))
        {
            _ports.Release(_context.Ports);
            _plan = plan;
            _ports = new ReplicaPorts(plan, _context.Ports);
        }

        Start();
        await _starting.WaitAsync(cancel);
        await _app.Ready.WaitAsync(cancel);
        await PublishAsync().WaitAsync(cancel);
    }

    /// <summary>Ends both at once.</summary>
    public void Kill()
    {
        _lifetime.Cancel();
        _app.Kill();
        _sidecar.Kill();
    }

    /// <summary>What the control plane is told now.</summary>
    public WorkloadInstance Describe() => new()
    {
        Namespace = _plan.Owner.Metadata.Namespace,
        Workload = _plan.Owner.Metadata.Name,
        Replica = Index,
        State = _draining ? InstanceState.Draining : IsReady ? InstanceState.Ready : InstanceState.Starting,
        Ports = _ports.Inbound,
        Outbound = _ports.Outbound,
        Upstreams = _ports.Upstreams,
        Admin = AdminSocket,
        Pid = _app.Pid,
    };

    private static async Task WithinAsync(Task task, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            // The control plane is away; the end does not wait for it.
        }
    }

    private async Task StartAppAsync(CancellationToken cancel)
    {
        try
        {
            await _sidecar.Ready.WaitAsync(cancel);
            _app.Start();
        }
        catch (OperationCanceledException)
        {
            // Stopped before its sidecar was ready: the application never began.
        }
    }

    private async Task EndStartAsync()
    {
        await _lifetime.CancelAsync();
        await _starting;
    }

    private Task PublishAsync() => _context.Registrar.PublishAsync(Describe());

    private async Task DrainSidecarAsync(CancellationToken cancel)
    {
        using var admin = UnixHttp.Create(AdminSocket, TimeSpan.FromSeconds(5));
        var start = _context.Time.GetTimestamp();
        try
        {
            using var asked = await admin.PostAsync(new Uri("drain", UriKind.Relative), null, cancel);
            while (_context.Time.GetElapsedTime(start) < DrainPatience)
            {
                var answer = await admin.GetStringAsync(new Uri("drain", UriKind.Relative), cancel);
                if (answer.Contains("\"drained\"", StringComparison.Ordinal))
                {
                    return;
                }

                await Task.Delay(DrainPause, _context.Time, cancel);
            }

            _context.Log.Notice($"{Name}: requests are still in flight after {DrainPatience.TotalSeconds:0} s; going on");
        }
        catch (Exception exception) when (
            exception is HttpRequestException || (exception is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            _context.Log.Notice($"{Name}: its sidecar cannot be drained ({exception.Message}); going on");
        }
    }

    private ProcessSpec SidecarSpec() => new()
    {
        Name = $"{Name} sidecar",
        Request = SidecarRequest,
        Probe = stop => Probes.UnixAsync(AdminSocket, "ready", stop),
        ReadyTimeout = () => SidecarReady,
        Format = line => ProgramLog.Format(line, _context.Verbose),
    };

    private SpawnRequest SidecarRequest()
    {
        var folder = _context.State.Proxy(Node);
        Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var environment = AppEnvironment.Inherited();
        environment[Sessions.Marker] = _context.Marker;
        return new SpawnRequest
        {
            Name = Name,
            Command = _context.ProxyProgram,
            Arguments =
            [
                "--node", NodeId, "--control", _context.XdsUrl, "--state", folder, "--admin", $"unix:{AdminSocket}",
            ],
            Environment = environment,
            Directory = "/",
        };
    }

    private ProcessSpec AppSpec() => new()
    {
        Name = Name,
        Request = AppRequest,
        Probe = ProbeAppAsync,
        ReadyTimeout = () => _plan.Run.Readiness?.Timeout ?? new WorkloadReadiness().Timeout,
    };

    private SpawnRequest AppRequest()
    {
        if (_ports.ReplaceTaken(_context.Ports))
        {
            _ = PublishAsync();
        }

        return new SpawnRequest
        {
            Name = Name,
            Command = _plan.Run.Command,
            Arguments = _plan.Run.Args,
            Environment = AppEnvironment.For(_plan, Index, _ports, _context.Marker, _context.State.Data(_plan.Owner)),
            Directory = _plan.Directory,
        };
    }

    private async Task<string?> ProbeAppAsync(CancellationToken stop)
    {
        if (_ports.App.Count == 0)
        {
            return null;
        }

        var port = _ports.App[0].Port;
        return _plan.Run.Readiness is { Http.Length: > 0 } readiness
            ? await Probes.HttpAsync(port, readiness.Http, stop)
            : await Probes.TcpAsync(port, stop);
    }
}
