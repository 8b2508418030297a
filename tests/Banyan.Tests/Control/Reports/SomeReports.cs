using Banyan.Xds;

namespace Banyan.Tests.Control.Reports;

internal static class SomeReports
{
    /// <summary>Calls of payments by web.</summary>
    public static EdgeReport Report(ulong sequence, int count, ulong epoch = 7, string node = "default/web/0") => new()
    {
        Node = node,
        Epoch = epoch,
        Sequence = sequence,
        FromUnixMs = 1_000,
        ToUnixMs = 2_000,
        Edges =
        {
            new EdgeRecord
            {
                Direction = EdgeRecord.Types.Direction.Client,
                Protocol = EdgeRecord.Types.Protocol.Http,
                Service = "payments",
                Namespace = "default",
                Port = 80,
                Workload = "payments-v1",
                Version = "v1",
                Route = "default",
                Method = "GET",
                Status = 200,
                Count = (ulong)count,
                SumMicros = (ulong)count * 10,
                BucketIndices = { 10 },
                BucketCounts = { (ulong)count },
            },
        },
    };
}
