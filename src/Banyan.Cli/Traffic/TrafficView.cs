using Banyan.Control.Api;
using Banyan.Model;
using Banyan.Rules;

namespace Banyan.Cli.Traffic;

/// <summary>
/// Turns the proxies' counters, which only grow, into what happened since a starting point, by service and version.
/// </summary>
/// <remarks>Only callers' sidecars are counted: they know what the caller saw, retries and refusals included.</remarks>
internal sealed class TrafficView
{
    private readonly TrafficDocument? _start;
    private TrafficDocument? _last;
    private TrafficDocument? _previous;

    /// <param name="start">What was counted before; nothing counts from the proxies' own beginning.</param>
    public TrafficView(TrafficDocument? start) => _start = start;

    /// <summary>Takes a new reading.</summary>
    public void Add(TrafficDocument reading)
    {
        _previous = _last ?? _start;
        _last = reading;
    }

    /// <summary>What happened since the starting point.</summary>
    public IReadOnlyList<ServiceRow> Rows()
    {
        if (_last is null)
        {
            return [];
        }

        var total = Sum(_last, _start);
        var recent = Sum(_last, _previous);
        var seconds = _previous is null ? 0 : (_last.At - _previous.At).TotalSeconds;
        return
        [
            .. total
                .OrderBy(entry => entry.Key.Service, StringComparer.Ordinal)
                .ThenBy(entry => entry.Key.Version, StringComparer.Ordinal)
                .Select(entry => Row(entry.Key, entry.Value, Requests(total, entry.Key.Service), recent, seconds)),
        ];
    }

    /// <summary>Who called whom within the mesh since the starting point, and how that was secured.</summary>
    public IReadOnlyList<SecuredEdge> Edges() => _last is null ? [] : SecuredEdge.Of(New(_last, _start).Select(each => new ReportedEdge
    {
        Reporter = each.Edge.Source,
        Direction = each.Edge.Direction,
        Service = each.Edge.Service,
        Namespace = each.Edge.Namespace,
        Port = each.Edge.Port,
        Workload = each.Edge.Workload,
        Mtls = each.Edge.Mtls,
        SourceIdentity = each.Edge.SourceIdentity,
        DestinationIdentity = each.Edge.DestinationIdentity,
        Count = each.Requests,
    }));

    private static long Requests(Dictionary<(string Service, string Version), Sums> sums, string service) =>
        sums.Where(entry => entry.Key.Service == service).Sum(entry => entry.Value.Requests);

    private static ServiceRow Row(
        (string Service, string Version) key, Sums sums, long all, Dictionary<(string, string), Sums> recent, double seconds) => new(
        key.Service,
        key.Version,
        sums.Requests,
        Round(1 - ((double)sums.Failed / sums.Requests)),
        sums.Quantile(0.50),
        sums.Quantile(0.95),
        sums.Quantile(0.99),
        Round((double)sums.Requests / all))
    {
        Failed = sums.Failed,
        Rate = seconds > 0 && recent.TryGetValue(key, out var lately) ? lately.Requests / seconds : 0,
    };

    private static double Round(double value) => Math.Round(value, 4);

    private static Dictionary<(string Service, string Version), Sums> Sum(TrafficDocument reading, TrafficDocument? before)
    {
        var sums = new Dictionary<(string, string), Sums>();
        foreach (var (edge, old, requests) in New(reading, before))
        {
            var service = edge.Namespace is ObjectMeta.DefaultNamespace or "" ? edge.Service : $"{edge.Service}.{edge.Namespace}";
            if (!sums.TryGetValue((service, edge.Version), out var sum))
            {
                sums[(service, edge.Version)] = sum = new Sums();
            }

            sum.Add(edge, old, requests);
        }

        return sums;
    }

    /// <summary>What callers' sidecars counted since, with what they had counted before.</summary>
    private static IEnumerable<(TrafficEdge Edge, TrafficEdge? Old, long Requests)> New(TrafficDocument reading, TrafficDocument? before)
    {
        var earlier = new Dictionary<object, TrafficEdge>();
        foreach (var edge in before?.Edges ?? [])
        {
            earlier[Identity(edge)] = edge;
        }

        foreach (var edge in reading.Edges.Where(edge => edge.Direction == "client"))
        {
            // A counter smaller than before belongs to a sidecar that was restarted and began anew.
            earlier.TryGetValue(Identity(edge), out var old);
            old = old?.Count > edge.Count ? null : old;
            var requests = edge.Count - (old?.Count ?? 0);
            if (requests > 0)
            {
                yield return (edge, old, requests);
            }
        }
    }

    private static object Identity(TrafficEdge edge) => (
        edge.Source, edge.Direction, edge.Service, edge.Namespace, edge.Port, edge.Version, edge.Workload,
        (edge.Route, edge.Method, edge.Status, edge.Mtls, edge.SourceIdentity, edge.DestinationIdentity));

    /// <summary>Requests, failures and the histogram of one version.</summary>
    private sealed class Sums
    {
        private readonly SortedDictionary<int, long> _buckets = [];

        public long Requests { get; private set; }

        public long Failed { get; private set; }

        public void Add(TrafficEdge edge, TrafficEdge? old, long requests)
        {
            Requests += requests;
            Failed += edge.Status is 0 or >= 500 ? requests : 0;
            Merge(edge.Buckets, 1);
            Merge(old?.Buckets, -1);
        }

        /// <summary>In milliseconds.</summary>
        public double Quantile(double quantile) => Math.Round(LogLinear.Quantile(_buckets, quantile) / 1000, 3);

        private void Merge(IReadOnlyList<long[]>? buckets, int sign)
        {
            foreach (var bucket in buckets ?? [])
            {
                var index = (int)bucket[0];
                _buckets[index] = _buckets.GetValueOrDefault(index) + (sign * bucket[1]);
            }
        }
    }
}
