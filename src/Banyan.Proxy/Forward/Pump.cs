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
    internal static PumpEnd? TimedOut(Exchange x, bool upload) =>
        !upload && x.Worker.Loop.NowMs >= x.Deadline ? PumpEnd.Late
        : x.Worker.Loop.NowMs >= x.IdleUntil ? PumpEnd.Idle
        : null;

    /// <summary>A stream ended before its body did; the client hears the same code.</summary>
    internal static PumpEnd Broken(Exchange x, Http2Stream from, bool upload)
    {
        if (!upload && from.ResetByPeer)
        {
            x.ResetCode = from.ResetCode;
        }

        return from.Malformed ? PumpEnd.Malformed : PumpEnd.SourceBroken;
    }

    /// <summary>Sends a range of an array that stays valid meanwhile.</summary>
    internal static async ReactorTask<PumpEnd> Send(Exchange x, Http2Stream to, byte[] bytes, int start, int end, bool last, bool upload)
    {
        while (true)
        {
            var sent = to.Connection.SendData(to, bytes.AsSpan(start, end - start), last);
            start += sent;
            x.Moved(sent);
            if (start == end)
            {
                return to.IsReset ? PumpEnd.SinkBroken : PumpEnd.Done;
            }

            if (to.IsReset)
            {
                return PumpEnd.SinkBroken;
            }

            var wait = await to.Writable(Deadline(x, upload));
            if (Stops(x, upload))
            {
                return PumpEnd.Stopped;
            }

            if (wait == Wait.TimedOut && TimedOut(x, upload) is { } late)
            {
                return late;
            }
        }
    }
}
