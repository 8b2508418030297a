using System.Diagnostics;
using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>Stage "forward", outward: the head and what is there of the body in one call, the rest while the answer is awaited.</summary>
internal static class SendRequest
{
    internal static async ReactorTask<Failure> Head(Exchange x)
    {
        x.AttemptStarted = Stopwatch.GetTimestamp();
        if (x.UpstreamStream is not null)
        {
            return OnStream(x, x.UpstreamStream);
        }

        var upstream = x.Upstream!;
        var sending = Begin(x, out var failure);
        if (failure != Failure.None)
        {
            return failure;
        }

        if (!await sending)
        {
            if (x.StaleConnection)
            {
                return Failure.NotDelivered;
            }

            // A broken pipe may follow an answer that is already here (413 and close): reading it decides.
            x.UploadBroke = true;
            if (x.Worker.Loop.NowMs >= x.TryDeadline)
            {
                return Failure.RequestTimeout;
            }

            return upstream.Sock.ReadableNow ? Failure.None : Failure.ResetBeforeHeaders;
        }

        if (!x.RequestBody.Done)
        {
            x.Uploading = true;
            (x.ClientStream is null ? Upload.Run(x) : StreamUpload.Run(x)).Forget();
        }

        return Failure.None;
    }

    private static Failure OnStream(Exchange x, Http2Stream stream)
    {
        x.RestartBody();
        var upgrade = x.Request.Upgrade;
        if (upgrade && x.ClientStream is null && WebSocketHandshake.IsAskedFor(x.Request, x.RequestBytes)
            && WebSocketHandshake.ClientKey(x.Request, x.RequestBytes).Length != WebSocketHandshake.KeyLength)
        {
            // What an HTTP/1.1 server would refuse; by HTTP/2 it would not be seen.
            return Failure.MalformedRequest;
        }

        var scratch = x.Worker.Scratch;
        var length = RequestWriter.Write(x, scratch);
        var end = x.RequestBody.Done && !upgrade;
        if (length == 0 || !stream.Connection.SendHead(stream, scratch.AsSpan(0, length), end, request: true, connect: upgrade))
        {
            return Failure.RequestHeadTooLarge;
        }

        x.UploadBroke = false;
        if (!x.RequestBody.Done)
        {
            x.Uploading = true;
            StreamUpload.Run(x).Forget();
        }

        return Failure.None;
    }

    private static ReactorTask<bool> Begin(Exchange x, out Failure failure)
    {
        if (x.ClientStream is null)
        {
            x.BeginBody(again: x.Attempts > 1);
        }
        else
        {
            x.RestartBody();
        }

        if (x.RequestBody.Malformed)
        {
            failure = Failure.MalformedRequest;
            return default;
        }

        var received = x.RequestBytes;
        var scratch = x.Worker.Scratch;
        var head = RequestWriter.Write(x, scratch);
        failure = head == 0 ? Failure.RequestHeadTooLarge : Failure.None;
        if (head == 0)
        {
            return default;
        }

        x.UploadBroke = false;
        x.StaleConnection = x.Upstream!.Sock.Broken;
        if (x.StaleConnection)
        {
            // Nothing was handed to the kernel: the request can go to anybody.
            return new ReactorTask<bool>(null, result: false);
        }

        var content = received[x.Request.Length..x.BodyEnd];
        if (content.Length <= scratch.Length - head && content.Length <= BufferPool.Small)
        {
            // One copy of a small body is cheaper than a second vector.
            content.CopyTo(scratch.AsSpan(head));
            head += content.Length;
            content = default;
        }

        var time = Math.Min(x.IdleMs, x.TryDeadline - x.Worker.Loop.NowMs);
        return Send.Two(x.Worker, x.Upstream.Sock, scratch.AsSpan(0, head), content, time);
    }
}
