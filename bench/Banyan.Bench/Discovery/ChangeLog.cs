using System.Collections.Concurrent;
using System.Diagnostics;

namespace Banyan.Bench.Discovery;

/// <summary>
/// When each change was made and by how many proxies it was acknowledged. Changes of one thing (a slot: a replica that
/// moves, or the route) are numbered; who has acknowledged one has acknowledged those before it.
/// </summary>
/// <remarks>Changes are begun by any thread; acknowledgements come from the fleet's alone.</remarks>
internal sealed class ChangeLog(int proxies)
{
    /// <summary>The slot of the route; those of replicas come before it.</summary>
    public const int Route = SimulatedMesh.Shared * SimulatedMesh.Movers;

    public const int Slots = Route + 1;

    private const int Most = 8192;

    private readonly long[][] _begun = [.. Enumerable.Range(0, Slots).Select(_ => new long[Most])];
    private readonly int[][] _reached = [.. Enumerable.Range(0, Slots).Select(_ => new int[Most])];
    private readonly int[] _numbers = new int[Slots];
    private readonly ConcurrentDictionary<(int Slot, int Number), TaskCompletionSource<TimeSpan>> _waiting = new();

    /// <summary>How old changes were when they were acknowledged, one for each proxy and change.</summary>
    public Staleness Staleness { get; } = new();

    /// <summary>Begins the next change of a slot.</summary>
    /// <param name="slot">What changes.</param>
    /// <param name="intended">When it was due, as a timestamp of <see cref="Stopwatch"/>.</param>
    /// <returns>Its number, and the time until the last proxy has acknowledged it.</returns>
    public (int Number, Task<TimeSpan> Acknowledged) Begin(int slot, long intended)
    {
        var number = Interlocked.Increment(ref _numbers[slot]);
        Volatile.Write(ref _begun[slot][number], intended);
        var source = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[(slot, number)] = source;
        return (number, source.Task);
    }

    /// <summary>A proxy acknowledged a change, and with it those after the one it had.</summary>
    public void Acknowledge(int slot, ref int had, int number)
    {
        var now = Stopwatch.GetTimestamp();
        for (var each = had + 1; each <= number; each++)
        {
            var age = TimeSpan.FromSeconds((double)(now - Volatile.Read(ref _begun[slot][each])) / Stopwatch.Frequency);
            Staleness.Add(age);
            if (++_reached[slot][each] == proxies && _waiting.TryRemove((slot, each), out var source))
            {
                source.TrySetResult(age);
            }
        }

        had = Math.Max(had, number);
    }
}

/// <summary>A histogram of ages in steps of 50 microseconds, up to ten seconds.</summary>
internal sealed class Staleness
{
    private const double Steps = 20_000;

    private readonly long[] _counts = new long[200_001];

    public void Add(TimeSpan age) => _counts[Math.Clamp((int)(age.TotalSeconds * Steps), 0, _counts.Length - 1)]++;

    public void Clear() => Array.Clear(_counts);

    /// <summary>In milliseconds.</summary>
    public double At(double quantile)
    {
        var wanted = (long)Math.Ceiling(_counts.Sum() * quantile);
        var seen = 0L;
        for (var i = 0; i < _counts.Length; i++)
        {
            seen += _counts[i];
            if (seen >= wanted)
            {
                return i * 1000 / Steps;
            }
        }

        return 0;
    }
}
