using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Forward;

/// <summary>Relays a body from an HTTP/1 connection to a stream: chunks are undone, their trailers become a trailer section.</summary>
internal static class SocketToStream
{
    /// <summary>The response of an HTTP/1 endpoint to a client's stream. What came with the head is at the start of the buffer.</summary>
    internal static async ReactorTask<RelayEnd> Response(Exchange x, Http2Stream to)
    {
        var upstream = x.Upstream!;
        var trailers = Trailers(x, ref x.ResponseBody);
        var end = RelayEnd.Done;
        while (end == RelayEnd.Done && !to.EndSent)
        {
            if (upstream.In is { Count: > 0 })
            {
                end = await Pass(x, upstream.In, to, trailers);
            }
            else if (x.ResponseBody.Done)
            {
                End(to, trailers);
            }
            else
            {
                end = await Read(x, upstream);
            }

            end = end == RelayEnd.Done && to.IsReset ? RelayEnd.SinkBroken : end;
        }

        x.ResponseBody.Trailers = null;
        Return(x, trailers);
        return end;
    }

    /// <summary>The request of an HTTP/1 client to an endpoint's stream.</summary>
    internal static async ReactorTask<RelayEnd> Upload(Exchange x)
    {
        var to = x.UpstreamStream!;
        var trailers = Trailers(x, ref x.RequestBody);
        var end = RelayEnd.Done;
        while (end == RelayEnd.Done && !to.EndSent)
        {
            if (x.Client.In!.Count > x.BodyEnd && !x.RequestBody.Done)
            {
                end = await PassRequest(x, to, trailers);
            }
            else if (x.RequestBody.Done)
            {
                End(to, trailers);
            }
            else
            {
                end = await ReadRequest(x);
            }

            end = end == RelayEnd.Done && to.IsReset ? RelayEnd.SinkBroken : end;
        }

        x.RequestBody.Trailers = null;
        Return(x, trailers);
        return end;
    }

    private static IoBuffer? Trailers(Exchange x, ref BodyProgress body) =>
        body.Trailers = body.Framing == BodyFraming.Chunked ? x.Worker.Buffers.Rent(BufferPool.Large) : null;

    private static void Return(Exchange x, IoBuffer? trailers)
    {
        if (trailers is not null)
        {
            x.Worker.Buffers.Return(trailers);
        }
    }

    private static void End(Http2Stream to, IoBuffer? trailers)
    {
        // The empty line alone is no trailer section.
        if (trailers is { Count: > 2 })
        {
            to.Connection.SendTrailers(to, trailers.Valid);
        }
        else
        {
            to.Connection.SendData(to, default, end: true);
        }
    }

    private static bool Ends(in BodyProgress body, IoBuffer? trailers) => body.Done && trailers is not { Count: > 2 };

    private static async ReactorTask<RelayEnd> Pass(Exchange x, IoBuffer piece, Http2Stream to, IoBuffer? trailers)
    {
        if (trailers is null)
        {
            var start = piece.Start;
            var taken = x.ResponseBody.Take(piece.Valid);
            piece.Start += taken;
            if (taken == 0)
            {
                // Bytes behind the body: the connection is not used again.
                piece.Start = piece.End;
                return RelayEnd.Done;
            }

            return await Pump.Send(x, to, piece.Bytes, start, start + taken, x.ResponseBody.Done, upload: false);
        }

        var decoded = x.Worker.Buffers.Rent(piece.Count);
        piece.Start += x.ResponseBody.TakeDecoded(piece.Valid, decoded.Bytes, out var written);
        var end = x.ResponseBody.Malformed ? RelayEnd.Malformed : RelayEnd.Done;
        if (end == RelayEnd.Done && written > 0)
        {
            end = await Pump.Send(x, to, decoded.Bytes, 0, written, Ends(x.ResponseBody, trailers), upload: false);
        }

        x.Worker.Buffers.Return(decoded);
        if (x.ResponseBody.Done && end == RelayEnd.Done && !to.EndSent)
        {
            End(to, trailers);
        }

        return end;
    }

    private static async ReactorTask<RelayEnd> Read(Exchange x, Upstream upstream)
    {
        var wait = await upstream.Sock.Readable(Pump.Deadline(x, upload: false));
        if (x.Aborted != Failure.None)
        {
            return RelayEnd.Stopped;
        }

        if (wait != Wait.Ready)
        {
            return Pump.TimedOut(x, upload: false) ?? RelayEnd.Done;
        }

        if (x.EndsStretch())
        {
            await x.Worker.Loop.Yield();
        }

        upstream.In ??= x.Worker.Buffers.Rent(x.ResponseBody.Remaining > BufferPool.Medium ? BufferPool.Large : BufferPool.Medium);
        upstream.In.Start = 0;
        upstream.In.End = 0;
        var n = upstream.Sock.TryRead(upstream.In.Room);
        if (n > 0)
        {
            upstream.In.End = n;
            return RelayEnd.Done;
        }

        return n == Sock.WouldBlock || (n == 0 && x.ResponseBody.EndsAtClose()) ? RelayEnd.Done : RelayEnd.SourceBroken;
    }

    private static async ReactorTask<RelayEnd> PassRequest(Exchange x, Http2Stream to, IoBuffer? trailers)
    {
        var received = x.Client.In!;
        var start = received.Start + x.BodyEnd;
        if (trailers is null)
        {
            var taken = x.RequestBody.Take(received.Valid[x.BodyEnd..]);
            x.BodyEnd += taken;
            return await Pump.Send(x, to, received.Bytes, start, start + taken, x.RequestBody.Done, upload: true);
        }

        var decoded = x.Worker.Buffers.Rent(received.Count - x.BodyEnd);
        x.BodyEnd += x.RequestBody.TakeDecoded(received.Valid[x.BodyEnd..], decoded.Bytes, out var written);
        var end = x.RequestBody.Malformed ? RelayEnd.Malformed : RelayEnd.Done;
        if (end == RelayEnd.Done && written > 0)
        {
            end = await Pump.Send(x, to, decoded.Bytes, 0, written, Ends(x.RequestBody, trailers), upload: true);
        }

        x.Worker.Buffers.Return(decoded);
        return end;
    }

    private static async ReactorTask<RelayEnd> ReadRequest(Exchange x)
    {
        Forward.Upload.MakeRoom(x);
        var wait = await x.Client.Sock.Readable(x.IdleUntil);
        if (Pump.Stops(x, upload: true))
        {
            return RelayEnd.Stopped;
        }

        if (wait != Wait.Ready)
        {
            return wait == Wait.Cancelled ? RelayEnd.SourceBroken : Pump.TimedOut(x, upload: true) ?? RelayEnd.Done;
        }

        if (x.EndsStretch())
        {
            await x.Worker.Loop.Yield();
        }

        var n = x.Client.Sock.TryRead(x.Client.In!.Room);
        if (n is 0 or Sock.Failed)
        {
            return RelayEnd.SourceBroken;
        }

        x.Client.In.End += Math.Max(n, 0);
        return RelayEnd.Done;
    }
}
