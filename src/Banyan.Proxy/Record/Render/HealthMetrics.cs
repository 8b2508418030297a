using Banyan.Proxy.Health;

namespace Banyan.Proxy.Record.Render;

/// <summary>Probes and what they have found.</summary>
internal static class HealthMetrics
{
    private const string Checks = "banyan_health_checks";
    private const string Healthy = "banyan_endpoint_healthy";

    public static void Write(ExpositionWriter writer, HealthCheckers? checkers)
    {
        writer.Family(Checks, "counter", "Probes of endpoints, by result.");
        Result("success", Count(ProbeOutcome.Success));
        Result("failure", Count(ProbeOutcome.Failure) + Count(ProbeOutcome.Verdict));
        Result("timeout", Count(ProbeOutcome.Timeout));

        // Beyond the limit of label sets an endpoint has no series: folded together they would say nothing.
        writer.Family(Healthy, "gauge", "1 while the endpoint is healthy by its probes.");
        foreach (var checker in (checkers?.All ?? []).Take(LabelLimit<int>.Limit))
        {
            var labels = new LabelText().Add("cluster", checker.Cluster).Add("address", checker.Endpoint.Address.ToString());
            writer.Sample(Healthy, labels.ToString(), checker.IsHealthy ? 1 : 0);
        }

        long Count(ProbeOutcome outcome) => checkers?.Count(outcome) ?? 0;

        void Result(string result, long count) => writer.Sample(Checks + "_total", $"result=\"{result}\"", count);
    }
}
