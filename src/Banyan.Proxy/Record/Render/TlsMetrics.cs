using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Record.Render;

/// <summary>TLS connections that failed, by reason.</summary>
internal static class TlsMetrics
{
    private const string Refusals = "banyan_tls_refusals";

    public static void Write(ExpositionWriter writer, MetricsShards metrics)
    {
        writer.Family(Refusals, "counter", "TLS connections that were refused or failed, by reason.");
        for (var refusal = TlsRefusal.None + 1; (int)refusal < TlsRefusals.Count; refusal++)
        {
            var sum = 0L;
            foreach (var shard in metrics.Shards)
            {
                sum += Volatile.Read(ref shard.TlsRefusals[(int)refusal]);
            }

            // What never happened has no line: most reasons never do.
            if (sum > 0)
            {
                writer.Sample(Refusals + "_total", $"reason=\"{refusal.Label()}\"", sum);
            }
        }
    }
}
