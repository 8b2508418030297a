using Banyan.Xds;

namespace Banyan.Control.Reports;

/// <summary>What reports say of each workload: whom it calls, and how its callers fared.</summary>
internal sealed class SeenTraffic
{
    private readonly Dictionary<string, SortedSet<string>> _called = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Namespace, string Workload), (long Calls, long Failed)> _counts = [];

    private SeenTraffic()
    {
    }

    /// <summary>Adds up what callers' sidecars saw; what the callee's own saw are the same calls once more.</summary>
    public static SeenTraffic Of(IEnumerable<KeyValuePair<EdgeIdentity, EdgeSum>> edges)
    {
        var seen = new SeenTraffic();
        foreach (var (edge, sum) in edges.Where(each => each.Key.Direction == (int)EdgeRecord.Types.Direction.Client))
        {
            if (!seen._called.TryGetValue(edge.Reporter, out var called))
            {
                seen._called.Add(edge.Reporter, called = new SortedSet<string>(StringComparer.Ordinal));
            }

            called.Add(edge.Namespace.Length > 0 ? $"{edge.Service}.{edge.Namespace}" : edge.Service);
            var key = (edge.Namespace, edge.Workload);
            var (calls, failed) = seen._counts.GetValueOrDefault(key);
            seen._counts[key] = (calls + sum.Count, failed + (IsFailure(edge) ? sum.Count : 0));
        }

        return seen;
    }

    /// <summary>The services that a workload called, NAMESPACE/WORKLOAD.</summary>
    public IReadOnlyList<string> CalledBy(string workload) => [.. _called.GetValueOrDefault(workload) ?? []];

    /// <summary>How often a workload was called.</summary>
    public long CallsOf(string scope, string workload) => _counts.GetValueOrDefault((scope, workload)).Calls;

    /// <summary>How many of those calls failed by its fault.</summary>
    public long FailedOf(string scope, string workload) => _counts.GetValueOrDefault((scope, workload)).Failed;

    /// <summary>What counts against an endpoint when it is ejected, too.</summary>
    private static bool IsFailure(EdgeIdentity edge)
    {
        const int Unknown = 2, Internal = 13, Unavailable = 14, DataLoss = 15;
        return edge.GrpcStatus >= 0
            ? edge.GrpcStatus is Unknown or Internal or Unavailable or DataLoss
            : edge.Status >= 500;
    }
}
