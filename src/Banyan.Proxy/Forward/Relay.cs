using System.Globalization;
using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Forward;

/// <summary>Stage "forward", back to the client: the response head, then its body as it comes.</summary>
internal static class Relay
{
    /// <summary>Room in front of a piece of body for the size line of a chunk, and behind it for the line end.</summary>
    private const int ChunkFrame = 10;

    internal static ReactorTask<Failure> Response(Exchange x) =>
        x.ClientStream is null && x.UpstreamStream is null ? OnSockets(x) : StreamRelay.Response(x);

    private static async ReactorTask<Failure> OnSockets(Exchange x)
    {
        if (!await Head(x, out var failure))
        {
            return failure == Failure.None ? Failure.ClientGone : failure;
        }

        while (!x.ResponseBody.Done)
        {
            if (x.Worker.Loop.NowMs >= x.Deadline)
            {
                return Failure.RequestTimeout;
            }

            if (x.EndsStretch())
            {
                await x.Worker.Loop.Yield();
            }

            failure = await Piece(x);
            if (failure != Failure.None)
            {
                return failure;
            }
        }

        return Failure.None;
    }

    private static ReactorTask<bool> Head(Exchange x, out Failure failure)
    {
        var upstream = x.Upstream!;
        var received = upstream.In!.Valid;
        failure = Failure.None;
        x.SwitchesProtocols = x.Response.StatusCode == 101;
        if (x.SwitchesProtocols)
        {
            x.ResponseBody.Begin(BodyFraming.None, 0);
        }
        else
        {
            x.ResponseBody.Begin(x.Response.Framing, x.Response.ContentLength);
            // What is still to come of the request stands between it and the next one.
            x.CloseClient |= !x.RequestBody.Done || x.Uploading || x.Worker.Drains(x.Listener.Role)
                || (x.Response.Framing == BodyFraming.Chunked && x.Request.Version == HttpVersion.Http10)
                || (x.Response.Framing == BodyFraming.UntilClose && Passes(x));
        }

        var scratch = x.Worker.Scratch;
        var length = ResponseWriter.Write(x, scratch);
        if (length == 0)
        {
            failure = Failure.MalformedResponse;
            return new ReactorTask<bool>(null, result: false);
        }

        var body = received[x.Response.Length..];
        var passes = Passes(x);
        if (!passes)
        {
            // Re-framed bodies go piece by piece, the head alone.
            upstream.In.Start += x.Response.Length;
            x.Answered = true;
            x.Status = x.Response.StatusCode;
            return Send.Two(x.Worker, x.Client.Sock, scratch.AsSpan(0, length), default, x.IdleMs);
        }

        var taken = x.ResponseBody.Take(body);
        if (x.ResponseBody.Malformed)
        {
            failure = Failure.MalformedResponse;
            return new ReactorTask<bool>(null, result: false);
        }

        x.Answered = true;
        x.Status = x.Response.StatusCode;
        var content = body[..taken];
        if (taken <= BufferPool.Small)
        {
            content.CopyTo(scratch.AsSpan(length));
            length += taken;
            content = default;
        }

        upstream.In.Start += x.Response.Length + taken;
        return Send.Two(x.Worker, x.Client.Sock, scratch.AsSpan(0, length), content, x.IdleMs);
    }

    /// <summary>The received framing is forwarded as it is.</summary>
    private static bool Passes(Exchange x) => x.ResponseBody.Framing switch
    {
        BodyFraming.Chunked => x.Request.Version == HttpVersion.Http11,
        BodyFraming.UntilClose => x.Request.Version == HttpVersion.Http10 || x.Response.OtherCodings,
        _ => true,
    };

    private static async ReactorTask<Failure> Piece(Exchange x)
    {
        var upstream = x.Upstream!;
        var buffers = x.Worker.Buffers;
        if (upstream.In is null || upstream.In.Count == 0)
        {
            var wait = await upstream.Sock.Readable(Math.Min(x.Deadline, x.IdleUntil));
            if (x.Aborted != Failure.None)
            {
                return x.Aborted;
            }

            if (wait != Wait.Ready)
            {
                var moved = wait == Wait.TimedOut && x.Worker.Loop.NowMs < x.IdleUntil;
                return moved ? Failure.None : Failure.StreamIdle;
            }

            var wanted = x.ResponseBody.Remaining > BufferPool.Medium ? BufferPool.Large : BufferPool.Medium;
            if (upstream.In is not null && upstream.In.Capacity < wanted)
            {
                upstream.ReturnBuffer();
            }

            upstream.In ??= buffers.Rent(wanted);
            upstream.In.Start = 0;
            upstream.In.End = 0;
            var n = upstream.Sock.TryRead(upstream.In.Room[..^(2 * ChunkFrame)]);
            if (n == Sock.WouldBlock)
            {
                return Failure.None;
            }

            if (n <= 0)
            {
                return n == 0 && x.ResponseBody.EndsAtClose() ? await LastChunk(x) : Failure.ResponseTruncated;
            }

            upstream.In.End = n;
            x.Moved(n);
        }

        return Passes(x) ? await Pass(x, upstream.In) : await Reframe(x, upstream.In);
    }

    private static async ReactorTask<Failure> Pass(Exchange x, IoBuffer piece)
    {
        var start = piece.Start;
        var taken = x.ResponseBody.Take(piece.Valid);
        if (x.ResponseBody.Malformed)
        {
            return Failure.ResponseTruncated;
        }

        piece.Start += taken;
        return await Send.Range(x.Client.Sock, piece.Bytes, start, start + taken, x.IdleMs) ? Failure.None : Failure.ClientGone;
    }

    /// <summary>Chunked to plain for HTTP/1.0; until-close to chunked for HTTP/1.1, so that the client sees a truncation.</summary>
    private static async ReactorTask<Failure> Reframe(Exchange x, IoBuffer piece)
    {
        var output = x.Worker.Buffers.Rent(BufferPool.Large);
        var length = Reframe(x, piece, output.Bytes);
        var ok = length >= 0 && await Send.Range(x.Client.Sock, output.Bytes, 0, length, x.IdleMs);
        x.Worker.Buffers.Return(output);
        return length < 0 ? Failure.ResponseTruncated : ok ? Failure.None : Failure.ClientGone;
    }

    private static int Reframe(Exchange x, IoBuffer piece, Span<byte> output)
    {
        if (x.ResponseBody.Framing == BodyFraming.Chunked)
        {
            piece.Start += x.ResponseBody.TakeDecoded(piece.Valid, output, out var written);
            return x.ResponseBody.Malformed ? -1 : written;
        }

        var size = Math.Min(piece.Count, output.Length - (2 * ChunkFrame));
        _ = size.TryFormat(output, out var digits, "x", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(output[digits..]);
        piece.Valid[..size].CopyTo(output[(digits + 2)..]);
        "\r\n"u8.CopyTo(output[(digits + 2 + size)..]);
        piece.Start += size;
        return digits + 2 + size + 2;
    }

    private static ReactorTask<Failure> LastChunk(Exchange x)
    {
        if (Passes(x))
        {
            return new ReactorTask<Failure>(null, Failure.None);
        }

        return Finish(x);

        static async ReactorTask<Failure> Finish(Exchange x) =>
            await Send.Two(x.Worker, x.Client.Sock, "0\r\n\r\n"u8, default, x.IdleMs) ? Failure.None : Failure.ClientGone;
    }
}
