using Banyan.Proxy.Reactor;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Match;

/// <summary>Exchanges of one worker that wait until the control plane has answered for a name.</summary>
internal sealed class DiscoveryWaits(Worker worker, IDiscovery discovery)
{
    /// <summary>A control plane that is connected answers in milliseconds; this is the end of patience.</summary>
    private const long TimeoutMs = 1000;

    private readonly Dictionary<string, List<Gate>> _waiting = new(StringComparer.Ordinal);

    /// <summary>Waits until the name is known or known to be missing in <see cref="SnapshotHolder.Current"/>; false when time is up.</summary>
    internal async ReactorTask<bool> Await(string name)
    {
        discovery.Want(name);
        if (IsSettled(worker.Snapshots.Current, name))
        {
            return true;
        }

        if (!_waiting.TryGetValue(name, out var gates))
        {
            gates = [];
            _waiting.Add(name, gates);
        }

        var gate = new Gate(worker.Loop);
        gates.Add(gate);
        var outcome = await gate.Until(worker.Loop.NowMs + TimeoutMs);
        if (outcome != Wait.TimedOut)
        {
            return true;
        }

        gates.Remove(gate);
        if (gates.Count == 0)
        {
            _waiting.Remove(name);
        }

        return false;
    }

    internal void OnSnapshot(MeshSnapshot snapshot)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        foreach (var (name, gates) in _waiting)
        {
            if (IsSettled(snapshot, name))
            {
                _waiting.Remove(name);
                foreach (var gate in gates)
                {
                    gate.Open();
                }
            }
        }
    }

    private static bool IsSettled(MeshSnapshot snapshot, string name) =>
        snapshot.Targets.ContainsKey(name) || snapshot.Missing.Contains(name);
}
