using System.Text;
using Banyan.Rules;
using Banyan.Xds;

namespace Banyan.Control.Reports;

/// <summary>What a report must be like before it is counted: a proxy is trusted no further.</summary>
internal static class ReportCheck
{
    /// <summary>Label sets in one report.</summary>
    public const int MostEdges = 2_000;

    /// <summary>Characters of each text.</summary>
    public const int LongestText = 512;

    /// <summary>Of the texts of one edge together: they are a key, and those have a limit in PostgreSQL.</summary>
    public const int MostTextBytes = 1900;

    private const int Buckets = LogLinear.SubBuckets * LogLinear.Octaves;

    /// <summary>Numbers above are no counts: sums of them must not overflow.</summary>
    private const ulong MostCount = 1UL << 50;

    /// <summary>Null, or what is wrong with it.</summary>
    public static string? Problem(EdgeReport report)
    {
        if (Encoding.UTF8.GetByteCount(report.Node) > LongestText || report.Node.Contains('\0')
            || report.Node.Split('/') is not [{ Length: > 0 }, { Length: > 0 }, { Length: > 0 }])
        {
            return "node: NAMESPACE/WORKLOAD/REPLICA is needed";
        }

        if (report.Sequence is 0 or > MostCount)
        {
            return "sequence: reports are numbered from 1";
        }

        if (report.Edges.Count > MostEdges)
        {
            return $"edges: at most {MostEdges}";
        }

        var limit = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
        if (report.FromUnixMs < 0 || report.ToUnixMs < report.FromUnixMs || report.ToUnixMs > limit)
        {
            return "from_unix_ms, to_unix_ms: not a period";
        }

        for (var i = 0; i < report.Edges.Count; i++)
        {
            if (Problem(report.Edges[i]) is { } problem)
            {
                return $"edges[{i}].{problem}";
            }
        }

        return null;
    }

    private static string? Problem(EdgeRecord edge)
    {
        if (edge.Direction is not (EdgeRecord.Types.Direction.Client or EdgeRecord.Types.Direction.Server))
        {
            return $"direction: {(int)edge.Direction} is not known";
        }

        if (edge.Protocol is EdgeRecord.Types.Protocol.Unspecified or > EdgeRecord.Types.Protocol.Tcp)
        {
            return $"protocol: {(int)edge.Protocol} is not known";
        }

        var bytes = 0;
        foreach (var text in (ReadOnlySpan<string>)
        [
            edge.Service, edge.Namespace, edge.Workload, edge.Version, edge.Route, edge.Method,
            edge.SourceIdentity, edge.DestinationIdentity,
        ])
        {
            if (text.Length > LongestText || text.Contains('\0'))
            {
                return $"a text is longer than {LongestText} characters, or has a zero in it";
            }

            bytes += Encoding.UTF8.GetByteCount(text);
        }

        if (bytes > MostTextBytes)
        {
            return $"texts of more than {MostTextBytes} bytes together";
        }

        if (edge.Port > ushort.MaxValue || edge.Status > 999 || edge.GrpcStatusPlusOne > 128)
        {
            return "port, status, grpc_status_plus_one: out of range";
        }

        if (edge.Count > MostCount || edge.SumMicros > MostCount
            || edge.BytesToDestination > MostCount || edge.BytesToSource > MostCount)
        {
            return "count, sum_micros, bytes: out of range";
        }

        if (edge.BucketIndices.Count != edge.BucketCounts.Count || edge.BucketIndices.Count > Buckets)
        {
            return "bucket_indices, bucket_counts: of different lengths";
        }

        return edge.BucketIndices.Any(index => index >= Buckets) || edge.BucketCounts.Any(count => count > MostCount)
            ? "bucket_indices, bucket_counts: out of range"
            : null;
    }
}
