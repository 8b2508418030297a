namespace Banyan.Proxy.Record.Render;

/// <summary>The numbers of <see cref="Counter"/>, summed over the reactors.</summary>
internal static class ReactorMetrics
{
    public static void Write(ExpositionWriter writer, MetricsShards metrics)
    {
        for (var counter = (Counter)0; (int)counter < Counters.Count; counter++)
        {
            var declaration = Counters.Of(counter);
            writer.Single(
                declaration.Name,
                declaration.Kind == CounterKind.Counter ? "counter" : "gauge",
                declaration.Help,
                Sum(metrics, counter));
        }
    }

    /// <summary>One number over all reactors.</summary>
    public static long Sum(MetricsShards metrics, Counter counter)
    {
        var sum = 0L;
        foreach (var shard in metrics.Shards)
        {
            sum += Volatile.Read(ref shard.Counters[(int)counter]);
        }

        return sum;
    }
}
