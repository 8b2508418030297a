using System.Net;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Health;

/// <summary>Probes one endpoint until it is stopped, and says when its health changes.</summary>
/// <remarks>An endpoint is healthy until it has failed often enough. Belongs to one reactor; numbers may be read anywhere.</remarks>
internal sealed class HealthChecker
{
    /// <summary>Each pause is so much shorter or longer by chance, so that many checkers do not fall into step, percent.</summary>
    private const int JitterPercent = 10;

    private readonly Worker _worker;
    private readonly ProxyLog _log;
    private readonly Gate _pause;
    private readonly long[] _outcomes;
    private HealthCheckConfig _check;
    private int _successes;
    private int _failures;
    private bool _stopped;
    private bool _healthy = true;

    /// <summary>Makes one that does nothing yet.</summary>
    /// <param name="worker">On which it runs.</param>
    /// <param name="log">Gets a line for each change.</param>
    /// <param name="outcomes">Probes by <see cref="ProbeOutcome"/>, of all checkers together.</param>
    /// <param name="cluster">Whose endpoint it is.</param>
    /// <param name="endpoint">What is probed.</param>
    internal HealthChecker(Worker worker, ProxyLog log, long[] outcomes, ClusterConfig cluster, EndpointConfig endpoint)
    {
        _outcomes = outcomes;
        _worker = worker;
        _log = log;
        _pause = new Gate(worker.Loop);
        _check = cluster.Health!;
        Cluster = cluster.Name;
        Endpoint = endpoint;
    }

    internal string Cluster { get; }

    /// <summary>What is probed.</summary>
    internal EndpointConfig Endpoint { get; private set; }

    /// <summary>Readable from any thread.</summary>
    internal bool IsHealthy => Volatile.Read(ref _healthy);

    /// <summary>Takes what a new snapshot says; what was found so far stays.</summary>
    internal void Use(HealthCheckConfig check, EndpointConfig endpoint)
    {
        _check = check;
        Endpoint = endpoint;
    }

    internal async ReactorTask Run()
    {
        while (!_stopped)
        {
            var address = Endpoint.HealthPort == 0
                ? Endpoint.Address
                : new IPEndPoint(Endpoint.Address.Address, Endpoint.HealthPort);
            var peer = Endpoint is { Mtls: true, HealthPort: 0 } ? new TlsTarget(Endpoint.Identities, Endpoint.Address.ToString()) : null;
            var result = await Probe.Run(_worker, address, _check, _worker.Security, peer);
            if (_stopped)
            {
                return;
            }

            Judge(result);
            await _pause.Until(_worker.Loop.NowMs + Pause());
        }
    }

    /// <summary>Ends it; what is not probed is healthy.</summary>
    internal void Stop()
    {
        _stopped = true;
        _worker.Health.Set(Endpoint.Slot, healthy: true);
        _pause.Open(Wait.Cancelled);
    }

    private void Judge(ProbeResult result)
    {
        _outcomes[(int)result.Outcome]++;
        if (result.Outcome == ProbeOutcome.Success)
        {
            _failures = 0;
            if (++_successes >= _check.HealthyAfter && !_healthy)
            {
                Change(healthy: true, "");
            }

            return;
        }

        _successes = 0;
        _failures++;
        if (_healthy && (_failures >= _check.UnhealthyAfter || result.Outcome == ProbeOutcome.Verdict))
        {
            Change(healthy: false, result.Reason);
        }
    }

    private void Change(bool healthy, string reason)
    {
        Volatile.Write(ref _healthy, healthy);
        _worker.Health.Set(Endpoint.Slot, healthy);
        _log.Write(
            healthy ? LogLevel.Info : LogLevel.Warn,
            healthy ? "endpoint-healthy" : "endpoint-unhealthy",
            healthy ? "the endpoint is used again" : $"the endpoint is not used: it {reason}",
            new LogField("cluster", Cluster),
            new LogField("address", Endpoint.Address.ToString()));
    }

    private long Pause()
    {
        var interval = (long)_check.Interval.TotalMilliseconds;
        var jitter = interval * JitterPercent / 100;
        return Math.Max(1, interval - jitter + _worker.Loop.Random.Below((uint)(2 * jitter) + 1));
    }
}
