using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Health;

/// <summary>The checkers of all endpoints that are to be probed, kept equal to the snapshot. The first reactor has them.</summary>
internal sealed class HealthCheckers(Worker worker, ProxyLog log)
{
    private readonly Dictionary<int, HealthChecker> _checkers = [];
    private readonly long[] _outcomes = new long[(int)ProbeOutcome.Verdict + 1];
    private volatile HealthChecker[] _all = [];

    /// <summary>Those of now; readable from any thread.</summary>
    internal HealthChecker[] All => _all;

    /// <summary>Probes so far that came to this; readable from any thread.</summary>
    internal long Count(ProbeOutcome outcome) => Volatile.Read(ref _outcomes[(int)outcome]);

    /// <summary>Starts, updates and stops; called on the worker's thread for every snapshot.</summary>
    internal void Reconcile(MeshSnapshot snapshot)
    {
        var wanted = new Dictionary<int, (ClusterConfig Cluster, EndpointConfig Endpoint)>();
        foreach (var cluster in snapshot.AllTargets.SelectMany(target => target.Clusters).Where(each => each.Health is not null))
        {
            foreach (var endpoint in cluster.Endpoints.Where(each => each is { IsChecked: true, Draining: false }))
            {
                wanted[endpoint.Slot] = (cluster, endpoint);
            }
        }

        var changed = Stop(wanted);
        foreach (var (slot, (cluster, endpoint)) in wanted)
        {
            if (_checkers.TryGetValue(slot, out var checker))
            {
                checker.Use(cluster.Health!, endpoint);
                continue;
            }

            changed = true;
            checker = new HealthChecker(worker, log, _outcomes, cluster, endpoint);
            _checkers.Add(slot, checker);
            checker.Run().Forget();
        }

        if (changed)
        {
            _all = [.. _checkers.Values];
        }
    }

    /// <summary>The checker of an endpoint; null when it is not probed. Readable from any thread.</summary>
    internal HealthChecker? Find(int slot) => Array.Find(_all, each => each.Endpoint.Slot == slot);

    private bool Stop(Dictionary<int, (ClusterConfig Cluster, EndpointConfig Endpoint)> wanted)
    {
        var changed = false;
        foreach (var (slot, checker) in _checkers)
        {
            // A slot passes to another address only after a long time, but it does.
            if (!wanted.TryGetValue(slot, out var kept) || !kept.Endpoint.Address.Equals(checker.Endpoint.Address))
            {
                checker.Stop();
                _checkers.Remove(slot);
                changed = true;
            }
        }

        return changed;
    }
}
