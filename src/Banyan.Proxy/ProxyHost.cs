using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Banyan.Proxy.Accept;
using Banyan.Proxy.Admin;
using Banyan.Proxy.Background;
using Banyan.Proxy.Balance;
using Banyan.Proxy.Health;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy;

/// <summary>The process: reactors, housekeeping and admin threads from start to drained end (semantics: SIGTERM finishes what is in flight).</summary>
internal sealed class ProxyHost
{
    /// <summary>Time for the withdrawal of this proxy's endpoints to reach its callers.</summary>
    private static readonly TimeSpan WithdrawalTime = TimeSpan.FromSeconds(5);

    /// <summary>Time for what is in flight.</summary>
    private static readonly TimeSpan InFlightTime = TimeSpan.FromSeconds(30);

    /// <summary>
    /// Time for the routes and clusters of a listener: an application that starts finds every port open, and one route that the
    /// control plane never sends does not keep it from starting.
    /// </summary>
    private static readonly TimeSpan RoutesTime = TimeSpan.FromSeconds(15);

    /// <summary>Time for resets to leave.</summary>
    private static readonly TimeSpan CutOffTime = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    // Registrations that are collected stop firing.
    private static readonly List<PosixSignalRegistration> Signals = [];

    private readonly ManualResetEventSlim _drainOrEnd = new();
    private readonly ManualResetEventSlim _end = new();
    private readonly Lifecycle _lifecycle = new();
    private readonly SnapshotHolder _snapshots = new();
    private readonly EndpointHealth _health = new();
    private HealthCheckers? _checkers;
    private readonly ProxyLog _log;
    private readonly MetricsShards _metrics;
    private readonly ProxyOptions _options;
    private readonly List<(Worker Worker, ListenerSet Listeners, Thread Thread)> _workers = [];

    private ProxyHost(ProxyOptions options)
    {
        _options = options;
        _log = new ProxyLog(options.LogLevel, TimeProvider.System);
        _metrics = new MetricsShards(options.Reactors);
    }

    /// <summary>Runs until the end; the exit code.</summary>
    internal static int Run(ProxyOptions options) => new ProxyHost(options).Run();

    private int Run()
    {
        using var housekeeping = Housekeeping.Start(_options, _snapshots, _metrics, _log, TimeProvider.System, out var error);
        if (housekeeping is null)
        {
            Console.Error.WriteLine($"banyan-proxy: {error}");
            return CommandLine.BadArguments;
        }

        for (var i = 0; i < _options.Reactors; i++)
        {
            StartWorker(i, housekeeping);
        }

        _lifecycle.InFlight = () => _workers.Sum(w => (long)w.Worker.InFlight);
        _lifecycle.DrainRequested += _drainOrEnd.Set;
        using var admin = StartAdmin(housekeeping, out error);
        if (error.Length > 0)
        {
            Console.Error.WriteLine($"banyan-proxy: {error}");
            return CommandLine.BadArguments;
        }

        foreach (var signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT])
        {
            Signals.Add(PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                _end.Set();
                _drainOrEnd.Set();
            }));
        }

        AwaitReady();
        _drainOrEnd.Wait();
        DrainInbound();
        _end.Wait();
        DrainOutbound();
        foreach (var (worker, _, thread) in _workers)
        {
            worker.Loop.Stop();
            thread.Join();
        }

        _log.Write(LogLevel.Info, "stopped", "drained and stopped");
        return 0;
    }

    private void StartWorker(int index, Housekeeping housekeeping)
    {
        var @namespace = _options.Node?.Namespace ?? housekeeping.Namespace;
        var worker = new Worker(index, _snapshots, housekeeping, _metrics.Shards[index], @namespace, _health)
        {
            Hop = _options.Hop,
            Denials = new DenialLog(_log),
        };
        if (_options.HasIdentity)
        {
            worker.Security = new HopSecurity(new TlsStage(worker, _metrics.Shards[index].TlsRefusals));
            housekeeping.Identities.Attach(worker.Security);
        }

        var listeners = new ListenerSet(worker, sharePort: _options.Reactors > 1, _log);
        worker.Loop.OnFault = fault => _log.Write(LogLevel.Error, "bug", fault.ToString());
        worker.OnConfigured = () => listeners.Reconcile(_snapshots.Current);
        if (index == 0)
        {
            // One reactor probes for all.
            var checkers = new HealthCheckers(worker, _log);
            _checkers = checkers;
            worker.OnConfigured += () => checkers.Reconcile(_snapshots.Current);
        }

        worker.OnTick = listeners.Retry;
        worker.MeasuresAllocations = _options.Testing;
        worker.Loop.Post(worker.OnConfigured);
        var thread = new Thread(worker.Loop.Run) { Name = $"reactor-{index}", IsBackground = true };
        thread.Start();
        _workers.Add((worker, listeners, thread));
    }

    private void AwaitReady()
    {
        var start = Stopwatch.GetTimestamp();
        while (!_drainOrEnd.Wait(Poll))
        {
            var complete = _workers.TrueForAll(w => w.Listeners.Complete);
            if (complete || (Stopwatch.GetElapsedTime(start) > RoutesTime && _workers.TrueForAll(w => w.Listeners.Bound)))
            {
                _lifecycle.State = LifecycleState.Serving;
                _log.Write(LogLevel.Info, "ready", complete ? "serving" : "serving; a listener still waits for its routes or clusters");
                return;
            }
        }
    }

    /// <summary>Inbound: accept and answer with "close" while callers learn that the endpoint is gone, then finish.</summary>
    private void DrainInbound()
    {
        _lifecycle.State = LifecycleState.Draining;
        _log.Write(LogLevel.Info, "draining", "finishing what is in flight");
        EachWorker(static (worker, _) => worker.DrainsInbound = true);
        Until(WithdrawalTime, w => w.InboundConnections == 0);
        EachWorker(static (worker, listeners) =>
        {
            listeners.Close(inbound: true);
            worker.CloseIdle(inbound: true);
        });
        Until(InFlightTime, w => w.InboundConnections == 0);
        EachWorker(static (worker, _) => worker.CutOff(inbound: true));
        Until(CutOffTime, w => w.InboundConnections == 0);
        _lifecycle.State = LifecycleState.Drained;
    }

    /// <summary>Outbound: the application is gone or about to; what it still waits for is finished.</summary>
    private void DrainOutbound()
    {
        EachWorker(static (worker, listeners) =>
        {
            worker.Stops = true;
            listeners.Close(inbound: false);
            worker.CloseIdle(inbound: false);
        });
        Until(InFlightTime, w => w.InFlight == 0);
        EachWorker(static (worker, _) => worker.CutOff(inbound: false));
        Until(CutOffTime, w => w.OpenConnections == 0);
    }

    private void EachWorker(Action<Worker, ListenerSet> action)
    {
        foreach (var (worker, listeners, _) in _workers)
        {
            worker.Loop.Post(() => action(worker, listeners));
        }
    }

    private void Until(TimeSpan limit, Func<Worker, bool> condition)
    {
        var start = Stopwatch.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        do
        {
            // First the pause: what was posted just before must have run.
            pause.Wait(Poll);
        }
        while (!_workers.TrueForAll(w => condition(w.Worker)) && Stopwatch.GetElapsedTime(start) < limit);
    }

    private IDisposable? StartAdmin(Housekeeping housekeeping, out string error)
    {
        error = "";
        if (_options.Admin is not { } address)
        {
            return null;
        }

        return AdminServer.Start(
            address,
            new AdminContext
            {
                Options = _options,
                Snapshots = _snapshots,
                Metrics = _metrics,
                Lifecycle = _lifecycle,
                Housekeeping = housekeeping,
                Log = _log,
                DescribeEndpoint = Describe,
                HealthCheckers = () => _checkers,
            },
            out error);
    }

    /// <summary>Live state of an endpoint over all reactors; read while they run, so the numbers are of almost the same moment.</summary>
    private void Describe(EndpointConfig endpoint, Utf8JsonWriter json)
    {
        var inFlight = 0;
        var idle = 0;
        var ejected = false;
        var latency = 0.0;
        foreach (var (worker, _, _) in _workers)
        {
            if (worker.Clusters.Peek(endpoint.Slot) is { } state)
            {
                inFlight += state.InFlight;
                idle += state.Idle;
                ejected |= state.IsEjected(worker.Loop.NowMs);
                latency = Math.Max(latency, state.LatencyMicros);
            }
        }

        json.WriteNumber("requestsInFlight"u8, inFlight);
        json.WriteNumber("idleConnections"u8, idle);
        json.WriteBoolean("ejected"u8, ejected);
        if (_checkers?.Find(endpoint.Slot) is { } checker)
        {
            json.WriteBoolean("healthy"u8, checker.IsHealthy);
        }

        json.WriteNumber("peakEwmaMs"u8, Math.Round(latency / 1000, 3));
    }
}
