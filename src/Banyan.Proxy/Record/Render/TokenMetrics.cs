using Banyan.Rules.Tokens;

namespace Banyan.Proxy.Record.Render;

/// <summary>Tokens that were not accepted, by reason.</summary>
internal static class TokenMetrics
{
    private const string Refusals = "banyan_token_refusals";

    public static void Write(ExpositionWriter writer, MetricsShards metrics)
    {
        writer.Family(Refusals, "counter", "Requests whose token was not accepted, by reason.");
        for (var refusal = TokenRefusal.None + 1; (int)refusal < TokenRefusals.Count; refusal++)
        {
            var sum = 0L;
            foreach (var shard in metrics.Shards)
            {
                sum += Volatile.Read(ref shard.TokenRefusals[(int)refusal]);
            }

            // What never happened has no line: most reasons never do.
            if (sum > 0)
            {
                writer.Sample(Refusals + "_total", $"reason=\"{refusal.Label()}\"", sum);
            }
        }
    }
}
