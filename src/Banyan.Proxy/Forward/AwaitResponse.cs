using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Forward;

/// <summary>Stage "forward", inward: waits for the response head; interim responses pass on the way.</summary>
internal static class AwaitResponse
{
    internal static ReactorTask<Failure> Head(Exchange x) => x.UpstreamStream is { } stream ? OnStream(x, stream) : OnSocket(x);

    private static async ReactorTask<Failure> OnStream(Exchange x, Http2Stream stream)
    {
        x.Response.Reset();
        while (true)
        {
            if (x.Aborted != Failure.None)
            {
                return x.Aborted;
            }

            while (stream.Head is not null)
            {
                if (ResponseParser.Parse(stream.Head.Valid, x.Request.Method, x.Response) != ParseStatus.Complete)
                {
                    return Failure.MalformedResponse;
                }

                if (x.Response.StatusCode >= 200)
                {
                    return Frame(x, stream);
                }

                if (!await InterimOnStream(x, stream))
                {
                    return Failure.ClientGone;
                }
            }

            if (stream.IsReset)
            {
                return stream.Malformed ? Failure.MalformedResponse
                    : stream.ResetCode == ErrorCode.RefusedStream ? Refused(x, stream)
                    : Failure.ResetBeforeHeaders;
            }

            var wait = await stream.Readable(Math.Min(x.TryDeadline, x.IdleUntil));
            if (wait == Wait.TimedOut && x.Aborted == Failure.None)
            {
                if (x.Worker.Loop.NowMs >= x.TryDeadline)
                {
                    return Failure.RequestTimeout;
                }

                if (x.Worker.Loop.NowMs >= x.IdleUntil)
                {
                    return Failure.StreamIdle;
                }
            }
        }
    }

    /// <summary>What HTTP/1 says in fields, HTTP/2 says in frames: where the body ends.</summary>
    private static Failure Frame(Exchange x, Http2Stream stream)
    {
        var response = x.Response;
        response.Close = false;
        if (x.Request.Upgrade && response.StatusCode < 300)
        {
            // The answer to CONNECT has no body: what follows is the tunnel.
            response.Framing = BodyFraming.None;
            response.ContentLength = -1;
            return Failure.None;
        }

        var bodiless = x.Request.Method == RequestMethod.Head || response.StatusCode is 204 or 304;
        if (stream.EndReceived && stream.Unread.IsEmpty && stream.Trailers is null)
        {
            if (response.ContentLength > 0 && !bodiless)
            {
                return Failure.MalformedResponse;
            }

            response.Framing = BodyFraming.None;
            response.ContentLength = bodiless ? response.ContentLength : 0;
        }
        else if (!bodiless)
        {
            stream.Expected = response.ContentLength - stream.Received;
            if (response.ContentLength >= 0 && (stream.Expected < 0 || (stream.EndReceived && stream.Expected > 0)))
            {
                return Failure.MalformedResponse;
            }

            stream.Expected = response.ContentLength < 0 ? -1 : stream.Expected;

            // Trailers may follow a body of no bytes: a length would leave no place for them.
            response.Framing = response.ContentLength > 0 ? BodyFraming.Length : BodyFraming.Chunked;
        }

        return Failure.None;
    }

    private static Failure Refused(Exchange x, Http2Stream stream)
    {
        // Of a connection that ends, it says nothing about the endpoint.
        x.StaleConnection = stream.Connection.GoingAway;
        return Failure.NotDelivered;
    }

    private static async ReactorTask<bool> InterimOnStream(Exchange x, Http2Stream stream)
    {
        var sent = true;
        if (x.Request.Version == HttpVersion.Http11 && x.Response.StatusCode != 101)
        {
            x.Interim = true;
            sent = await SendInterim(x);
        }

        stream.Head!.Start += x.Response.Length;
        if (stream.Head.Count == 0)
        {
            x.Worker.Buffers.Return(stream.Head);
            stream.Head = null;
        }

        x.Response.Reset();
        return sent;
    }

    private static async ReactorTask<Failure> OnSocket(Exchange x)
    {
        var upstream = x.Upstream!;
        x.Response.Reset();
        while (true)
        {
            if (x.Aborted != Failure.None)
            {
                return x.Aborted;
            }

            var wait = await upstream.Sock.Readable(Math.Min(x.TryDeadline, x.IdleUntil));
            if (x.Aborted != Failure.None)
            {
                return x.Aborted;
            }

            if (wait != Wait.Ready)
            {
                if (wait != Wait.TimedOut || x.Worker.Loop.NowMs >= x.TryDeadline)
                {
                    return Failure.RequestTimeout;
                }

                if (x.Worker.Loop.NowMs >= x.IdleUntil)
                {
                    return Failure.StreamIdle;
                }

                // The request's body moved meanwhile.
                continue;
            }

            var failure = ReadOn(x, upstream);
            if (failure != Failure.None)
            {
                return failure;
            }

            while (upstream.In is not null)
            {
                var status = ResponseParser.Parse(upstream.In.Valid, x.Request.Method, x.Response);
                if (status == ParseStatus.Incomplete)
                {
                    break;
                }

                if (status != ParseStatus.Complete)
                {
                    return Failure.MalformedResponse;
                }

                if (x.Response.StatusCode is >= 200 or 101)
                {
                    return Judge(x);
                }

                if (!await Interim(x, upstream))
                {
                    return Failure.ClientGone;
                }
            }
        }
    }

    private static Failure ReadOn(Exchange x, Upstream upstream)
    {
        var buffers = x.Worker.Buffers;
        if (upstream.In is null)
        {
            upstream.In = buffers.Rent(BufferPool.Medium);
        }
        else if (upstream.In.Room.IsEmpty)
        {
            var larger = buffers.MakeRoom(upstream.In);
            if (larger is null)
            {
                return Failure.MalformedResponse;
            }

            upstream.In = larger;
        }

        var n = upstream.Sock.TryRead(upstream.In.Room);
        if (n > 0)
        {
            upstream.In.End += n;
            return Failure.None;
        }

        if (n == Sock.WouldBlock)
        {
            if (upstream.In.Count == 0)
            {
                upstream.ReturnBuffer();
            }

            return Failure.None;
        }

        return upstream.In.Count > 0 ? Failure.MalformedResponse : Failure.ResetBeforeHeaders;
    }

    /// <summary>Passes a 1xx on (RFC 9110 §15.2); HTTP/1.0 clients do not know them.</summary>
    private static async ReactorTask<bool> Interim(Exchange x, Upstream upstream)
    {
        var sent = true;
        if (x.Request.Version == HttpVersion.Http11)
        {
            x.Interim = true;
            sent = await SendInterim(x);
        }

        upstream.In!.Start += x.Response.Length;
        if (upstream.In.Count == 0)
        {
            upstream.ReturnBuffer();
        }

        x.Response.Reset();
        return sent;
    }

    private static ReactorTask<bool> SendInterim(Exchange x)
    {
        var length = ResponseWriter.WriteInterim(x, x.Worker.Scratch);
        return Send.Head(x, x.Worker.Scratch.AsSpan(0, length), end: false);
    }

    /// <summary>On a stream, success means that the tunnel is open.</summary>
    private static Failure JudgeUpgrade(Exchange x)
    {
        if (x.Response.StatusCode is >= 200 and < 300)
        {
            return Failure.UpgradeIgnored;
        }

        var accepted = x.Response.StatusCode != 101 || !WebSocketHandshake.IsAskedFor(x.Request, x.RequestBytes)
            || WebSocketHandshake.IsAccepted(x);
        return accepted ? Failure.None : Failure.MalformedResponse;
    }

    /// <summary>Whether a final head can be passed on at all.</summary>
    private static Failure Judge(Exchange x)
    {
        if (x.Response.StatusCode == 101 && !x.Request.Upgrade)
        {
            return Failure.UpgradeRefused;
        }

        if (x.Request.Upgrade && x.ClientStream is not null && JudgeUpgrade(x) is not Failure.None and var failure)
        {
            return failure;
        }

        // HTTP/1.0 and HTTP/2 know no transfer codings, and the one that was applied is not undone here.
        return x.Response.OtherCodings && (x.Request.Version == HttpVersion.Http10 || x.ClientStream is not null)
            ? Failure.MalformedResponse
            : Failure.None;
    }
}
