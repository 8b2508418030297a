using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>The part of a request body that had not arrived with its head: runs beside the response.</summary>
/// <remarks>The client's buffer is the replay buffer at the same time: while head and body fit into 64 KiB, nothing is dropped.</remarks>
internal static class Upload
{
    internal static async ReactorTask Run(Exchange x)
    {
        var client = x.Client;
        var upstream = x.Upstream!;
        while (!x.RequestBody.Done)
        {
            if (x.EndsStretch())
            {
                await x.Worker.Loop.Yield();
            }

            if (x.Aborted != Failure.None || x.StopUpload)
            {
                break;
            }

            MakeRoom(x);
            var wait = await client.Sock.Readable(x.IdleUntil);
            if (x.Aborted != Failure.None || x.StopUpload)
            {
                break;
            }

            if (wait == Wait.TimedOut && x.Worker.Loop.NowMs < x.IdleUntil)
            {
                // The response moved meanwhile.
                continue;
            }

            if (wait != Wait.Ready)
            {
                x.Abort(wait == Wait.TimedOut ? Failure.StreamIdle : Failure.ClientGone);
                break;
            }

            var n = client.Sock.TryRead(client.In!.Room);
            if (n == Sock.WouldBlock)
            {
                continue;
            }

            if (n <= 0)
            {
                x.Abort(Failure.ClientGone);
                break;
            }

            var start = client.In.End;
            client.In.End += n;
            x.Moved(n);
            var taken = x.RequestBody.Take(client.In.Bytes.AsSpan(start, n));
            if (x.RequestBody.Malformed)
            {
                x.Abort(Failure.MalformedRequest);
                break;
            }

            x.BodyEnd = start - client.In.Start + taken;
            if (!await Send.Range(upstream.Sock, client.In.Bytes, start, start + taken, x.IdleMs))
            {
                // The destination stopped reading; its answer, or its absence, is the other side's business.
                x.UploadBroke = true;
                break;
            }
        }

        x.Uploading = false;
        x.UploadDone?.Open();
    }

    /// <summary>Room behind what is kept of the request; what is too large to be sent again is dropped once it was sent.</summary>
    internal static void MakeRoom(Exchange x)
    {
        var client = x.Client;
        if (!client.In!.Room.IsEmpty)
        {
            return;
        }

        if (x.Replayable && client.Worker.Buffers.MakeRoom(client.In) is { } larger)
        {
            client.In = larger;
            return;
        }

        // Too large to be sent again: from here on it only streams.
        x.Replayable = false;
        client.In.Start = 0;
        client.In.End = 0;
        x.BodyEnd = 0;
    }
}
