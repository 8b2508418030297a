using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Bench.Discovery;

/// <summary>
/// Certificates of the simulated proxies, signed with the key of the measured control plane's own authority: what it
/// gives out by itself is limited to what a fleet needs in a day, not in a second.
/// </summary>
internal sealed class FleetIdentities : IDisposable
{
    private const string TrustDomain = "banyan.local";
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2", ServerAuth = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private readonly string _issuing;
    private readonly string _folder;
    private readonly X509Certificate2 _authority;
    private readonly Dictionary<string, string> _files = [];

    /// <param name="state">State directory of the control plane.</param>
    public FleetIdentities(string state)
    {
        _issuing = Issuing(state);
        _folder = Directory.CreateDirectory(Path.Combine(state, "..", "fleet")).FullName;
        _authority = X509Certificate2.CreateFromPemFile(_issuing);
    }

    /// <summary>Issuing certificate and key of a control plane.</summary>
    public static string Issuing(string state) => Path.Combine(state, "ca", "issuing.pem");

    /// <summary>File of certificate, intermediates and key of a service's proxies.</summary>
    public string FileOf(string service)
    {
        if (!_files.TryGetValue(service, out var file))
        {
            _files[service] = file = Path.Combine(_folder, $"{service}.pem");
            File.WriteAllText(file, Issue(service));
        }

        return file;
    }

    public void Dispose() => _authority.Dispose();

    private string Issue(string service)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={service}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri($"spiffe://{TrustDomain}/ns/default/sa/{service}"));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientAuth), new Oid(ServerAuth)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(_authority, true, false));
        request.CertificateExtensions.Add(names.Build());
        var now = TimeProvider.System.GetUtcNow();
        var from = now.AddMinutes(-5);
        var since = new DateTimeOffset(_authority.NotBefore);
        using var leaf = request.Create(_authority, from > since ? from : since, now + Life, RandomNumberGenerator.GetBytes(16));
        var chain = new X509Certificate2Collection();
        chain.ImportFromPemFile(_issuing);
        return $"{leaf.ExportCertificatePem()}\n{chain.ExportCertificatePems()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
