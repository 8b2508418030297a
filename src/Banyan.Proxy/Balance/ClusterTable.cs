using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Balance;

/// <summary>State of clusters and endpoints of one worker, by their slots in the snapshot.</summary>
internal sealed class ClusterTable(Worker worker)
{
    private ClusterState?[] _clusters = new ClusterState?[16];
    private EndpointState?[] _endpoints = new EndpointState?[16];

    /// <summary>State of that cluster, brought up to date with the configuration the exchange uses.</summary>
    internal ClusterState Of(ClusterConfig config)
    {
        if (config.Slot >= _clusters.Length)
        {
            Array.Resize(ref _clusters, Math.Max(config.Slot + 1, _clusters.Length * 2));
        }

        var state = _clusters[config.Slot] ??= new ClusterState(worker);
        if (!ReferenceEquals(state.Config, config)
            || (config.Health is not null && state.HealthVersion != worker.Health.Version))
        {
            state.Use(config, this);
        }

        return state;
    }

    /// <summary>State of the endpoint in that slot, if requests met it; readable from any thread.</summary>
    internal EndpointState? Peek(int slot)
    {
        var endpoints = Volatile.Read(ref _endpoints);
        return slot < endpoints.Length ? Volatile.Read(ref endpoints[slot]) : null;
    }

    internal EndpointState Endpoint(EndpointConfig config)
    {
        if (config.Slot >= _endpoints.Length)
        {
            Array.Resize(ref _endpoints, Math.Max(config.Slot + 1, _endpoints.Length * 2));
        }

        ref var state = ref _endpoints[config.Slot];
        if (state is null || !state.Config.Address.Equals(config.Address))
        {
            state?.CloseIdle(long.MaxValue);
            state = new EndpointState(worker, config);
        }
        else if (config.Revision > state.Config.Revision)
        {
            // Not back to what an older request still knows: it would be called as it must not be any more.
            if (!state.Config.IsSecuredAs(config))
            {
                // A connection that is open was made to whom it might not be made any more.
                state.CloseIdle(long.MaxValue);
            }

            state.Config = config;
        }

        return state;
    }

    /// <summary>Closes idle connections to endpoints that vanished or drain; those in use follow when they are given back.</summary>
    internal void OnSnapshot(MeshSnapshot snapshot)
    {
        var live = new HashSet<int>();
        foreach (var target in snapshot.AllTargets)
        {
            Collect(target, live);
        }

        foreach (var state in _endpoints)
        {
            if (state is null)
            {
                continue;
            }

            state.IsLeaving = !live.Contains(state.Config.Slot);
            if (state.IsLeaving)
            {
                state.CloseIdle(long.MaxValue);
            }
        }
    }

    internal void CloseIdle(long nowMs)
    {
        foreach (var state in _endpoints)
        {
            state?.CloseIdle(nowMs);
        }
    }

    private static void Collect(TargetConfig target, HashSet<int> live)
    {
        foreach (var cluster in target.Clusters)
        {
            foreach (var endpoint in cluster.Endpoints)
            {
                if (!endpoint.Draining)
                {
                    live.Add(endpoint.Slot);
                }
            }
        }
    }
}
