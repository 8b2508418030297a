namespace Banyan.Cli.Up;

/// <summary>How long to wait before a process is started again: 1 s doubling to 30 s, a fifth of it by chance.</summary>
internal sealed class Backoff(Random random)
{
    /// <summary>A process that was ready for this long begins anew with the shortest wait.</summary>
    public static readonly TimeSpan Healthy = TimeSpan.FromSeconds(10);

    private const double FirstSeconds = 1;
    private const double LongestSeconds = 30;
    private const double Jitter = 0.2;

    private int _failures;

    /// <summary>Restarts since it was last healthy.</summary>
    public int Failures => _failures;

    /// <summary>The next wait.</summary>
    /// <param name="readyFor">How long the process was ready before it ended.</param>
    public TimeSpan Next(TimeSpan readyFor)
    {
        if (readyFor >= Healthy)
        {
            _failures = 0;
        }

        var seconds = Math.Min(LongestSeconds, FirstSeconds * Math.Pow(2, Math.Min(_failures, 10)));
        _failures++;
        return TimeSpan.FromSeconds(seconds * (1 - Jitter + (2 * Jitter * random.NextDouble())));
    }
}
