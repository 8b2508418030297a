using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Forward;

/// <summary>Stage "forward", back to the client, when a stream takes part: head, body, trailers, translated where the protocols differ.</summary>
internal static class StreamRelay
{
    internal static async ReactorTask<Failure> Response(Exchange x)
    {
        if (!await Head(x, out var failure))
        {
            return failure == Failure.None ? Failure.ClientGone : failure;
        }

        if (x.ResponseBody.Done || x.SwitchesProtocols)
        {
            return Failure.None;
        }

        var end = x.UpstreamStream is not { } from ? await SocketToStream.Response(x, x.ClientStream!)
            : x.ClientStream is { } to ? await StreamToStream.Copy(x, from, to, upload: false)
            : await StreamToSocket.Copy(x, from, x.Client.Sock, Chunks(x), upload: false);
        switch (end)
        {
            case RelayEnd.Done:
                x.ResponseBody.Finish();
                if (x.IsGrpc && x.UpstreamStream?.Trailers is { } trailers)
                {
                    x.GrpcStatus = GrpcCall.Status(trailers.Valid);
                }

                return Failure.None;
            case RelayEnd.SinkBroken:
                return Failure.ClientGone;
            case RelayEnd.Idle:
                return Failure.StreamIdle;
            case RelayEnd.Late:
                return Failure.RequestTimeout;
            case RelayEnd.Stopped:
                return x.Aborted;
            default:
                return Failure.ResponseTruncated;
        }
    }

    private static bool Chunks(Exchange x) => x.ResponseBody.Framing == BodyFraming.Chunked && x.Request.Version == HttpVersion.Http11;

    private static ReactorTask<bool> Head(Exchange x, out Failure failure)
    {
        failure = Failure.None;
        x.SwitchesProtocols = x.UpstreamStream is null
            ? x.Response.StatusCode == 101
            : x.Request.Upgrade && x.Response.StatusCode < 300;
        x.ResponseBody.Begin(x.Response.Framing, x.Response.ContentLength);
        x.CloseClient |= !x.RequestBody.Done || x.Uploading || x.Worker.Drains(x.Listener.Role)
            || (x.Response.Framing == BodyFraming.Chunked && x.Request.Version == HttpVersion.Http10);
        var scratch = x.Worker.Scratch;
        var length = ResponseWriter.Write(x, scratch);
        if (length == 0)
        {
            failure = Failure.MalformedResponse;
            return new ReactorTask<bool>(null, result: false);
        }

        if (x.Upstream is { } upstream)
        {
            upstream.In!.Start += x.Response.Length;
        }

        if (x.IsGrpc)
        {
            x.GrpcStatus = GrpcCall.Status(x.Response, x.ResponseBytes);
        }

        x.Answered = true;
        x.Status = !x.SwitchesProtocols ? x.Response.StatusCode : x.ClientStream is null ? 101 : 200;
        return Send.Head(x, scratch.AsSpan(0, length), x.ResponseBody.Done && !x.SwitchesProtocols);
    }
}
