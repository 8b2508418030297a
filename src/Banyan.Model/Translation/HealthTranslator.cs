using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>A workload's health check to a cluster's.</summary>
internal static class HealthTranslator
{
    private const int Http1Codec = 0;
    private const int Http2Codec = 1;

    public static HealthCheck Translate(HealthPlan plan)
    {
        var health = plan.Health;
        var check = new HealthCheck
        {
            Timeout = Duration.FromTimeSpan(health.Timeout),
            Interval = Duration.FromTimeSpan(health.Interval),
            UnhealthyThreshold = (uint)health.UnhealthyAfter,
            HealthyThreshold = (uint)health.HealthyAfter,
        };
        if (health.Grpc is { } service)
        {
            check.GrpcHealthCheck = new HealthCheck.Types.GrpcHealthCheck { ServiceName = service };
        }
        else if (health.Tcp)
        {
            check.TcpHealthCheck = new HealthCheck.Types.TcpHealthCheck();
        }
        else
        {
            check.HttpHealthCheck = new HealthCheck.Types.HttpHealthCheck
            {
                Path = health.Http,
                CodecClientType = plan.Http2 ? Http2Codec : Http1Codec,
                ExpectedStatuses = { new Int64Range { Start = 200, End = 300 } },

                // Without it one bad answer would be enough, whatever unhealthyAfter says.
                RetriableStatuses = { new Int64Range { Start = 100, End = 600 } },
            };
        }

        return check;
    }
}
