using System.Buffers.Text;
using Banyan.Proxy.Http;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Policy;

/// <summary>How long to wait before a retry that a policy allows: exponential with full jitter.</summary>
internal static class BackOff
{
    /// <summary>A destination that asks for more patience than this is not asked again; its caller hears of it.</summary>
    private const long LongestRetryAfterMs = 1_000;

    /// <summary>The wait in milliseconds; false when the caller's time, or its patience, does not reach so far.</summary>
    internal static bool Find(Exchange x, Failure failure, RetryRule rule, out long waitMs)
    {
        var loop = x.Worker.Loop;
        var first = (long)rule.BaseInterval.TotalMilliseconds;
        var longest = Math.Min((long)rule.MaxInterval.TotalMilliseconds, first << Math.Min(x.Attempts - 1, 16));
        waitMs = loop.Random.Below((uint)Math.Min(longest, int.MaxValue) + 1);
        if (failure == Failure.None)
        {
            var asked = RetryAfterMs(x);
            if (asked > LongestRetryAfterMs)
            {
                return false;
            }

            waitMs = Math.Max(waitMs, asked);
        }

        return waitMs < x.Deadline - loop.NowMs;
    }

    /// <summary>Retry-After of the response (RFC 9110 §10.2.3), 0 without one. A date counts as far away: clocks differ.</summary>
    private static long RetryAfterMs(Exchange x)
    {
        var index = x.Response.IndexOf(KnownField.RetryAfter);
        if (index < 0)
        {
            return 0;
        }

        var value = x.Response.Fields[index].Value(x.ResponseBytes);
        return Utf8Parser.TryParse(value, out uint seconds, out var used) && used == value.Length ? seconds * 1000L : long.MaxValue;
    }
}
