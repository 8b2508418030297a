using Banyan.Proxy.Accept;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Http;

/// <summary>Stage "parse": waits for a request head. Idle connections own neither buffer nor exchange.</summary>
internal static class Receive
{
    /// <summary>Idle time of a client's connection between requests, milliseconds.</summary>
    private const long IdleMs = 300_000;

    /// <summary>Waits until bytes are there; false when the connection is over.</summary>
    internal static async ReactorTask<bool> FirstBytes(Downstream client)
    {
        while (client.In is null)
        {
            if (client.Worker.IsOver(client.Acceptor.Config.Role))
            {
                return false;
            }

            if (await client.Sock.Readable(client.Worker.Loop.NowMs + IdleMs) != Wait.Ready)
            {
                return false;
            }

            var buffer = client.Worker.Buffers.Rent(BufferPool.Small);
            var n = client.Sock.TryRead(buffer.Room);
            if (n > 0)
            {
                buffer.End = n;
                client.In = buffer;
                return true;
            }

            client.Worker.Buffers.Return(buffer);
            if (n != Sock.WouldBlock)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Parses the head, reading on as long as it is incomplete. The first attempt is synchronous: see <see cref="Parse"/>.</summary>
    internal static async ReactorTask<Failure> RestOfHead(Exchange x)
    {
        var client = x.Client;
        var deadline = Deadline(x);
        while (true)
        {
            var failure = Parse(x, out var complete);
            if (failure != Failure.None || complete)
            {
                return failure;
            }

            if (client.In!.Room.IsEmpty)
            {
                var grown = client.Worker.Buffers.MakeRoom(client.In);
                if (grown is null)
                {
                    return Failure.RequestHeadTooLarge;
                }

                client.In = grown;
            }

            switch (await client.Sock.Readable(deadline))
            {
                case Wait.TimedOut:
                    return Failure.RequestHeadTimeout;
                case Wait.Cancelled:
                    return Failure.ClientGone;
                default:
                    break;
            }

            var n = client.Sock.TryRead(client.In.Room);
            if (n > 0)
            {
                client.In.End += n;
            }
            else if (n != Sock.WouldBlock)
            {
                return Failure.ClientGone;
            }
        }
    }

    /// <summary>One attempt on what is there.</summary>
    internal static Failure Parse(Exchange x, out bool complete)
    {
        var status = RequestParser.Parse(x.Client.In!.Valid, x.Request);
        complete = status == ParseStatus.Complete;
        return status switch
        {
            ParseStatus.Malformed => Failure.MalformedRequest,
            ParseStatus.TooLarge => Failure.RequestHeadTooLarge,
            _ => Failure.None,
        };
    }

    private static long Deadline(Exchange x)
    {
        var timeout = (long)x.Listener.Http.HeadTimeout.TotalMilliseconds;
        return timeout == 0 ? long.MaxValue : x.Worker.Loop.NowMs + timeout;
    }
}
