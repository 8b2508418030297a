using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Banyan.Examples.Protocols.Backends;

/// <summary>A certificate that lives as long as the process; only the clients of this example take it.</summary>
internal static class OwnCertificate
{
    private static readonly X509Certificate2 Certificate = Make();

    /// <summary>HTTP over TLS.</summary>
    public static void Listen(ListenOptions options) => options.UseHttps(Certificate);

    private static X509Certificate2 Make()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=protocols", key, HashAlgorithmName.SHA256);
        var now = TimeProvider.System.GetUtcNow();
        return request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    }
}
