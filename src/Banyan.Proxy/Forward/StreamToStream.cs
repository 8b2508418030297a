using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>Relays a body from one stream to another: data, trailers, the end.</summary>
internal static class StreamToStream
{
    internal static async ReactorTask<RelayEnd> Copy(Exchange x, Http2Stream from, Http2Stream to, bool upload)
    {
        while (true)
        {
            if (Pump.Stops(x, upload))
            {
                return RelayEnd.Stopped;
            }

            var moved = Move(from, to);
            if (moved > 0)
            {
                x.Moved(moved);
            }

            if (to.EndSent)
            {
                return RelayEnd.Done;
            }

            if (to.IsReset)
            {
                return RelayEnd.SinkBroken;
            }

            var starved = from.Unread.IsEmpty && !from.EndReceived;
            if (starved && from.IsReset)
            {
                return Pump.Broken(x, from, upload);
            }

            var deadline = Pump.Deadline(x, upload);
            var wait = starved ? await from.Readable(deadline) : await to.Writable(deadline);
            if (wait == Wait.TimedOut && Pump.TimedOut(x, upload) is { } end)
            {
                return end;
            }
        }
    }

    private static int Move(Http2Stream from, Http2Stream to)
    {
        var moved = 0;
        while (!to.EndSent && !to.IsReset)
        {
            var piece = from.Unread;
            if (piece.IsEmpty)
            {
                if (from.EndReceived)
                {
                    End(from, to);
                }

                break;
            }

            var last = from.EndReceived && !from.HasMore && from.Trailers is null;
            var wanted = piece.Length;
            var sent = to.Connection.SendData(to, piece, last);
            from.Consume(sent);
            moved += sent;
            if (sent < wanted)
            {
                break;
            }
        }

        return moved;
    }

    private static void End(Http2Stream from, Http2Stream to)
    {
        // The empty line alone is no trailer section: every field was one that may not stand there.
        if (from.Trailers is { Count: > 2 } trailers)
        {
            to.Connection.SendTrailers(to, trailers.Valid);
        }
        else
        {
            to.Connection.SendData(to, default, end: true);
        }
    }
}
