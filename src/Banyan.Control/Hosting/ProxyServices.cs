using Banyan.Control.Identity;
using Banyan.Control.Reports;
using Banyan.Control.Xds;
using Banyan.Xds.Grpc;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;

namespace Banyan.Control.Hosting;

/// <summary>What proxies are served with, over plaintext on loopback and over TLS.</summary>
internal sealed record ProxyServices(
    XdsService Xds,
    ReportService Reports,
    IdentityService Identity,
    ProxyGate Gate,
    ServerIdentity Server,
    HandshakeQueue Handshakes)
{
    /// <summary>Serves a request of one of the two listeners.</summary>
    public async Task ServeAsync(HttpContext context, Listener listener)
    {
        // No rate bounds the streams; each message is bounded.
        context.Features.GetRequiredFeature<IHttpMinRequestBodyDataRateFeature>().MinDataRate = null;
        if (IdentityService.Serves(context))
        {
            await Identity.HandleAsync(context);
            return;
        }

        if (listener == Listener.XdsTls && Gate.Admit(context) is { } refusal)
        {
            context.Response.ContentType = GrpcTrailers.ContentType;
            context.Response.Headers[GrpcTrailers.Status] = GrpcTrailers.FormatStatus(refusal.Status);
            context.Response.Headers[GrpcTrailers.Message] = GrpcTrailers.EncodeMessage(refusal.Message);
            return;
        }

        using var guard = ProxyGate.GuardOf(context);
        await (ReportService.Serves(context) ? Reports.HandleAsync(context) : Xds.HandleAsync(context));
    }
}
