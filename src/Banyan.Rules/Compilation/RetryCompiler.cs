using Banyan.Xds;

namespace Banyan.Rules.Compilation;

/// <summary>Compiles retry policies.</summary>
internal static class RetryCompiler
{
    private const int MaxStatusCodes = 64;

    public static RetryRule? Compile(RetryPolicy? policy, TimeSpan requestTimeout, CompileErrors errors, string at)
    {
        if (policy is null)
        {
            return null;
        }

        var conditions = RetryConditions.None;
        foreach (var word in policy.RetryOn.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var condition = Parse(word);
            if (condition == RetryConditions.None)
            {
                errors.Add($"{at}.retry_on", $"'{word}' is not supported");
            }

            conditions |= condition;
        }

        var retries = policy.NumRetries ?? 1;
        if (retries > RouteLimits.Retries)
        {
            errors.Add($"{at}.num_retries", $"at most {RouteLimits.Retries}, not {retries}");
        }

        if (policy.RetriableStatusCodes.Count > MaxStatusCodes || policy.RetriableStatusCodes.Any(code => code is < 200 or > 599))
        {
            errors.Add($"{at}.retriable_status_codes", $"at most {MaxStatusCodes}, from 200 to 599");
            return null;
        }

        var perTry = DurationReader.Read(policy.PerTryTimeout, TimeSpan.Zero, errors, $"{at}.per_try_timeout");
        if (requestTimeout > TimeSpan.Zero && perTry > requestTimeout)
        {
            errors.Add($"{at}.per_try_timeout", $"{perTry.TotalSeconds} s is longer than the request timeout, {requestTimeout.TotalSeconds} s");
        }

        var first = DurationReader.Read(policy.RetryBackOff?.BaseInterval, TimeSpan.FromMilliseconds(25), errors, $"{at}.retry_back_off.base_interval");
        var longest = DurationReader.Read(policy.RetryBackOff?.MaxInterval, first * 10, errors, $"{at}.retry_back_off.max_interval");
        if (first == TimeSpan.Zero || longest < first)
        {
            errors.Add($"{at}.retry_back_off", "base_interval must be above 0 and not above max_interval");
        }

        return conditions == RetryConditions.None || retries == 0
            ? null
            : new RetryRule
            {
                Conditions = conditions,
                StatusCodes = [.. policy.RetriableStatusCodes.Select(code => (ushort)code)],
                Retries = (int)retries,
                PerTryTimeout = perTry,
                BaseInterval = first,
                MaxInterval = longest,
            };
    }

    private static RetryConditions Parse(string word) => word switch
    {
        "5xx" => RetryConditions.ServerError,
        "gateway-error" => RetryConditions.GatewayError,
        "reset" => RetryConditions.Reset,
        "reset-before-request" => RetryConditions.ResetBeforeRequest,
        "connect-failure" => RetryConditions.ConnectFailure,
        "refused-stream" => RetryConditions.RefusedStream,
        "retriable-4xx" => RetryConditions.Conflict,
        "retriable-status-codes" => RetryConditions.StatusCodes,
        "cancelled" => RetryConditions.GrpcCancelled,
        "deadline-exceeded" => RetryConditions.GrpcDeadlineExceeded,
        "internal" => RetryConditions.GrpcInternal,
        "resource-exhausted" => RetryConditions.GrpcResourceExhausted,
        "unavailable" => RetryConditions.GrpcUnavailable,
        _ => RetryConditions.None,
    };
}
