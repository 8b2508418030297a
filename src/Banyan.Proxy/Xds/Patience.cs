namespace Banyan.Proxy.Xds;

/// <summary>How long the control plane may be silent before it is asked whether it is still there. Used by one thread.</summary>
/// <remarks>
/// With another one to turn to, a host that is gone without a word is noticed within 1.5 s. A control plane that was too busy to
/// answer in time must not lose its proxies to the next, which they would make as busy: who left because of silence is more patient
/// with the next one. Who was told that it asks too often never asks so often again: servers of gRPC allow one PING in five minutes
/// unless they are told otherwise (gRFC A8).
/// </remarks>
internal sealed class Patience(bool hasOthers)
{
    /// <summary>Silence that nobody can do anything about.</summary>
    private const long LongestMs = 20_000;

    private const long ShortestMs = 1_000;

    /// <summary>No server asks for more.</summary>
    private const long HighestFloorMs = 600_000;

    /// <summary>A connection that lasted so long proves that the patience was right.</summary>
    private static readonly TimeSpan Steady = TimeSpan.FromMinutes(1);

    private long _silenceMs = hasOthers ? ShortestMs : LongestMs;
    private long _floorMs;

    /// <summary>Silence after which to ask, milliseconds; the answer has half of that.</summary>
    public long Ms => Math.Max(_silenceMs, _floorMs);

    /// <summary>A connection is over.</summary>
    /// <param name="silent">It was given up because of silence.</param>
    /// <param name="tooOften">The other end gave it up because it was asked too often.</param>
    /// <param name="lasted">From its beginning.</param>
    public void Ended(bool silent, bool tooOften, TimeSpan lasted)
    {
        if (tooOften)
        {
            _floorMs = Math.Min(Ms * 2, HighestFloorMs);
        }

        var before = hasOthers && lasted >= Steady ? ShortestMs : _silenceMs;
        _silenceMs = silent ? Math.Min(before * 2, LongestMs) : before;
    }
}
