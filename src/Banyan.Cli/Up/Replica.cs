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
    private static readonly TimeSpan AcknowledgePatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ControlPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReadyPause = TimeSpan.FromMilliseconds(20);

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

    /// <summary>Serves: both are ready, and it is not on its way out.</summary>
    public bool IsReady => !_draining
        && (!HasSidecar || _sidecar.State == ProcessState.Ready)
        && _app.State == ProcessState.Ready;

    /// <summary>Whether its traffic goes through a sidecar; without one it asks the control plane itself.</summary>
    public bool HasSidecar => _plan.Run.Sidecar;

    /// <summary>Where the sidecar answers about itself.</summary>
    public string AdminSocket => _context.State.ProxySocket(Node);

    private string Name => $"{_plan.Owner.Metadata.Name}/{Index}";

    private string Node => $"{_plan.Owner.Metadata.Namespace}.{_plan.Owner.Metadata.Name}.{Index}";

    /// <summary>Starts the sidecar once there is a control plane, and the application once its sidecar is ready.</summary>
    public void Start()
    {
        _draining = false;
        _lifetime = new CancellationTokenSource();
        _ = PublishAsync();
        _starting = StartBothAsync(_lifetime.Token);
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

    /// <summary>As <see cref="StopAsync"/>, but what others still send here is served first.</summary>
    public async Task RetireAsync(CancellationToken cancel)
    {
        await DrainAsync(cancel);
        await StopAsync();
    }

    /// <summary>
    /// Takes the replica out of service without losing a request, starts it anew, perhaps by another plan, and returns
    /// when it serves again.
    /// </summary>
    /// <exception cref="UserException">
    /// It does not get ready, a fixed port is taken, or the control plane is away. With another plan the replica then goes
    /// on by its old one.
    /// </exception>
    public async Task RollAsync(ProcessPlan plan, CancellationToken cancel)
    {
        if (ReferenceEquals(plan, _plan))
        {
            await DrainAsync(cancel);
            await RestartAsync(_plan, _ports);
            await ServesAsync(cancel);
            return;
        }

        // Taken before anything is touched: a port that somebody has must not cost a replica that serves.
        var (oldPlan, oldPorts) = (_plan, _ports);
        var ports = new ReplicaPorts(plan, _context.Ports, oldPorts);
        try
        {
            await DrainAsync(cancel);
            await RestartAsync(plan, ports);
            await ServesAsync(cancel);
        }
        catch (UserException exception)
        {
            var wasRestarted = ReferenceEquals(_plan, plan);
            if (wasRestarted)
            {
                _draining = true;
                await EndStartAsync();
                await RestartAsync(oldPlan, oldPorts);
            }

            ports.Release(_context.Ports, oldPorts);
            throw wasRestarted ? new UserException($"{exception.Message}; it is started again as it was") : exception;
        }

        oldPorts.Release(_context.Ports, ports);
    }

    /// <summary>Returns when the replica is ready and every sidecar knows.</summary>
    /// <exception cref="UserException">Its application ended, or took longer than its readiness may.</exception>
    public async Task ServesAsync(CancellationToken cancel)
    {
        var limit = SidecarReady + ReadyTimeout();
        var start = _context.Time.GetTimestamp();
        while (!IsReady)
        {
            if (_app.State == ProcessState.Waiting || _context.Time.GetElapsedTime(start) > limit)
            {
                throw new UserException($"{NodeId} does not get ready: {_app.Trouble ?? _sidecar.Trouble ?? "it takes too long"}");
            }

            await Task.Delay(ReadyPause, _context.Time, cancel);
        }

        await WithinAsync(PublishAsync(), ControlPatience);
        await Acknowledgement.WaitAsync(_context.State.ControlSocket, AcknowledgePatience, _context.Time, cancel);
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
        Outbound = HasSidecar ? _ports.Outbound : "",
        Upstreams = _ports.Upstreams,
        Admin = HasSidecar ? AdminSocket : "",
        Pid = _app.Pid,
        Secured = HasSidecar && _context.Mtls,
    };

    /// <returns>Whether the task ended in time; if not, the control plane is away.</returns>
    private static async Task<bool> WithinAsync(Task task, TimeSpan limit)
    {
        try
        {
            await task.WaitAsync(limit);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private async Task StartBothAsync(CancellationToken cancel)
    {
        try
        {
            // A sidecar that finds nobody says so in its log, and tries again only after a while.
            await _context.ControlReady.WaitAsync(cancel);
            if (HasSidecar)
            {
                _sidecar.Start();
                await _sidecar.Ready.WaitAsync(cancel);
            }

            _app.Start();
        }
        catch (OperationCanceledException)
        {
            // Stopped before that: the application never began.
        }
    }

    private async Task RestartAsync(ProcessPlan plan, ReplicaPorts ports)
    {
        await _app.StopAsync(AppGrace);
        await _sidecar.StopAsync(SidecarGrace);
        (_plan, _ports) = (plan, ports);
        Start();
    }

    private async Task EndStartAsync()
    {
        await _lifetime.CancelAsync();
        await _starting;
    }

    private Task PublishAsync() => _context.Registrar.PublishAsync(Describe());

    /// <summary>
    /// Finishes what came in: no caller sends anything here any more before the sidecar is asked to end its connections,
    /// and what it had accepted is answered before the application is told.
    /// </summary>
    private async Task DrainAsync(CancellationToken cancel)
    {
        var wasReady = IsReady;
        _draining = true;
        if (!await WithinAsync(PublishAsync(), ControlPatience) && wasReady)
        {
            _draining = false;
            _ = PublishAsync();
            throw new UserException($"{NodeId} cannot be taken out of service: the control plane does not answer");
        }

        await EndStartAsync();
        if (_sidecar.State == ProcessState.Ready)
        {
            await Acknowledgement.WaitAsync(_context.State.ControlSocket, AcknowledgePatience, _context.Time, cancel);
            await DrainSidecarAsync(cancel);
        }
    }

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
        Prepare = PrepareSidecarAsync,
        Request = SidecarRequest,
        Probe = stop => Probes.UnixAsync(AdminSocket, "ready", stop),
        ReadyTimeout = () => SidecarReady,
        Format = line => ProgramLog.Format(line, _context.Verbose),
    };

    private async Task PrepareSidecarAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(
            _context.State.Proxy(Node), UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        if (_context.Mtls)
        {
            await SidecarIdentity.PrepareAsync(_context.State, Node, _plan.Owner, _context.Time, cancel);
        }
    }

    private SpawnRequest SidecarRequest()
    {
        var environment = AppEnvironment.Inherited();
        environment[Sessions.Marker] = _context.Marker;
        return new SpawnRequest
        {
            Name = Name,
            Command = _context.ProxyProgram,
            Arguments =
            [
                "--node", NodeId, "--control", _context.XdsUrl, "--state", _context.State.Proxy(Node),
                "--admin", $"unix:{AdminSocket}",
                .. _context.Mtls
                    ? (string[])
                    [
                        "--join-token", _context.State.JoinToken(Node),
                        "--service-account", WorkloadIdentity.AccountOf(_plan.Owner),
                        "--workload-api", _context.State.WorkloadSocket(Node),
                        "--workload-process", _context.State.WorkloadProcess(Node),
                    ]
                    : [],
            ],
            Environment = environment,
            Directory = "/",
        };
    }

    private ProcessSpec AppSpec() => new()
    {
        Name = Name,
        Request = AppRequest,
        Started = TellSidecar,
        Probe = ProbeAppAsync,
        ReadyTimeout = ReadyTimeout,
    };

    private TimeSpan ReadyTimeout() => _plan.Run.Readiness?.Timeout ?? new WorkloadReadiness().Timeout;

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
            Environment = AppEnvironment.For(
                _plan, Index, _ports, _context.Marker, _context.State.Data(_plan.Owner), HasSidecar ? "" : WriteBootstrap(),
                HasSidecar && _context.Mtls ? _context.State.WorkloadSocket(Node) : ""),
            Directory = _plan.Directory,
        };
    }

    /// <summary>Its sidecar gives certificates to this process and those of its session.</summary>
    private void TellSidecar(int pid)
    {
        if (!HasSidecar || !_context.Mtls || ProcessTable.StartOf(pid) is not { } start)
        {
            return;
        }

        try
        {
            PrivateFile.Write(_context.State.WorkloadProcess(Node), $"{pid} {start}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _context.Log.Notice($"{Name} gets no certificate of its own: {exception.Message}");
        }
    }

    private string WriteBootstrap()
    {
        var path = _context.State.Bootstrap(Node);
        Directory.CreateDirectory(
            Path.GetDirectoryName(path)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var file = new BootstrapFile(NodeId, _plan.Owner.Spec.Zone, _context.PlainXds);
        File.WriteAllText(path, file.Grpc().ToJsonString());
        return path;
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
