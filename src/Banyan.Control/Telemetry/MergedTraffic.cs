using Banyan.Control.Api;
using Banyan.Rules;

namespace Banyan.Control.Telemetry;

/// <summary>Counts of several sidecars added up: replicas of one workload become one source.</summary>
internal sealed class MergedTraffic
{
    private const string Client = "client";
    private const int MaxBucket = LogLinear.SubBuckets * LogLinear.Octaves;

    private readonly Dictionary<TrafficEdge, Sum> _sums = [];

    /// <summary>Adds one sidecar's report.</summary>
    public void Add(string source, EdgeReport report)
    {
        foreach (var edge in report.Edges)
        {
            var peer = edge.PeerIdentity ?? "";
            var own = peer.Length > 0 ? report.Identity ?? "" : "";
            var key = new TrafficEdge
            {
                Source = source,
                Direction = edge.Direction,
                Service = edge.Service,
                Namespace = edge.Namespace,
                Port = edge.Port,
                Version = edge.Version,
                Workload = edge.Workload,
                Route = edge.Route,
                Method = edge.Method,
                Status = edge.Status,
                Mtls = edge.Mtls,
                SourceIdentity = edge.Direction == Client ? own : peer,
                DestinationIdentity = edge.Direction == Client ? peer : own,
            };
            if (!_sums.TryGetValue(key, out var sum))
            {
                _sums[key] = sum = new Sum();
            }

            sum.Count += edge.Count;
            sum.Micros += edge.SumMicros;
            foreach (var bucket in edge.Buckets)
            {
                if (bucket is [>= 0 and < MaxBucket, > 0])
                {
                    var index = (int)bucket[0];
                    sum.Buckets[index] = sum.Buckets.GetValueOrDefault(index) + bucket[1];
                }
            }
        }
    }

    /// <summary>The sums with their percentiles.</summary>
    public List<TrafficEdge> ToEdges(bool raw) => [.. _sums
        .Select(pair => pair.Key with
        {
            Count = pair.Value.Count,
            SumMicros = pair.Value.Micros,
            Buckets = raw ? [.. pair.Value.Buckets.Select(bucket => new[] { bucket.Key, bucket.Value })] : null,
            P50 = pair.Value.Percentile(0.50),
            P95 = pair.Value.Percentile(0.95),
            P99 = pair.Value.Percentile(0.99),
        })
        .OrderBy(edge => edge.Source, StringComparer.Ordinal)
        .ThenBy(edge => edge.Direction, StringComparer.Ordinal)
        .ThenBy(edge => edge.Namespace, StringComparer.Ordinal)
        .ThenBy(edge => edge.Service, StringComparer.Ordinal)
        .ThenBy(edge => edge.Version, StringComparer.Ordinal)
        .ThenBy(edge => edge.Route, StringComparer.Ordinal)
        .ThenBy(edge => edge.Method, StringComparer.Ordinal)
        .ThenBy(edge => edge.Status)];

    private sealed class Sum
    {
        public long Count { get; set; }

        public long Micros { get; set; }

        public SortedDictionary<int, long> Buckets { get; } = [];

        /// <summary>In milliseconds, of the requests that were timed; 0 without any.</summary>
        public double Percentile(double quantile) => Math.Round(LogLinear.Quantile(Buckets, quantile) / 1000, 3);
    }
}
