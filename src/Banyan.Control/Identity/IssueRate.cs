namespace Banyan.Control.Identity;

/// <summary>
/// Bounds how many certificates an identity gets: many at once, since all replicas of a workload share it, and then a
/// steady few. Only who has proved an identity is counted, so there are never more entries than identities.
/// </summary>
/// <remarks>Safe on any thread.</remarks>
internal sealed class IssueRate(TimeProvider time)
{
    /// <summary>So many at once.</summary>
    public const int Burst = 1000;

    /// <summary>So many a second after that.</summary>
    public const int PerSecond = 20;

    private readonly Dictionary<SpiffeId, Allowance> _left = [];
    private readonly Lock _gate = new();

    /// <summary>Takes one; false when there is none left at the moment.</summary>
    public bool TryTake(SpiffeId identity)
    {
        var now = time.GetTimestamp();
        lock (_gate)
        {
            var left = Burst * 1.0;
            if (_left.TryGetValue(identity, out var had))
            {
                left = Math.Min(Burst, had.Left + (time.GetElapsedTime(had.At, now).TotalSeconds * PerSecond));
            }

            var isGiven = left >= 1;
            _left[identity] = new Allowance(isGiven ? left - 1 : left, now);
            return isGiven;
        }
    }

    private readonly record struct Allowance(double Left, long At);
}
