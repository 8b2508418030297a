namespace Banyan.Proxy.Balance;

/// <summary>Retries to one destination: 20 % of the requests of the last 10 s, at least 10 a second.</summary>
/// <remarks>Ten buckets of one second each; private to one worker.</remarks>
internal sealed class RetryBudget
{
    private const int Buckets = 10;
    private const int MinPerSecond = 10;
    private const double Share = 0.2;

    private readonly int[] _requests = new int[Buckets];
    private readonly int[] _retries = new int[Buckets];
    private long _second;

    internal void CountRequest(long nowMs)
    {
        Roll(nowMs);
        _requests[_second % Buckets]++;
    }

    /// <summary>Takes one retry from the budget, if there is one left.</summary>
    internal bool TryTake(long nowMs)
    {
        Roll(nowMs);
        var requests = 0;
        var retries = 0;
        for (var i = 0; i < Buckets; i++)
        {
            requests += _requests[i];
            retries += _retries[i];
        }

        if (retries >= Math.Max(requests * Share, MinPerSecond * Buckets))
        {
            return false;
        }

        _retries[_second % Buckets]++;
        return true;
    }

    private void Roll(long nowMs)
    {
        var second = nowMs / 1000;
        if (second == _second)
        {
            return;
        }

        for (var s = Math.Max(_second + 1, second - Buckets + 1); s <= second; s++)
        {
            _requests[s % Buckets] = 0;
            _retries[s % Buckets] = 0;
        }

        _second = second;
    }
}
