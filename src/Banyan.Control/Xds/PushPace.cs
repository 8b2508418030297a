namespace Banyan.Control.Xds;

/// <summary>
/// How soon changes may follow each other out, so that a storm of them leaves processors for everything else.
/// </summary>
/// <remarks>
/// There is no debounce: at rest a change leaves at once, and how long the next one waits follows from the processor
/// time that was used since. Streams that acknowledge quickly are otherwise pushed to again and again, until both ends
/// have nothing left; what waits leaves as one. Used under one lock.
/// </remarks>
/// <param name="time">A real clock, as the processor's is.</param>
/// <param name="cpu">Processor time of this process until now.</param>
/// <param name="cores">How many processors may be used while changes keep coming.</param>
internal sealed class PushPace(TimeProvider time, Func<TimeSpan> cpu, double cores)
{
    /// <summary>The longest wait, whatever else uses processors.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(250);

    // Less than half of two: a control plane beside its proxies must leave them more than it takes.
    private const double Share = 0.45;

    // More than a push costs. What else keeps processors busy, like the compiler of a young process, is not its fault.
    private static readonly TimeSpan MostPerStream = TimeSpan.FromMicroseconds(100);

    private TimeSpan _most;
    private long _begun;
    private TimeSpan _used;
    private bool _hasBegun;

    /// <summary>The pace of this process.</summary>
    public static PushPace OfProcess() =>
        new(TimeProvider.System, static () => Environment.CpuUsage.TotalTime, Environment.ProcessorCount * Share);

    /// <summary>How long the next change has to wait; zero or more.</summary>
    public TimeSpan Wait()
    {
        if (!_hasBegun)
        {
            return TimeSpan.Zero;
        }

        var used = cpu() - _used;
        var wait = ((used < _most ? used : _most) / cores) - time.GetElapsedTime(_begun);
        return wait < TimeSpan.Zero ? TimeSpan.Zero : wait < Longest ? wait : Longest;
    }

    /// <summary>A change leaves, to so many streams.</summary>
    public void Begin(int streams)
    {
        _hasBegun = true;
        _most = streams * MostPerStream;
        _begun = time.GetTimestamp();
        _used = cpu();
    }
}
