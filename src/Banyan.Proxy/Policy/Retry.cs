using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Policy;

/// <summary>Stage "decide" after an attempt: whether the request is sent again, and when.</summary>
internal static class Retry
{
    /// <summary>Attempts of one request, the first included, where sending again is safe without any policy.</summary>
    private const int MaxSafeAttempts = 4;

    /// <summary>True when the request may be sent again: provably undelivered, or allowed by its route; whole, and within
    /// the budget. <paramref name="waitMs"/> is the time to wait before.</summary>
    internal static bool Allows(Exchange x, Failure failure, out long waitMs)
    {
        waitMs = 0;
        var rule = x.Route!.Retry;
        if (failure == Failure.None && (rule is null || !rule.Covers(x.Response.StatusCode)))
        {
            return false;
        }

        if (!x.Replayable || x.Answered || x.Interim || x.Aborted != Failure.None)
        {
            return false;
        }

        if (x.StaleConnection)
        {
            // Not a second try: the first never left.
            return x.Attempts < MaxSafeAttempts;
        }

        if (x.Cluster!.Kind == ClusterKind.External)
        {
            return false;
        }

        var state = x.Worker.Clusters.Of(x.Cluster);
        var safe = failure.Row().Retryable && x.Attempts < MaxSafeAttempts && state.Eligible.Length > 1;
        if (!safe && !(rule is not null && Covers(rule, x, failure) && BackOff.Find(x, failure, rule, out waitMs)))
        {
            return false;
        }

        if (!state.Budget.TryTake(x.Worker.Loop.NowMs))
        {
            x.Worker.Count(Counter.RetriesOverBudget);
            return false;
        }

        x.Worker.Count(Counter.Retries);
        return true;
    }

    /// <summary>Lets go of what the last attempt left and waits; what it returns ended the exchange meanwhile.</summary>
    internal static async ReactorTask<Failure> Prepare(Exchange x, Failure failure, long waitMs)
    {
        if (failure == Failure.None)
        {
            await Attempt.Discard(x);
        }

        // From here on what is kept of the body begins at its first byte: should more come than may be kept, the whole streams.
        x.ClientStream?.Rewind();
        if (waitMs > 0)
        {
            await new Gate(x.Worker.Loop).Until(x.Worker.Loop.NowMs + waitMs);
        }

        return x.Aborted;
    }

    private static bool Covers(RetryRule rule, Exchange x, Failure failure)
    {
        if (x.Attempts > rule.Retries || !(failure.Row().Retryable || IsIdempotent(x.Request.Method)))
        {
            return false;
        }

        const RetryConditions AnyFailure = RetryConditions.ServerError | RetryConditions.GatewayError;
        return failure switch
        {
            Failure.None => true,
            Failure.ConnectFailed or Failure.ConnectTimeout or Failure.NotDelivered =>
                (rule.Conditions & (AnyFailure | RetryConditions.ConnectFailure)) != 0,

            // A request timeout before the deadline is the attempt's own: the caller still waits.
            Failure.RequestTimeout => x.Worker.Loop.NowMs < x.Deadline
                && (rule.Conditions & (AnyFailure | RetryConditions.Reset)) != 0,
            Failure.ResetBeforeHeaders => (rule.Conditions & (AnyFailure | RetryConditions.Reset)) != 0,
            _ => false,
        };
    }

    /// <summary>Sending twice has the effect of sending once (RFC 9110 §9.2.2).</summary>
    private static bool IsIdempotent(RequestMethod method) => method is RequestMethod.Get or RequestMethod.Head
        or RequestMethod.Options or RequestMethod.Trace or RequestMethod.Put or RequestMethod.Delete;
}
