using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Bench.Sides;

/// <summary>An authority and two certificates that every side uses: of the caller and of the callee. All are ECDSA P-256.</summary>
internal sealed class BenchIdentities
{
    public const string TrustDomain = "bench.local";

    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2", ServerAuth = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private readonly string _folder;

    private BenchIdentities(string folder) => _folder = folder;

    /// <summary>The anchor, PEM.</summary>
    public string Anchor => Path.Combine(_folder, "ca.pem");

    public static string IdOf(string name) => $"spiffe://{TrustDomain}/ns/default/sa/{name}";

    /// <summary>Chain and key in one file, as haproxy wants it.</summary>
    public string Whole(string name) => Path.Combine(_folder, $"{name}.pem");

    public string Chain(string name) => Path.Combine(_folder, $"{name}.crt");

    public string Key(string name) => Path.Combine(_folder, $"{name}.key");

    /// <summary>Makes all of them.</summary>
    public static BenchIdentities Create(BenchRun run, params string[] names)
    {
        var made = new BenchIdentities(Directory.CreateDirectory(Path.Combine(run.Folder, "identities")).FullName);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        request.CertificateExtensions.Add(Names(IdOf("").Split("/ns/")[0]));
        var now = TimeProvider.System.GetUtcNow();
        using var authority = request.CreateSelfSigned(now.AddMinutes(-5), now + Life);
        File.WriteAllText(made.Anchor, authority.ExportCertificatePem() + "\n");
        foreach (var name in names)
        {
            made.Issue(authority, name);
        }

        return made;
    }

    /// <summary>Lays an identity where a proxy looks for its own.</summary>
    /// <param name="state">The proxy's state folder.</param>
    /// <param name="name">Whose.</param>
    public void Give(string state, string name)
    {
        var folder = Directory.CreateDirectory(Path.Combine(state, "identity"), Owner | UnixFileMode.UserExecute).FullName;
        foreach (var (from, to) in new[] { (Key(name), "key.pem"), (Chain(name), "chain.pem"), (Anchor, "trust.pem") })
        {
            var path = Path.Combine(folder, to);
            File.Copy(from, path);
            File.SetUnixFileMode(path, Owner);
        }
    }

    private void Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ClientAuth), new Oid(ServerAuth)], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, true, false));
        request.CertificateExtensions.Add(Names(IdOf(name), $"{name}.{TrustDomain}"));
        using var certificate = request.Create(
            authority, new DateTimeOffset(authority.NotBefore), new DateTimeOffset(authority.NotAfter), RandomNumberGenerator.GetBytes(16));
        File.WriteAllText(Chain(name), certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(Key(name), key.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(Whole(name), File.ReadAllText(Chain(name)) + File.ReadAllText(Key(name)));
    }

    private static X509Extension Names(string uri, string? host = null)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(uri));
        if (host is not null)
        {
            names.AddDnsName(host);
        }

        return names.Build();
    }
}
