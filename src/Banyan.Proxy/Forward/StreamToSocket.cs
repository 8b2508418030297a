using System.Globalization;
using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>Relays a body from a stream to an HTTP/1 connection: in chunks, or as it is when its length is known.</summary>
internal static class StreamToSocket
{
    /// <summary>Room for the size line, the line end and the last chunk.</summary>
    private const int Framing = 32;

    internal static async ReactorTask<RelayEnd> Copy(Exchange x, Http2Stream from, Sock sock, bool chunked, bool upload)
    {
        while (true)
        {
            if (Pump.Stops(x, upload))
            {
                return RelayEnd.Stopped;
            }

            var count = from.Unread.Length;
            if (count == 0)
            {
                if (from.EndReceived)
                {
                    return !chunked || await End(x, from, sock) ? RelayEnd.Done : RelayEnd.SinkBroken;
                }

                if (from.IsReset)
                {
                    return Pump.Broken(x, from, upload);
                }

                var wait = await from.Readable(Pump.Deadline(x, upload));
                if (wait == Wait.TimedOut && Pump.TimedOut(x, upload) is { } late)
                {
                    return late;
                }

                continue;
            }

            count = Math.Min(count, BufferPool.Large - Framing);
            var last = chunked && from.EndReceived && !from.HasMore && from.Trailers is null && count == from.Unread.Length;
            var sent = chunked
                ? await Chunk(x, from, sock, count, last)
                : await Send.Range(sock, from.UnreadBytes, from.UnreadStart, from.UnreadStart + count, x.IdleMs);
            if (!sent)
            {
                return RelayEnd.SinkBroken;
            }

            x.Moved(count);
            from.Consume(count);
            if (last)
            {
                return RelayEnd.Done;
            }

            if (x.EndsStretch())
            {
                await x.Worker.Loop.Yield();
            }
        }
    }

    private static ReactorTask<bool> Chunk(Exchange x, Http2Stream from, Sock sock, int count, bool last)
    {
        var scratch = x.Worker.Scratch;
        _ = count.TryFormat(scratch, out var length, "x", CultureInfo.InvariantCulture);
        Append("\r\n"u8, scratch, ref length);
        Append(from.Unread[..count], scratch, ref length);
        Append(last ? "\r\n0\r\n\r\n"u8 : "\r\n"u8, scratch, ref length);
        return Send.Two(x.Worker, sock, scratch.AsSpan(0, length), default, x.IdleMs);
    }

    private static ReactorTask<bool> End(Exchange x, Http2Stream from, Sock sock) =>
        Send.Two(x.Worker, sock, "0\r\n"u8, from.Trailers is { } trailers ? trailers.Valid : "\r\n"u8, x.IdleMs);

    private static void Append(ReadOnlySpan<byte> bytes, byte[] output, ref int length)
    {
        bytes.CopyTo(output.AsSpan(length));
        length += bytes.Length;
    }
}
