using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Xds;
using Banyan.Xds;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Proxy.Background;

/// <summary>The thread beside the reactors: takes configuration in, publishes snapshots, keeps them on disk, writes the log.</summary>
/// <remarks>
/// One thread at nice 10. Everything it owns is touched by it alone; others post work. It never waits for anything but its queue,
/// so that a change reaches traffic at once.
/// </remarks>
public sealed class Housekeeping : IDiscovery, IDisposable
{
    private const int LogBatch = 64 * 1024;

    // What may be taken from the queue before the results are published: a flood of small changes must not starve the effect.
    private const int WorkBatch = 256;

    private static readonly TimeSpan BlockedLogRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan StopTime = TimeSpan.FromSeconds(6);

    private readonly ConcurrentQueue<Action> _work = new();
    private readonly ConcurrentDictionary<string, bool> _asked = new(StringComparer.Ordinal);
    private readonly WakeEvent _wake = new();
    private readonly SnapshotHolder _holder;
    private readonly ProxyLog _log;
    private readonly LogSink _sink;
    private readonly Discovery _discovery;
    private readonly SnapshotBuilder _builder;
    private readonly SnapshotKeeper? _keeper;
    private readonly AdsTransport? _transport;
    private readonly string _control;
    private readonly TimeProvider _time;
    private long? _busyAt;
    private ChannelWriter<DeltaDiscoveryRequest>? _requests;
    private Thread? _thread;
    private Task _stream = Task.CompletedTask;
    private volatile bool _stopping;

    private Housekeeping(ProxyOptions options, string nodeId, SnapshotHolder holder, ProxyLog log, LogSink sink, TimeProvider time)
    {
        _holder = holder;
        _log = log;
        _sink = sink;
        _control = options.Control?.ToString() ?? "";
        _time = time;
        _busyAt = time.GetTimestamp();
        NodeId = nodeId;
        Node = NodeName.TryParse(nodeId, out var node) ? node : null;
        _discovery = new Discovery(Describe(nodeId), time);
        _builder = new SnapshotBuilder(time);
        if (options.Control is { } control)
        {
            _transport = new AdsTransport(control, new StreamEvents(this), time);
            _keeper = new SnapshotKeeper(Path.Combine(options.State!, SnapshotFormat.FileName), _discovery.Save, log, time);
        }

        log.Written = _wake.Signal;
    }

    /// <summary>Who this proxy is, also when a snapshot file says it.</summary>
    public string NodeId { get; }

    /// <summary>The same, taken apart; null when a foreign snapshot file has other names.</summary>
    public NodeName? Node { get; }

    /// <summary>Namespace of the workload, in which short host names are looked up.</summary>
    public string Namespace => Node?.Namespace ?? "default";

    /// <summary>Loads what is on disk, publishes it, and starts the thread. Null, with the reason, when the proxy cannot run.</summary>
    public static Housekeeping? Start(
        ProxyOptions options, SnapshotHolder holder, ProxyLog log, TimeProvider time, out string error) =>
        Start(options, holder, log, StandardError.Write, time, out error);

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
            status = _discovery.Status(_control);
            done.Set();
        });
        return done.Wait(TimeSpan.FromSeconds(2)) ? status : null;
    }

    /// <summary>Ends the stream, writes what is due to disk and log, and waits for the thread.</summary>
    public void Dispose()
    {
        _transport?.Dispose();
        _stopping = true;
        _wake.Signal();
        _thread?.Join(StopTime);
    }

    internal static Housekeeping? Start(
        ProxyOptions options, SnapshotHolder holder, ProxyLog log, LogSink sink, TimeProvider time, out string error)
    {
        error = "";
        SavedResources? saved = null;
        if (options.SnapshotFile is { } file)
        {
            if (SnapshotFile.Read(file, out var read) is { } problem)
            {
                error = $"--snapshot: {file}: {problem}";
                return null;
            }

            saved = read;
        }
        else if (TryMakeFolder(options.State!) is { } problem)
        {
            error = $"--state: {problem}";
            return null;
        }

        var housekeeping = new Housekeeping(options, options.Node?.ToString() ?? saved!.NodeId, holder, log, sink, time);
        housekeeping.Load(saved, options);
        housekeeping._thread = NiceThread.Start("housekeeping", housekeeping.Run);
        if (housekeeping._transport is { } transport)
        {
            housekeeping._stream = Task.Run(transport.RunAsync);
        }

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
        _wake.Signal();
    }

    private void Run()
    {
        while (!_stopping)
        {
            Guard(Turn);
            if (_work.IsEmpty)
            {
                _wake.Wait(NextDue());
            }
        }

        Guard(() =>
        {
            _keeper?.Flush();
            _log.DrainTo(_sink, LogBatch);
        });
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

        // After the publication: an acknowledged change is in effect.
        foreach (var request in _discovery.TakeRequests())
        {
            _requests?.TryWrite(request);
        }

        _keeper?.Tick(_wake.Signal);
        _log.DrainTo(_sink, LogBatch);
        if (UntilQuiet() <= TimeSpan.Zero)
        {
            _busyAt = null;
            StartupPages.GiveBack();
        }
    }

    /// <summary>Time until nothing has changed for a while; null when that was already taken care of.</summary>
    private TimeSpan? UntilQuiet() => _busyAt is { } busy ? Quiet - _time.GetElapsedTime(busy) : null;

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
        var due = Earlier(Earlier(_discovery.Wants.NextExpiry, _keeper?.Due), UntilQuiet());
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
            _log.Write(LogLevel.Error, "housekeeping-failed", "an error that should not happen; traffic is not affected", new LogField("error", error.ToString()));
        }
    }

    // Carries what happens on the stream over to the housekeeping thread.
    private sealed class StreamEvents(Housekeeping owner) : IAdsEvents
    {
        /// <summary>A control plane that starts together with its proxies may be a moment later than they.</summary>
        private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

        private readonly long _start = Stopwatch.GetTimestamp();
        private bool _failing;
        private bool _connectedBefore;

        public void Opened(ChannelWriter<DeltaDiscoveryRequest> requests) => owner.Post(() =>
        {
            owner._requests = requests;
            owner._discovery.Open();
        });

        public void Confirmed()
        {
            owner.Post(owner._discovery.Confirm);
            _failing = false;
            _connectedBefore = true;
            owner._log.Write(LogLevel.Info, "control-plane-connected", "connected to the control plane", new LogField("control", owner._control));
        }

        public void Received(byte[] message) => owner.Post(() =>
        {
            DeltaDiscoveryResponse response;
            try
            {
                response = DeltaDiscoveryResponse.Parser.ParseFrom(message);
            }
            catch (InvalidProtocolBufferException error)
            {
                // Ending the stream starts afresh; going on would leave a response without its answer.
                owner._log.Write(LogLevel.Error, "xds-response-unreadable", error.Message);
                owner._requests?.TryComplete();
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

        public void Closed(string reason)
        {
            owner.Post(() =>
            {
                owner._requests = null;
                owner._discovery.Close(reason);
            });

            // Once for each time it is gone, not for each attempt.
            var matters = _connectedBefore || Stopwatch.GetElapsedTime(_start) > Grace;
            if (matters && !_failing && !owner._stopping)
            {
                _failing = true;
                owner._log.Write(
                    LogLevel.Warn,
                    "control-plane-lost",
                    "no connection to the control plane; serving what is known",
                    new LogField("control", owner._control),
                    new LogField("reason", reason));
            }
        }
    }
}
