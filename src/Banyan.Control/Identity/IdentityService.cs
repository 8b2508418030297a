using System.Buffers;
using Banyan.Control.Store.Persistence;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Identity;

/// <summary>Certify and FetchTrust over gRPC: one message in, one out.</summary>
internal sealed class IdentityService(
    Certifier certifier, CertificateAuthority authority, RefusalCounts refusals, ILogger log)
{
    /// <summary>Of a request: a CSR, a token, and little else.</summary>
    private const int MostBytes = SigningRequest.MostBytes + 4096;

    /// <summary>Whether a request of a proxies' listener is for this service.</summary>
    public static bool Serves(HttpContext context) =>
        context.Request.Path.Value is GrpcTrailers.Certify or GrpcTrailers.FetchTrust
        && HttpMethods.IsPost(context.Request.Method) && GrpcTrailers.IsGrpc(context.Request.ContentType);

    /// <summary>Serves one request.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        context.Response.ContentType = GrpcTrailers.ContentType;
        IMessage? answer = null;
        Refusal? refusal;
        try
        {
            (answer, refusal) = await AnswerAsync(context);
        }
        catch (StoreFailedException exception)
        {
            refusal = new Refusal("store", GrpcStatusCode.Unavailable, $"nothing was issued: {exception.Message}");
        }
        catch (Exception exception) when (exception
            is IOException or ConnectionResetException or ObjectDisposedException
            || (exception is OperationCanceledException && context.RequestAborted.IsCancellationRequested))
        {
            // The client has gone.
            return;
        }
        catch (OperationCanceledException)
        {
            refusal = new Refusal("stopping", GrpcStatusCode.Unavailable, "the control plane is stopping");
        }
        catch (Exception exception)
        {
            Log.Failed(log, exception);
            refusal = new Refusal(
                "internal", GrpcStatusCode.Internal, "an error of the control plane; its log says more");
        }

        if (refusal is not null)
        {
            refusals.Count(refusal);
            Log.Refused(log, refusal.Reason, refusal.Message);
            context.Response.Headers[GrpcTrailers.Status] = GrpcTrailers.FormatStatus(refusal.Status);
            context.Response.Headers[GrpcTrailers.Message] = GrpcTrailers.EncodeMessage(refusal.Message);
            return;
        }

        await WriteAsync(context.Response, answer!, context.RequestAborted);
    }

    private async Task<(IMessage? Answer, Refusal? Refusal)> AnswerAsync(HttpContext context)
    {
        var (message, refusal) = await ReadAsync(context);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        if (context.Request.Path.Value == GrpcTrailers.FetchTrust)
        {
            return authority.Material is { } material
                ? (new FetchTrustResponse { Bundles = { certifier.Bundles(material) } }, null)
                : (null, Refusal.NotReady("the control plane has no certificate authority yet"));
        }

        CertifyRequest request;
        try
        {
            request = CertifyRequest.Parser.ParseFrom(message);
        }
        catch (Exception exception) when (Unreadable.Is(exception))
        {
            return (null, Refusal.BadRequest("not-a-request", $"not a CertifyRequest: {exception.Message}"));
        }

        var items = context.Features.GetRequiredFeature<IConnectionItemsFeature>().Items;
        var outcome = await certifier.CertifyAsync(request, PeerChain.Of(items));
        if (outcome.Issuance is { } issued)
        {
            Log.Issued(log, issued.Serial, issued.Identity, issued.Proof);
        }

        return (outcome.Response, outcome.Refusal);
    }

    private static async Task<(byte[] Message, Refusal? Refusal)> ReadAsync(HttpContext context)
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var result = await reader.ReadAsync(context.RequestAborted);
            var buffer = result.Buffer;
            switch (GrpcFrame.TryRead(ref buffer, out var message, MostBytes))
            {
                case GrpcFrameStatus.Complete:
                    var bytes = message.ToArray();
                    reader.AdvanceTo(buffer.Start);
                    return (bytes, null);
                case GrpcFrameStatus.Incomplete when !result.IsCompleted:
                    reader.AdvanceTo(buffer.Start, buffer.End);
                    continue;
                case GrpcFrameStatus.TooLong:
                    return ([], Refusal.BadRequest("too-long", $"the request is longer than {MostBytes} bytes"));
                case var status:
                    return ([], Refusal.BadRequest("not-a-request", $"not a message of gRPC: {status}"));
            }
        }
    }

    private static async Task WriteAsync(HttpResponse response, IMessage answer, CancellationToken aborted)
    {
        var size = answer.CalculateSize();
        var bytes = new byte[GrpcFrame.PrefixLength + size];
        GrpcFrame.WritePrefix(bytes, size);
        answer.WriteTo(bytes.AsSpan(GrpcFrame.PrefixLength));
        await response.Body.WriteAsync(bytes, aborted);
        response.AppendTrailer(GrpcTrailers.Status, GrpcTrailers.FormatStatus(GrpcStatusCode.Ok));
        await response.CompleteAsync();
    }
}
