using Banyan.Proxy.Reactor;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Balance;

/// <summary>What one worker knows of one cluster: the endpoints to choose from, and its share of the limits.</summary>
internal sealed class ClusterState(Worker worker)
{
    private readonly Queue<Gate> _pending = new();

    internal ClusterConfig? Config { get; private set; }

    /// <summary>Endpoints that take new requests.</summary>
    internal EndpointState[] Eligible { get; private set; } = [];

    internal RetryBudget Budget { get; } = new();

    /// <summary>Open connections to all endpoints.</summary>
    internal int Connections { get; set; }

    /// <summary>Requests that wait for a connection.</summary>
    internal int Pending => _pending.Count;

    /// <summary><see cref="EndpointHealth.Version"/> of what <see cref="Eligible"/> was made from.</summary>
    internal int HealthVersion { get; private set; }

    internal void Use(ClusterConfig config, ClusterTable table)
    {
        Config = config;
        HealthVersion = worker.Health.Version;
        var eligible = new List<EndpointState>(config.Endpoints.Length);
        foreach (var endpoint in config.Endpoints)
        {
            var state = table.Endpoint(endpoint);
            if (!endpoint.Draining && (config.Health is null || worker.Health.IsHealthy(endpoint.Slot)))
            {
                eligible.Add(state);
            }
        }

        Eligible = [.. eligible];
    }

    /// <summary>P2C over peak EWMA: two at random, the cheaper one; ejected endpoints only when no other is left.</summary>
    internal EndpointState? Pick(ref XorShift random, EndpointState? avoid)
    {
        var all = Eligible;
        if (all.Length < 2)
        {
            return all.Length == 0 ? null : all[0];
        }

        var now = worker.Loop.NowMs;
        var i = (int)random.Below((uint)all.Length);
        var j = (int)random.Below((uint)(all.Length - 1));
        j = j >= i ? j + 1 : j;
        var a = all[i];
        var b = all[j];
        var aUsable = !a.IsEjected(now) && a != avoid;
        var bUsable = !b.IsEjected(now) && b != avoid;
        if (aUsable && bUsable)
        {
            return a.Cost(now) <= b.Cost(now) ? a : b;
        }

        if (aUsable || bUsable)
        {
            return aUsable ? a : b;
        }

        return Scan(all, i, now, avoid);
    }

    /// <summary>P2C over what is under way: for connections, whose duration says nothing about latency.</summary>
    internal EndpointState? PickFewest(ref XorShift random, EndpointState? avoid)
    {
        var all = Eligible;
        if (all.Length < 2)
        {
            return all.Length == 0 ? null : all[0];
        }

        var now = worker.Loop.NowMs;
        var i = (int)random.Below((uint)all.Length);
        var j = (int)random.Below((uint)(all.Length - 1));
        var a = all[i];
        var b = all[j >= i ? j + 1 : j];
        var fewest = a.InFlight <= b.InFlight ? a : b;
        return fewest.IsEjected(now) || fewest == avoid ? Scan(all, i, now, avoid) : fewest;
    }

    /// <summary>Gives up an idle connection to any endpoint, so that one to another can be opened; false when all are in use.</summary>
    internal bool CloseOneIdle()
    {
        foreach (var endpoint in Eligible)
        {
            if (endpoint.CloseOldest() || endpoint.Http2.CloseIdle(worker.Loop.NowMs, 0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Waits for a connection to come free; false when time is up or too many wait.</summary>
    internal async ReactorTask<bool> AwaitConnection(long deadline)
    {
        if (_pending.Count >= Config!.MaxPending)
        {
            return false;
        }

        var gate = new Gate(worker.Loop);
        _pending.Enqueue(gate);
        return await gate.Until(deadline) == Wait.Ready;
    }

    /// <summary>A connection became idle or closed: the longest waiting request may have it.</summary>
    internal void ConnectionFreed()
    {
        while (_pending.TryDequeue(out var gate))
        {
            if (!gate.IsCompleted)
            {
                gate.Open();
                return;
            }
        }
    }

    private static EndpointState Scan(EndpointState[] all, int start, long now, EndpointState? avoid)
    {
        EndpointState? ejected = null;
        for (var k = 0; k < all.Length; k++)
        {
            var candidate = all[(start + k) % all.Length];
            if (candidate != avoid && !candidate.IsEjected(now))
            {
                return candidate;
            }

            ejected = candidate != avoid ? candidate : ejected;
        }

        // Panic: better a bad endpoint than none.
        return ejected ?? all[start];
    }
}
