using Banyan.Model;
using Banyan.Xds;

namespace Banyan.Control.Reports;

/// <summary>Who called without mutual TLS, as the sidecars of both sides reported it.</summary>
internal static class PlaintextCallers
{
    /// <summary>So far back what was seen counts.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromHours(24);

    /// <summary>Finds them, by the service port that they called.</summary>
    /// <param name="edges">The matrix of at least the time that counts.</param>
    /// <param name="from">Its begin.</param>
    public static IReadOnlyDictionary<(string Namespace, string Service, int Port), List<PlaintextCaller>> Of(
        IEnumerable<KeyValuePair<EdgeIdentity, EdgeSum>> edges, DateTimeOffset from)
    {
        var since = from.ToUnixTimeMilliseconds();
        var found = new Dictionary<(string, string, int), List<PlaintextCaller>>();
        foreach (var port in edges
            .Where(each => each.Key.Mtls == 0 && each.Value.Count > 0 && each.Value.LastSeen >= since)
            .GroupBy(each => (each.Key.Namespace, each.Key.Service, each.Key.Port)))
        {
            // Calls are counted where they arrive. Of those some may be told by the caller's side: by name.
            var arrived = port.Where(each => each.Key.Direction == (int)EdgeRecord.Types.Direction.Server).ToList();
            if (arrived.Count == 0)
            {
                continue;
            }

            var named = port.Where(each => each.Key.Direction == (int)EdgeRecord.Types.Direction.Client)
                .GroupBy(each => each.Key.Reporter, StringComparer.Ordinal)
                .OrderBy(each => each.Key, StringComparer.Ordinal)
                .Select(each => Caller(each.Key, each)).ToList();
            var others = arrived.Sum(each => each.Value.Count) - named.Sum(each => each.Count);
            if (others > 0)
            {
                named.Add(Caller("", arrived) with { Count = others });
            }

            found[port.Key] = named;
        }

        return found;
    }

    private static PlaintextCaller Caller(string name, IEnumerable<KeyValuePair<EdgeIdentity, EdgeSum>> edges) => new(
        name,
        edges.Sum(each => each.Value.Count),
        DateTimeOffset.FromUnixTimeMilliseconds(edges.Max(each => each.Value.LastSeen)));
}

/// <summary>Who called without mutual TLS.</summary>
/// <param name="Name">NAMESPACE/WORKLOAD; empty: nobody knows, for no sidecar of this mesh told it.</param>
/// <param name="Count">How many calls, or connections.</param>
/// <param name="LastSeen">When, to the period of a report.</param>
internal sealed record PlaintextCaller(string Name, long Count, DateTimeOffset LastSeen)
{
    /// <inheritdoc />
    public override string ToString() =>
        $"{(Name.Length > 0 ? Name : "callers without a sidecar")} ({Count} calls, the last at {LastSeen:u})";
}
