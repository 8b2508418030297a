using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Banyan.Proxy.Xds;

/// <summary>Which of several control planes a proxy turns to, and when. No I/O; used by one thread.</summary>
/// <remarks>
/// Every node has an order of its own, the same after each start: proxies spread over the replicas, and those of a replica that is
/// lost spread over all that remain.
/// </remarks>
internal sealed class ControlPlanes
{
    /// <summary>A stream that served so long has nothing to do with the failures before it.</summary>
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan Quiet = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Uri[] _order;
    private int _at;
    private int _tried;
    private bool _roundAnswered;
    private int _failedRounds;

    /// <param name="node">Who asks.</param>
    /// <param name="addresses">At least one, in any order.</param>
    public ControlPlanes(string node, IEnumerable<Uri> addresses) =>
        _order = [.. addresses.OrderBy(address => Rank(node, address)).ThenBy(static address => address.ToString(), StringComparer.Ordinal)];

    /// <summary>Whom to ask.</summary>
    public Uri Current => _order[_at];

    /// <summary>Whether there is another one to turn to.</summary>
    public bool HasOthers => _order.Length > 1;

    /// <summary>An attempt is over: turns to the next one. Returns for how long to wait before: only a whole round that failed is a
    /// reason to.</summary>
    /// <param name="answered">A message came.</param>
    /// <param name="lasted">From the attempt to its end.</param>
    public TimeSpan Next(bool answered, TimeSpan lasted)
    {
        // A stream on which nothing was new is as good, once it lasted longer than any attempt that fails.
        answered |= lasted >= Quiet;
        if (answered && lasted >= Steady)
        {
            (_tried, _roundAnswered, _failedRounds) = (0, false, 0);
        }

        _at = (_at + 1) % _order.Length;
        _roundAnswered |= answered;
        if (++_tried < _order.Length)
        {
            return TimeSpan.Zero;
        }

        _failedRounds = _roundAnswered ? 0 : _failedRounds + 1;
        (_tried, _roundAnswered) = (0, false);
        return PauseAfter(_failedRounds);
    }

    /// <summary>100 ms doubling to 5 s, half of it random, so that a fleet does not come back as one.</summary>
    internal static TimeSpan PauseAfter(int failures)
    {
        var full = FirstPause * Math.Pow(2, Math.Min(failures, 10));
        var capped = full < LongestPause ? full : LongestPause;
        return capped * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    private static ulong Rank(string node, Uri address) =>
        BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"{node} {address}")));
}
