using Banyan.Proxy.Http;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Policy;

/// <summary>Stage "decide" after a failed attempt: whether the request is sent again.</summary>
internal static class Retry
{
    /// <summary>Attempts of one request, the first included, without any policy.</summary>
    private const int MaxAttempts = 4;

    /// <summary>True when sending again is provably safe, possible and within the budget.</summary>
    internal static bool Allows(Exchange x, Failure failure)
    {
        if (failure == Failure.None || !failure.Row().Retryable || !x.Replayable || x.Answered || x.Attempts >= MaxAttempts || x.Aborted != Failure.None)
        {
            return false;
        }

        if (x.StaleConnection)
        {
            // Not a second try: the first never left.
            return true;
        }

        if (x.Cluster!.Kind == ClusterKind.External)
        {
            return false;
        }

        var state = x.Worker.Clusters.Of(x.Cluster);
        if (state.Eligible.Length < 2)
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
}
