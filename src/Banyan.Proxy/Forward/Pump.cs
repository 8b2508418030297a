using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>What all relays of bodies with a stream in them have in common.</summary>
internal static class Pump
{
    internal static bool Stops(Exchange x, bool upload) => x.Aborted != Failure.None || (upload && x.StopUpload);

    internal static long Deadline(Exchange x, bool upload) => upload ? x.IdleUntil : Math.Min(x.Deadline, x.IdleUntil);

    /// <summary>Why the time is up, or null when it is not: bytes moved in the other direction meanwhile.</summary>
    internal static RelayEnd? TimedOut(Exchange x, bool upload) =>
        !upload && x.Worker.Loop.NowMs >= x.Deadline ? RelayEnd.Late
        : x.Worker.Loop.NowMs >= x.IdleUntil ? RelayEnd.Idle
        : null;

    /// <summary>A stream ended before its body did; the client hears the same code.</summary>
    internal static RelayEnd Broken(Exchange x, Http2Stream from, bool upload)
    {
        if (!upload && from.ResetByPeer)
        {
            x.ResetCode = from.ResetCode;
        }

        return from.Malformed ? RelayEnd.Malformed : RelayEnd.SourceBroken;
    }

    /// <summary>Sends a range of an array that stays valid meanwhile.</summary>
    internal static async ReactorTask<RelayEnd> Send(Exchange x, Http2Stream to, byte[] bytes, int start, int end, bool last, bool upload)
    {
        while (true)
        {
            var sent = to.Connection.SendData(to, bytes.AsSpan(start, end - start), last);
            start += sent;
            if (sent > 0)
            {
                x.Moved(sent);
            }

            if (start == end)
            {
                return to.IsReset ? RelayEnd.SinkBroken : RelayEnd.Done;
            }

            if (to.IsReset)
            {
                return RelayEnd.SinkBroken;
            }

            // Whoever stopped it may have done so while nobody waited here.
            if (Stops(x, upload))
            {
                return RelayEnd.Stopped;
            }

            var wait = await to.Writable(Deadline(x, upload));
            if (Stops(x, upload))
            {
                return RelayEnd.Stopped;
            }

            if (wait == Wait.TimedOut && TimedOut(x, upload) is { } late)
            {
                return late;
            }
        }
    }
}
