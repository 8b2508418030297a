using Banyan.Proxy.Forward;

namespace Banyan.Proxy.Record.Render;

/// <summary>The relayed connections of one label set over all reactors.</summary>
internal sealed class TcpTotals
{
    public Histogram Durations { get; } = new();

    public long Opened { get; private set; }

    public long ToDestination { get; private set; }

    public long ToSource { get; private set; }

    public long[] Closed { get; } = new long[TcpCell.Ends];

    public long[] Failed { get; } = new long[(int)Failure.UpgradeRefused + 1];

    /// <summary>Connections open now.</summary>
    public long Active => Opened - Closed.Sum();

    /// <summary>Sums as of now.</summary>
    public static Dictionary<TcpKey, TcpTotals> Collect(MetricsShards metrics)
    {
        var totals = new Dictionary<TcpKey, TcpTotals>();
        foreach (var shard in metrics.Shards)
        {
            foreach (var cell in shard.Tcp.All)
            {
                if (!totals.TryGetValue(cell.Key, out var sum))
                {
                    totals.Add(cell.Key, sum = new TcpTotals());
                }

                sum.Add(cell);
            }
        }

        return totals;
    }

    private void Add(TcpCell cell)
    {
        // What has ended before what has begun: a connection that is opened and closed meanwhile must not count as -1 active.
        for (var end = 0; end < Closed.Length; end++)
        {
            Closed[end] += cell.ClosedCount((PumpEnd)end);
        }

        for (var failure = 0; failure < Failed.Length; failure++)
        {
            Failed[failure] += cell.FailedCount((Failure)failure);
        }

        Opened += cell.OpenedCount;
        ToDestination += cell.ToDestination;
        ToSource += cell.ToSource;
        cell.Durations.AddTo(Durations);
    }
}
