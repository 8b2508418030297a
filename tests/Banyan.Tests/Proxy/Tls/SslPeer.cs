using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Proxy.Tls;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>A peer made of .NET's own TLS.</summary>
internal sealed class SslPeer(Socket socket) : IDisposable
{
    public SslStream Stream { get; } = new(new NetworkStream(socket, ownsSocket: true));

    public Task ConnectAsync(
        TestAuthority authority, TlsIdentity? identity, SslProtocols version = SslProtocols.Tls13, string protocol = "banyan-tcp") =>
        Stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "banyan",
            EnabledSslProtocols = version,
            ApplicationProtocols = protocol.Length == 0 ? null : [new SslApplicationProtocol(protocol)],
            ClientCertificateContext = identity is null ? null : Context(identity),
            RemoteCertificateValidationCallback = (_, certificate, _, _) => IsGood(authority, (X509Certificate2)certificate!),
        });

    public Task AcceptAsync(TestAuthority authority, TlsIdentity identity, string protocol = "banyan-tcp") =>
        Stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [new SslApplicationProtocol(protocol)],
            ClientCertificateRequired = true,
            ServerCertificateContext = Context(identity),
            RemoteCertificateValidationCallback = (_, certificate, _, _) => IsGood(authority, (X509Certificate2)certificate!),
        });

    public void Dispose() => Stream.Dispose();

    private static SslStreamCertificateContext Context(TlsIdentity identity)
    {
        using var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(identity.Key, out _);
        using var leaf = X509CertificateLoader.LoadCertificate(identity.Chain[0]);
        var issuers = new X509Certificate2Collection(identity.Chain.Skip(1).Select(X509CertificateLoader.LoadCertificate).ToArray());
        return SslStreamCertificateContext.Create(leaf.CopyWithPrivateKey(key), issuers, offline: true);
    }

    private static bool IsGood(TestAuthority authority, X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(authority.Root));
        chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(authority.Issuer));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        return chain.Build(certificate);
    }
}
