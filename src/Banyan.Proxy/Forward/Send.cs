using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>Writing whole spans: at once when the kernel takes them, otherwise with waits in between.</summary>
internal static class Send
{
    /// <summary>Sends the head of a response to the client; valid only until this returns. On a stream <paramref name="end"/>
    /// says that no body follows; by HTTP/1 the head itself does.</summary>
    internal static ReactorTask<bool> Head(Exchange x, ReadOnlySpan<byte> head, bool end) => x.ClientStream is { } stream
        ? new ReactorTask<bool>(null, stream.Connection.SendHead(stream, head, end, request: false) && !stream.IsReset)
        : Two(x.Worker, x.Client.Sock, head, default, x.IdleMs);

    /// <summary>Sends a whole response: so many bytes of head, and the body behind it; valid only until this returns.</summary>
    internal static ReactorTask<bool> Answer(Exchange x, ReadOnlySpan<byte> answer, int head)
    {
        if (x.ClientStream is not { } stream)
        {
            return Two(x.Worker, x.Client.Sock, answer, default, x.IdleMs);
        }

        var body = answer[head..];
        stream.Connection.SendHead(stream, answer[..head], body.IsEmpty, request: false);
        var sent = stream.Connection.SendData(stream, body, end: true);
        return sent == body.Length || stream.IsReset
            ? new ReactorTask<bool>(null, !stream.IsReset)
            : AnswerRest(x, stream, body[sent..].ToArray());
    }

    /// <summary>A client whose window is full: rare enough for an array of its own.</summary>
    private static async ReactorTask<bool> AnswerRest(Exchange x, Http2Stream stream, byte[] rest)
    {
        var sent = 0;
        while (!stream.IsReset && sent < rest.Length)
        {
            if (await stream.Writable(x.Worker.Loop.NowMs + x.IdleMs) != Wait.Ready)
            {
                return false;
            }

            sent += stream.Connection.SendData(stream, rest.AsSpan(sent), end: true);
        }

        return !stream.IsReset;
    }

    /// <summary>Writes two pieces that stay valid only until this returns; what the kernel did not take is copied and sent later.</summary>
    internal static ReactorTask<bool> Two(Worker worker, Sock sock, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, long idleMs)
    {
        var n = sock.TryWrite(first, second);
        var total = first.Length + second.Length;
        if (n == total)
        {
            return new ReactorTask<bool>(null, result: true);
        }

        if (n == Sock.Failed)
        {
            return new ReactorTask<bool>(null, result: false);
        }

        var sent = Math.Max(n, 0);
        return Copied(worker, sock, first, second, sent, idleMs);
    }

    /// <summary>Writes a range of an array that stays valid until the task is done; false when the connection broke or stalled.</summary>
    internal static ReactorTask<bool> Range(Sock sock, byte[] bytes, int start, int end, long idleMs)
    {
        var n = sock.TryWrite(bytes.AsSpan(start, end - start));
        if (n == end - start)
        {
            return new ReactorTask<bool>(null, result: true);
        }

        return n == Sock.Failed
            ? new ReactorTask<bool>(null, result: false)
            : Rest(sock, bytes, start + Math.Max(n, 0), end, idleMs);
    }

    private static ReactorTask<bool> Copied(
        Worker worker,
        Sock sock,
        ReadOnlySpan<byte> first,
        ReadOnlySpan<byte> second,
        int sent,
        long idleMs)
    {
        var length = first.Length + second.Length - sent;
        var rest = length <= BufferPool.Large
            ? worker.Buffers.Rent(length)
            : new IoBuffer { Bytes = GC.AllocateUninitializedArray<byte>(length) };
        var fromFirst = sent < first.Length ? first[sent..] : default;
        fromFirst.CopyTo(rest.Bytes);
        second[Math.Max(0, sent - first.Length)..].CopyTo(rest.Bytes.AsSpan(fromFirst.Length));
        rest.End = length;
        return RestAndReturn(worker, sock, rest, idleMs);
    }

    private static async ReactorTask<bool> RestAndReturn(Worker worker, Sock sock, IoBuffer rest, long idleMs)
    {
        var ok = await Rest(sock, rest.Bytes, 0, rest.End, idleMs);
        if (rest.Capacity <= BufferPool.Large)
        {
            worker.Buffers.Return(rest);
        }

        return ok;
    }

    private static async ReactorTask<bool> Rest(Sock sock, byte[] bytes, int start, int end, long idleMs)
    {
        while (start < end)
        {
            if (await sock.Writable(sock.Loop.NowMs + idleMs) != Wait.Ready)
            {
                return false;
            }

            var n = sock.TryWrite(bytes.AsSpan(start, end - start));
            if (n > 0)
            {
                start += n;
            }
            else if (n == Sock.Failed)
            {
                return false;
            }
        }

        return true;
    }
}
