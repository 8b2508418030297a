using Banyan.Xds;
using Google.Protobuf.WellKnownTypes;

namespace Banyan.Model;

/// <summary>A rule's <c>retry</c> to a RetryPolicy.</summary>
internal static class RetryTranslator
{
    private const string On = "connect-failure,reset,retriable-status-codes";

    private const uint DefaultRetries = 2;

    private static readonly uint[] DefaultCodes = [502, 503, 504];

    // The least that xDS takes.
    private static readonly TimeSpan LeastPause = TimeSpan.FromMilliseconds(1);

    /// <summary>The policy of one match of the rule; null where nothing is sent again.</summary>
    public static RetryPolicy? Translate(HttpRouteRule rule, HttpRouteMatch match)
    {
        if (rule.Retry is not { Attempts: not 0 } retry || !RetryPromises.MayRepeat(match.Method))
        {
            return null;
        }

        var policy = new RetryPolicy { RetryOn = On, NumRetries = (uint?)retry.Attempts ?? DefaultRetries };
        policy.RetriableStatusCodes.AddRange(retry.Codes.Count == 0
            ? DefaultCodes
            : retry.Codes.Where(code => RetryPromises.Codes.Contains(code)).Select(code => (uint)code));
        if (rule.Timeouts?.BackendRequest is { Ticks: > 0 } attempt)
        {
            policy.PerTryTimeout = Duration.FromTimeSpan(attempt);
        }

        if (retry.Backoff is { } pause)
        {
            var first = pause < LeastPause ? LeastPause : pause;
            policy.RetryBackOff = new RetryPolicy.Types.RetryBackOff { BaseInterval = Duration.FromTimeSpan(first) };
        }

        return policy;
    }
}
