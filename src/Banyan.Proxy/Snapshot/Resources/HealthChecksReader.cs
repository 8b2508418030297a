using System.Text;
using Banyan.Xds;
using Google.Protobuf.Collections;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>Reads how a cluster's endpoints are probed.</summary>
internal static class HealthChecksReader
{
    private const string At = "health_checks[0]";
    private const int Http2Codec = 1;
    private const int GetMethod = 1;
    private const uint MostInARow = 1_000;
    private const int LongestText = 1_024;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(1);

    /// <summary>The one check; null when there is none, or one that is not supported.</summary>
    public static HealthCheckConfig? Read(Cluster cluster, Problems problems)
    {
        if (cluster.HealthChecks.Count == 0)
        {
            return null;
        }

        problems.AddIf(cluster.HealthChecks.Count > 1, "health_checks", "at most one is supported");
        var check = cluster.HealthChecks[0];
        problems.AddIf(check.Timeout is null, $"{At}.timeout", "missing");
        problems.AddIf(check.Interval is null, $"{At}.interval", "missing");
        var config = new HealthCheckConfig
        {
            Kind = HealthCheckKind.Tcp,
            Timeout = Durations.Read(check.Timeout, Longest, Shortest, Longest, $"{At}.timeout", problems),
            Interval = Durations.Read(check.Interval, Longest, Shortest, Longest, $"{At}.interval", problems),
            UnhealthyAfter = ReadCount(check.UnhealthyThreshold, $"{At}.unhealthy_threshold", problems),
            HealthyAfter = ReadCount(check.HealthyThreshold, $"{At}.healthy_threshold", problems),
        };
        switch (check.HealthCheckerCase)
        {
            case HealthCheck.HealthCheckerOneofCase.HttpHealthCheck:
                return ReadHttp(check.HttpHealthCheck, config, problems);
            case HealthCheck.HealthCheckerOneofCase.TcpHealthCheck:
                return config;
            case HealthCheck.HealthCheckerOneofCase.GrpcHealthCheck:
                return ReadGrpc(check.GrpcHealthCheck, config, problems);
            default:
                problems.Add(At, "http_health_check, tcp_health_check or grpc_health_check is needed");
                return null;
        }
    }

    private static HealthCheckConfig ReadHttp(HealthCheck.Types.HttpHealthCheck http, HealthCheckConfig config, Problems problems)
    {
        const string Field = $"{At}.http_health_check";
        problems.AddIf(http.CodecClientType is < 0 or > Http2Codec, $"{Field}.codec_client_type", "must be HTTP1 or HTTP2");
        problems.AddIf(http.Method is < 0 or > GetMethod, $"{Field}.method", "only GET is supported");
        problems.AddIf(!IsText(http.Path) || http.Path[0] != '/', $"{Field}.path", "must begin with / and hold no spaces");
        problems.AddIf(http.Host.Length > 0 && !IsText(http.Host), $"{Field}.host", "not a host");
        return config with
        {
            Kind = HealthCheckKind.Http,
            Path = http.Path,
            Host = http.Host,
            Http2 = http.CodecClientType == Http2Codec,
            Expected = ReadRanges(http.ExpectedStatuses, $"{Field}.expected_statuses", problems),
            Retriable = ReadRanges(http.RetriableStatuses, $"{Field}.retriable_statuses", problems),
        };
    }

    private static HealthCheckConfig ReadGrpc(HealthCheck.Types.GrpcHealthCheck grpc, HealthCheckConfig config, Problems problems)
    {
        const string Field = $"{At}.grpc_health_check";
        problems.AddIf(grpc.Authority.Length > 0 && !IsText(grpc.Authority), $"{Field}.authority", "not a host");
        problems.AddIf(
            Encoding.UTF8.GetByteCount(grpc.ServiceName) > LongestText, $"{Field}.service_name", $"longer than {LongestText} bytes");
        return config with { Kind = HealthCheckKind.Grpc, Http2 = true, Service = grpc.ServiceName, Host = grpc.Authority };
    }

    private static (int From, int Below)[] ReadRanges(RepeatedField<Int64Range> ranges, string field, Problems problems)
    {
        problems.AddIf(
            ranges.Any(range => range.Start < 100 || range.End > 600 || range.Start >= range.End) || ranges.Count > 100,
            field,
            "each from 100 and below 600, at most 100");
        return [.. ranges.Select(range => ((int)range.Start, (int)range.End))];
    }

    private static int ReadCount(uint? value, string field, Problems problems)
    {
        problems.AddIf(value is null or 0 or > MostInARow, field, $"must be from 1 to {MostInARow}");
        return (int)Math.Clamp(value ?? 1, 1, MostInARow);
    }

    // It becomes part of a request: nothing that could end a line or a field.
    private static bool IsText(string text) =>
        text.Length is > 0 and <= LongestText && text.All(static c => c is > ' ' and < '\x7f');
}
