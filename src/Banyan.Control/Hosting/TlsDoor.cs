using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Banyan.Control.Identity;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace Banyan.Control.Hosting;

/// <summary>TLS 1.3 in front of the xDS listener, with the control plane's own certificate.</summary>
/// <remarks>
/// A client may show a certificate or none, and any: it is judged by each request, which can say what is wrong with it.
/// A handshake that fails cannot. Nothing is served on the strength of the handshake alone.
/// </remarks>
internal static class TlsDoor
{
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(10);

    /// <summary>Puts TLS before what is served here.</summary>
    public static void UseIdentity(this ListenOptions listen, ServerIdentity server) =>
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTime,
            OnConnection = context => ValueTask.FromResult(Options(context, server)),
        });

    private static SslServerAuthenticationOptions Options(TlsHandshakeCallbackContext context, ServerIdentity server)
    {
        var items = context.Connection.Items;
        return new SslServerAuthenticationOptions
        {
            ServerCertificateContext = server.Context
                ?? throw new AuthenticationException("there is no certificate yet"),
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2],

            // Asked for, and not insisted on: who joins has none.
            ClientCertificateRequired = true,
            CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
            CertificateChainPolicy = new X509ChainPolicy
            {
                // What the handshake builds counts for nothing: it must only not look anywhere.
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
            },
            RemoteCertificateValidationCallback = (_, certificate, chain, _) =>
            {
                if (certificate is not null)
                {
                    PeerChain.Keep(items, certificate, chain);
                }

                return true;
            },

            // A resumed session would skip what keeps the certificate.
            AllowTlsResume = false,
        };
    }
}
