using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Proxy.Tls;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>A root, an intermediate below it, and the certificates that these sign.</summary>
internal sealed class TestAuthority : IDisposable
{
    public const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _issuer;

    /// <summary>Makes an authority.</summary>
    /// <param name="name">Common name of the root.</param>
    /// <param name="permitted">The host that the intermediate may name in URIs; null: any.</param>
    /// <param name="issuerEnds">End of the intermediate, from now.</param>
    /// <param name="issuerBegins">Begin of the intermediate, from now.</param>
    /// <param name="excluded">The host that the intermediate may not name in URIs; null: none.</param>
    /// <param name="isLast">The root allows no authority below it.</param>
    /// <param name="issuerUsage">Key usage of the intermediate.</param>
    public TestAuthority(
        string name = "test root",
        string? permitted = null,
        TimeSpan? issuerEnds = null,
        TimeSpan? issuerBegins = null,
        string? excluded = null,
        bool isLast = false,
        X509KeyUsageFlags issuerUsage = X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign)
    {
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", rootKey, HashAlgorithmName.SHA256);
        AddAuthority(request, X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, isLast);
        _root = request.CreateSelfSigned(Now.AddDays(-30), Now.AddDays(30));

        using var issuerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        request = new CertificateRequest($"CN={name} issuer", issuerKey, HashAlgorithmName.SHA256);
        AddAuthority(request, issuerUsage, isLast: false);
        request.CertificateExtensions.Add(Above(_root));
        if ((permitted ?? excluded) is { } host)
        {
            request.CertificateExtensions.Add(Constraint(host, permitted is null ? 1 : 0));
        }

        using var issuer = request.Create(_root, Now + (issuerBegins ?? TimeSpan.FromDays(-20)), Now + (issuerEnds ?? TimeSpan.FromDays(20)), Serial());
        _issuer = issuer.CopyWithPrivateKey(issuerKey);
    }

    public byte[] Root => _root.RawData;

    public byte[] Issuer => _issuer.RawData;

    /// <summary>This authority alone, for the trust domain banyan.local.</summary>
    public IReadOnlyDictionary<string, byte[][]> Bundle => BundleOf("banyan.local");

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public IReadOnlyDictionary<string, byte[][]> BundleOf(string trustDomain) =>
        new Dictionary<string, byte[][]>(StringComparer.Ordinal) { [trustDomain] = [Root] };

    public TlsIdentity Issue(string id) => Issue(LeafShape.For(id));

    /// <summary>A certificate with its key; the chain holds the intermediate.</summary>
    public TlsIdentity Issue(LeafShape shape)
    {
        using AsymmetricAlgorithm key = shape.Key switch
        {
            KeyKind.P384 => ECDsa.Create(ECCurve.NamedCurves.nistP384),
            KeyKind.P192 => ECDsa.Create(ECCurve.CreateFromValue("1.2.840.10045.3.1.1")),
            KeyKind.P224 => ECDsa.Create(ECCurve.CreateFromFriendlyName("nistP224")),
            KeyKind.Rsa1024 => RSA.Create(1024),
            KeyKind.Rsa2048 => RSA.Create(2048),
            KeyKind.Rsa3072 => RSA.Create(3072),
            _ => ECDsa.Create(ECCurve.NamedCurves.nistP256),
        };
        var pkcs8 = key is ECDsa ec ? ec.ExportPkcs8PrivateKey() : ((RSA)key).ExportPkcs8PrivateKey();
        using var leaf = Sign(shape, key is ECDsa curve ? new PublicKey(curve) : new PublicKey((RSA)key));
        return new TlsIdentity(pkcs8, [leaf.RawData, Issuer]);
    }

    /// <summary>A certificate for a public key.</summary>
    public X509Certificate2 Sign(LeafShape shape, PublicKey key)
    {
        var hash = shape.IsSigned1 ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256;
        var request = new CertificateRequest(new X500DistinguishedName(""), key, hash);
        if (shape.IsStrange)
        {
            request.CertificateExtensions.Add(new X509Extension("1.3.6.1.4.1.55555.1", [5, 0], critical: true));
        }

        if (shape.IsGarbled)
        {
            request.CertificateExtensions.Add(new X509Extension("2.5.29.31", [5, 0], critical: false));
        }

        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(shape.IsAuthority, false, 0, critical: true));
        if (shape.Usage is { } usage)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        }

        if (shape.Extended is { } extended)
        {
            var usages = new OidCollection();
            foreach (var one in extended)
            {
                usages.Add(new Oid(one));
            }

            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(usages, critical: false));
        }

        request.CertificateExtensions.Add(Names(shape.Uris));
        request.CertificateExtensions.Add(Above(_issuer));
        var signer = _issuer.GetECDsaPrivateKey()!;
        var generator = shape.IsSigned1 ? new Sha1Signer(signer) : X509SignatureGenerator.CreateForECDsa(signer);
        return request.Create(_issuer.SubjectName, generator, Now + shape.From, Now + shape.To, Serial());
    }

    public void Dispose()
    {
        _root.Dispose();
        _issuer.Dispose();
    }

    private static void AddAuthority(CertificateRequest request, X509KeyUsageFlags usage, bool isLast)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, isLast, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
    }

    private static X509Extension Above(X509Certificate2 issuer) => X509AuthorityKeyIdentifierExtension
        .CreateFromSubjectKeyIdentifier(issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single());

    private static X509Extension Names(IReadOnlyList<string> uris)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            // Whoever has no URI still has some name.
            writer.WriteCharacterString(UniversalTagNumber.IA5String, "web.local", new Asn1Tag(TagClass.ContextSpecific, 2));
            foreach (var uri in uris)
            {
                writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
            }
        }

        return new X509Extension("2.5.29.17", writer.Encode(), critical: true);
    }

    private static X509Extension Constraint(string host, int kind)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, kind)))
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(UniversalTagNumber.IA5String, host, new Asn1Tag(TagClass.ContextSpecific, 6));
        }

        return new X509Extension("2.5.29.30", writer.Encode(), critical: true);
    }

    private static byte[] Serial()
    {
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] &= 0x7F;
        serial[0] |= 0x40;
        return serial;
    }

    /// <summary>.NET itself makes no such signatures any more.</summary>
    private sealed class Sha1Signer(ECDsa key) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
        {
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.10045.4.1");
            }

            return writer.Encode();
        }

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
            key.SignData(data, HashAlgorithmName.SHA1, DSASignatureFormat.Rfc3279DerSequence);

        protected override PublicKey BuildPublicKey() => new(key);
    }
}
