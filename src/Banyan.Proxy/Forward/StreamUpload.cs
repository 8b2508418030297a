using Banyan.Proxy.Http;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>A request body that a stream takes part in, on either side or both: runs beside the response.</summary>
internal static class StreamUpload
{
    internal static async ReactorTask Run(Exchange x)
    {
        var end = x.ClientStream is null ? await SocketToStream.Upload(x)
            : x.UpstreamStream is { } to ? await StreamToStream.Copy(x, x.ClientStream, to, upload: true)
            : await StreamToSocket.Copy(x, x.ClientStream, x.Upstream!.Sock, x.Request.Framing == Wire.Http1.BodyFraming.Chunked, upload: true);
        switch (end)
        {
            case RelayEnd.Done:
                x.RequestBody.Finish();
                break;
            case RelayEnd.SourceBroken:
                x.Abort(Failure.ClientGone);
                break;
            case RelayEnd.Malformed:
                x.Abort(Failure.MalformedRequest);
                break;
            case RelayEnd.Idle:
                x.Abort(Failure.StreamIdle);
                break;
            default:
                // The destination stopped reading; its answer, or its absence, is the other side's business.
                x.UploadBroke = true;
                break;
        }

        x.Uploading = false;
        x.UploadDone?.Open();
    }
}
