using System.Collections.ObjectModel;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>
/// Makes certificates: roots, issuing ones, leaves. What stands in them is decided here and nowhere else.
/// </summary>
internal static class CertificateMaker
{
    /// <summary>Clocks of proxies may be so far behind.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private const int SerialBytes = 16;

    /// <summary>A new key on P-256.</summary>
    public static ECDsa NewKey() => ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>A root, signed by itself.</summary>
    public static X509Certificate2 Root(ECDsa key, DateTimeOffset now, TimeSpan life)
    {
        var request = Authority(Name("root"), key, pathLength: null);
        return request.Create(
            request.SubjectName, X509SignatureGenerator.CreateForECDsa(key), now - Skew, now + life, NewSerial());
    }

    /// <summary>An issuing certificate: it signs leaves and nothing else.</summary>
    public static X509Certificate2 Issuing(
        ECDsa key, X509Certificate2 root, ECDsa rootKey, DateTimeOffset now, TimeSpan life)
    {
        var request = Authority(Name("issuing"), key, pathLength: 0);
        NameIssuer(request.CertificateExtensions, root);
        return request.Create(
            root.SubjectName,
            X509SignatureGenerator.CreateForECDsa(rootKey),
            now - Skew,
            Earlier(now + life, Certificates.Until(root)),
            NewSerial());
    }

    /// <summary>A request for an issuing certificate that somebody else signs, in PEM.</summary>
    public static string IssuingRequest(ECDsa key) =>
        Authority(Name("issuing"), key, pathLength: 0).CreateSigningRequestPem();

    /// <summary>A leaf for an identity, with the extensions that ours have whatever was asked for.</summary>
    public static X509Certificate2 Leaf(
        CaMaterial material, SpiffeId identity, PublicKey key, DateTimeOffset now, TimeSpan life)
    {
        // The hash of the signature is that of the issuing key's curve.
        var request = new CertificateRequest(
            new X500DistinguishedName(""), key, HashOf(material.IssuingKey));
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: false, hasPathLengthConstraint: false, pathLengthConstraint: 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        extensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid(Certificates.ServerAuth), new Oid(Certificates.ClientAuth)], critical: false));
        extensions.Add(new X509SubjectKeyIdentifierExtension(key, critical: false));
        NameIssuer(extensions, material.Issuing);

        // Critical, since the subject is empty (RFC 5280 4.2.1.6).
        extensions.Add(Certificates.UriName($"{identity}", critical: true));
        return request.Create(
            material.Issuing.SubjectName,
            X509SignatureGenerator.CreateForECDsa(material.IssuingKey),
            now - Skew,
            Earlier(now + life, material.NotAfter),
            NewSerial());
    }

    /// <summary>One that was brought may have no key identifier; its name leads to it then.</summary>
    private static void NameIssuer(
        Collection<X509Extension> extensions, X509Certificate2 issuer)
    {
        if (issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any())
        {
            extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                issuer, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        }
    }

    private static CertificateRequest Authority(string name, ECDsa key, int? pathLength)
    {
        var request = new CertificateRequest(name, key, HashOf(key));
        var extensions = request.CertificateExtensions;
        extensions.Add(new X509BasicConstraintsExtension(
            certificateAuthority: true, pathLength is not null, pathLength ?? 0, critical: true));
        extensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        extensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        return request;
    }

    private static HashAlgorithmName HashOf(ECDsa key) =>
        key.KeySize > 256 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256;

    /// <summary>Different for each, so that chains are found by name.</summary>
    private static string Name(string role) =>
        $"O=Banyan, CN=Banyan {role} {RandomNumberGenerator.GetHexString(8, lowercase: true)}";

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset other) => one < other ? one : other;

    /// <summary>126 random bits; positive, and always of the same length.</summary>
    private static byte[] NewSerial()
    {
        var serial = RandomNumberGenerator.GetBytes(SerialBytes);
        serial[0] = (byte)((serial[0] & 0x3f) | 0x40);
        return serial;
    }
}
