namespace Banyan.Proxy.Record;

/// <summary>The label sets of all reactors, summed.</summary>
internal static class EdgeTotals
{
    /// <summary>Sums as of now.</summary>
    public static Dictionary<EdgeKey, Histogram> Collect(MetricsShards metrics)
    {
        var totals = new Dictionary<EdgeKey, Histogram>();
        foreach (var shard in metrics.Shards)
        {
            foreach (var cell in shard.Cells())
            {
                if (cell.Count == 0)
                {
                    continue;
                }

                if (!totals.TryGetValue(cell.Key, out var histogram))
                {
                    totals.Add(cell.Key, histogram = new Histogram());
                }

                cell.AddTo(histogram);
            }
        }

        return totals;
    }
}
