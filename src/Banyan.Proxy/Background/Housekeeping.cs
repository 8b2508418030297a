using System.Collections.Concurrent;
using System.Diagnostics;
using Banyan.Proxy.Identity;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Reports;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;
using Banyan.Proxy.WorkloadApi;
using Banyan.Proxy.Xds;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Proxy.Background;

/// <summary>The thread beside the reactors: takes configuration in, publishes snapshots, keeps them on disk, writes the log.</summary>
/// <remarks>
/// One thread at nice 10 with an event loop of its own, on which the stream to the control plane lives too. Everything it owns is
/// touched by it alone; others post work. It never waits for anything but its loop, so that a change reaches traffic at once.
/// </remarks>
public sealed class Housekeeping : IDiscovery, IDisposable
{
    private const int LogBatch = 64 * 1024;

    // What may be taken from the queue before the results are published: a flood of small changes must not starve the effect.
    private const int WorkBatch = 256;

    private static readonly TimeSpan BlockedLogRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(6);

    // For the acknowledgement of the last report.
    private static readonly TimeSpan FarewellTime = TimeSpan.FromSeconds(1);

    private readonly ConcurrentQueue<Action> _work = new();
    private readonly ConcurrentDictionary<string, bool> _asked = new(StringComparer.Ordinal);
    private readonly ReactorContext _context = new(-1, new long[Counters.Count]);
    private readonly SnapshotHolder _holder;
    private readonly ProxyLog _log;
    private readonly LogSink _sink;
    private readonly Discovery _discovery;
    private readonly SnapshotBuilder _builder;
    private readonly SnapshotKeeper? _keeper;
    private readonly AdsTransport? _transport;
    private readonly IdentityKeeper? _identity;
    private readonly SvidKeeper? _svids;
    private WorkloadApiServer? _workloadApi;
    private readonly EdgeReporter? _reporter;
    private readonly ControlPlanes? _planes;
    private readonly TimeProvider _time;
    private long? _busyAt;
    private bool _reportsWanted = true;
    private long? _farewellAt;
    private Thread? _thread;
    private volatile bool _stopping;

    private Housekeeping(
        ProxyOptions options, string nodeId, SnapshotHolder holder, MetricsShards? metrics, ProxyLog log, LogSink sink, TimeProvider time)
    {
        _holder = holder;
        _log = log;
        _sink = sink;
        _time = time;
        _busyAt = time.GetTimestamp();
        NodeId = nodeId;
        Node = NodeName.TryParse(nodeId, out var node) ? node : null;
        Identities = new IdentityHolder(time);
        _discovery = new Discovery(Describe(nodeId), time);
        _builder = new SnapshotBuilder(time);
        if (options.Control.Count > 0)
        {
            _planes = new ControlPlanes(nodeId, options.Control);
            _identity = options.HasIdentity ? new IdentityKeeper(_context, Describe(options), Identities, log, time) : null;
            _svids = options.WorkloadApi is null || _identity is null ? null : new SvidKeeper(_context, _identity, log, time);
            _transport = new AdsTransport(_context, _planes, new StreamEvents(this), _identity);
            _reporter = metrics is null ? null : new EdgeReporter(metrics, nodeId, time, () => Identities.Current?.Id ?? "");
            _keeper = new SnapshotKeeper(Path.Combine(options.State!, SnapshotFormat.FileName), _discovery.Save, log, time);
        }

        log.Written = _context.Loop.Wake;
        _context.Loop.OnFault = Report;
        _context.Loop.OnTurn = OnTurn;
        _context.Loop.OnSecond = _context.Buffers.Trim;
    }

    /// <summary>Who this proxy is, also when a snapshot file says it.</summary>
    public string NodeId { get; }

    /// <summary>The same, taken apart; null when a foreign snapshot file has other names.</summary>
    public NodeName? Node { get; }

    /// <summary>Who this proxy proves to be; nobody without TLS to the control plane.</summary>
    internal IdentityHolder Identities { get; }

    /// <summary>Namespace of the workload, in which short host names are looked up.</summary>
    public string Namespace => Node?.Namespace ?? "default";

    /// <summary>The control plane that is asked; on the housekeeping thread.</summary>
    private string Control => _planes?.Current.ToString() ?? "";

    /// <summary>Loads what is on disk, publishes it, and starts the thread. Null, with the reason, when the proxy cannot run.</summary>
    public static Housekeeping? Start(
        ProxyOptions options, SnapshotHolder holder, MetricsShards metrics, ProxyLog log, TimeProvider time, out string error) =>
        Start(options, holder, log, StandardError.Write, time, out error, metrics);

    /// <inheritdoc/>
    public void Want(string name)
    {
        if (!_asked.TryAdd(name, value: true))
        {
            return;
        }

        Post(() =>
        {
            _asked.TryRemove(name, out _);
            _discovery.Want(name);
        });
    }

    /// <summary>What GET /xds tells; waits for the housekeeping thread. Null when it does not answer in time.</summary>
    internal XdsStatus? Status()
    {
        XdsStatus? status = null;
        using var done = new ManualResetEventSlim();
        Post(() =>
        {
            status = _discovery.Status(Control);
            done.Set();
        });
        return done.Wait(TimeSpan.FromSeconds(2)) ? status : null;
    }

    /// <summary>Asks for the next certificate now, not when it is time.</summary>
    internal void RenewIdentity() => Post(() => _identity?.RenewNow());

    /// <summary>Ends the stream, writes what is due to disk and log, and waits for the thread.</summary>
    public void Dispose()
    {
        Post(() =>
        {
            _stopping = true;
            _farewellAt = _time.GetTimestamp();
            Report(atOnce: true);
        });
        _thread?.Join(StopTime);
        _identity?.Dispose();
    }

    internal static Housekeeping? Start(
        ProxyOptions options,
        SnapshotHolder holder,
        ProxyLog log,
        LogSink sink,
        TimeProvider time,
        out string error,
        MetricsShards? metrics = null)
    {
        error = "";
        SavedResources? saved = null;
        if (options.SnapshotFile is { } file)
        {
            if (SnapshotFile.Read(file, out var read) is { } unread)
            {
                error = $"--snapshot: {file}: {unread}";
                return null;
            }

            saved = read;
        }

        if (options.State is { } folder && TryMakeFolder(folder) is { } problem)
        {
            error = $"--state: {problem}";
            return null;
        }

        var housekeeping = new Housekeeping(options, options.Node?.ToString() ?? saved!.NodeId, holder, metrics, log, sink, time);
        try
        {
            housekeeping._identity?.Load();
        }
        catch (Exception fault) when (fault is IdentityException or TlsException)
        {
            error = fault.Message;
            return null;
        }

        if (housekeeping._svids is { } svids && options.WorkloadApi is { } path)
        {
            var context = new WorkloadApiContext(housekeeping._context, svids, new WorkloadProcess(options.WorkloadProcess!), log);
            housekeeping._workloadApi = WorkloadApiServer.TryOpen(context, path, out error);
            if (housekeeping._workloadApi is null)
            {
                error = $"--workload-api: {error}";
                return null;
            }
        }

        housekeeping.Load(saved, options);
        housekeeping._thread = NiceThread.Start("housekeeping", housekeeping.Run);
        return housekeeping;
    }

    private static string? TryMakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    private static IdentitySettings Describe(ProxyOptions options) => new()
    {
        Namespace = options.Node!.Namespace,
        ServiceAccount = options.ServiceAccount!,
        TokenFile = options.JoinToken,
        Folder = options.IdentityInMemory ? null : Path.Combine(options.State!, "identity"),
    };

    private static Node Describe(string id) => new()
    {
        Id = id,
        Cluster = id.LastIndexOf('/') is > 0 and var slash ? id[..slash] : id,
        UserAgentName = "banyan-proxy",
        UserAgentVersion = ProductVersion.Text,
        Metadata = new Struct { Fields = { ["FLAVOUR"] = Value.ForString("banyan") } },
    };

    private void Load(SavedResources? saved, ProxyOptions options)
    {
        var path = options.SnapshotFile ?? Path.Combine(options.State!, SnapshotFormat.FileName);
        if (saved is null)
        {
            if (!File.Exists(path))
            {
                return;
            }

            var problem = SnapshotFile.Read(path, out saved);
            if (problem is null && saved.NodeId != options.Node!.ToString())
            {
                problem = $"it is of node \"{saved.NodeId}\"";
            }

            if (problem is not null)
            {
                _log.Write(
                    LogLevel.Warn,
                    "snapshot-ignored",
                    "the configuration on disk is not used; the control plane will send it again",
                    new LogField("path", path),
                    new LogField("error", problem));
                return;
            }
        }

        foreach (var refused in _discovery.Load(saved))
        {
            _log.Write(LogLevel.Error, "snapshot-resource-refused", refused, new LogField("path", path));
        }

        Publish();
        _log.Write(
            LogLevel.Info,
            "snapshot-loaded",
            "serving the configuration on disk",
            new LogField("path", path),
            new LogField("listeners", _holder.Current.Listeners.Length),
            new LogField("targets", _holder.Current.Targets.Count));
    }

    private void Post(Action work)
    {
        _work.Enqueue(work);
        _context.Loop.Wake();
    }

    private void Run()
    {
        _transport?.Run().Forget();
        if (_identity is not null)
        {
            _transport!.Renew(_identity).Forget();
            _transport.Renew(_svids).Forget();
            _workloadApi?.Run().Forget();
        }

        _context.Loop.Run();
        Guard(() =>
        {
            _keeper?.Flush();
            _log.DrainTo(_sink, LogBatch);
        });
    }

    private int OnTurn()
    {
        Guard(Turn);
        return !_work.IsEmpty ? 0 : NextDue() is { } due ? (int)Math.Clamp(Math.Ceiling(due.TotalMilliseconds), 0, int.MaxValue) : -1;
    }

    private void Turn()
    {
        for (var i = 0; i < WorkBatch && _work.TryDequeue(out var work); i++)
        {
            Guard(work);
        }

        _discovery.Expire();
        if (_discovery.Changed)
        {
            Publish();
        }

        if (_identity is not null && _discovery.Anchors is { } anchors)
        {
            _identity.Trust(anchors);
        }

        if (_identity is not null && _discovery.Denied is { } denied)
        {
            _identity.Deny(denied);
        }

        _svids?.Look();

        // After the publication: an acknowledged change is in effect.
        foreach (var request in _discovery.TakeRequests())
        {
            _transport?.Send(request);
        }

        Report(atOnce: _farewellAt is not null);
        _keeper?.Tick(_context.Loop.Wake);
        _log.DrainTo(_sink, LogBatch);
        if (UntilFarewell() <= TimeSpan.Zero)
        {
            _farewellAt = null;
            _identity?.Stop();
            _svids?.Stop();
            _workloadApi?.Close();
            _transport?.Stop();

            // Not before what the transport sends last has left.
            _context.Loop.AtEndOfTurn(_context.Loop.Stop);
        }

        if (UntilQuiet() <= TimeSpan.Zero)
        {
            _busyAt = null;
            StartupPages.GiveBack();
        }
    }

    /// <summary>Time until nothing has changed for a while; null when that was already taken care of.</summary>
    private TimeSpan? UntilQuiet() => _busyAt is { } busy ? Quiet - _time.GetElapsedTime(busy) : null;

    private void Report(bool atOnce)
    {
        if (_reportsWanted && _discovery.Connected && _reporter?.Next(atOnce) is { } report)
        {
            _transport!.Report(report);
        }
    }

    /// <summary>Time until it ends: at once, or when the last report is acknowledged; null while it goes on.</summary>
    private TimeSpan? UntilFarewell() => _farewellAt is not { } since ? null
        : _reporter is { IsWaiting: true } && _discovery.Connected && _reportsWanted ? FarewellTime - _time.GetElapsedTime(since)
        : TimeSpan.Zero;

    private void Publish()
    {
        if (_discovery.ResourcesChanged)
        {
            _keeper?.MarkChanged();
        }

        _busyAt = _time.GetTimestamp();
        _discovery.ClearChanged();
        _holder.Publish(_builder.Build(_discovery.Tables, _discovery.Wants.Missing, _discovery.Connected));
    }

    private TimeSpan? NextDue()
    {
        var due = Earlier(Earlier(_discovery.Wants.NextExpiry, _keeper?.Due), Earlier(UntilQuiet(), UntilFarewell()));
        due = _reportsWanted && _discovery.Connected ? Earlier(due, _reporter?.Due) : due;
        return _log.HasWaiting ? Earlier(due, BlockedLogRetry) : due;
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) =>
        one is null || other < one ? other : one;

    // A defect in here must not take the traffic down with it.
    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error)
        {
            Report(error);
        }
    }

    private void Report(Exception error) => _log.Write(
        LogLevel.Error, "housekeeping-failed", "an error that should not happen; traffic is not affected", new LogField("error", error.ToString()));

    // What happens on the stream, behind what was posted before it: a destination is wanted before its listener comes.
    private sealed class StreamEvents(Housekeeping owner) : IAdsEvents
    {
        /// <summary>A control plane that starts together with its proxies may be a moment later than they.</summary>
        private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

        private readonly long _start = Stopwatch.GetTimestamp();
        private bool _failing;
        private bool _connectedBefore;

        public void Opened() => owner._work.Enqueue(() =>
        {
            owner._discovery.TrustDomain = owner._identity?.TrustDomain ?? "";
            owner._discovery.Open();
        });

        public void Confirmed()
        {
            owner._work.Enqueue(owner._discovery.Confirm);
            _failing = false;
            _connectedBefore = true;
            owner._log.Write(LogLevel.Info, "control-plane-connected", "connected to the control plane", new LogField("control", owner.Control));
        }

        public void Received(byte[] message) => owner._work.Enqueue(() =>
        {
            DeltaDiscoveryResponse response;
            try
            {
                response = DeltaDiscoveryResponse.Parser.ParseFrom(message);
            }
            catch (Exception error) when (Unreadable.Is(error))
            {
                // Ending the stream starts afresh; going on would leave a response without its answer.
                owner._log.Write(LogLevel.Error, "xds-response-unreadable", error.Message);
                owner._transport!.Restart();
                return;
            }

            owner._discovery.Receive(response);
            if (owner._discovery.LastNack is { } nack && nack.Nonce == response.Nonce)
            {
                owner._log.Write(
                    LogLevel.Warn,
                    "resource-refused",
                    nack.Message,
                    new LogField("type", nack.Type),
                    new LogField("resource", nack.Resource));
            }
        });

        public void Acknowledged(byte[] message) => owner._work.Enqueue(() =>
        {
            try
            {
                owner._reporter?.Acknowledge(EdgeReportAck.Parser.ParseFrom(message));
            }
            catch (Exception error) when (Unreadable.Is(error))
            {
                owner._log.Write(LogLevel.Error, "report-answer-unreadable", error.Message);
            }
        });

        public void ReportsLost(string reason, bool unwanted) => owner._work.Enqueue(() =>
        {
            owner._reporter?.Lost();
            owner._reportsWanted = !unwanted;
            owner._log.Write(LogLevel.Debug, "reports-lost", "what was seen is told again later", new LogField("reason", reason));
        });

        public void Closed(string reason)
        {
            // Whoever is there next may take reports.
            owner._work.Enqueue(() => owner._reportsWanted = true);
            owner._work.Enqueue(() => owner._discovery.Close(reason));

            // Once for each time it is gone, not for each attempt.
            var matters = _connectedBefore || Stopwatch.GetElapsedTime(_start) > Grace;
            if (matters && !_failing && !owner._stopping)
            {
                _failing = true;
                owner._log.Write(
                    LogLevel.Warn,
                    "control-plane-lost",
                    "no connection to the control plane; serving what is known",
                    new LogField("control", owner.Control),
                    new LogField("reason", reason));
            }
        }
    }
}
