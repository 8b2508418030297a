using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Control.Identity;

namespace Banyan.Tests.Control.Identity;

/// <summary>Makes leaves that the authority never would, with its own key.</summary>
internal sealed record Mint(X509Certificate2 Issuer, ECDsa IssuerKey, X509Certificate2[] Intermediates)
{
    public string[] Uris { get; init; } = [];

    public DateTimeOffset From { get; init; }

    public DateTimeOffset Until { get; init; }

    public bool IsAuthority { get; init; }

    public X509KeyUsageFlags? Usage { get; init; } = X509KeyUsageFlags.DigitalSignature;

    public string[] Enhanced { get; init; } = ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"];

    public ECCurve Curve { get; init; } = ECCurve.NamedCurves.nistP256;

    /// <summary>With the keys of a control plane's folder; good until something is changed.</summary>
    public static Mint Of(string state, TimeProvider time, string uri)
    {
        var material = CaMaterial.Read(new CaFolder(state, "ca"));
        return new Mint(material.Issuing, material.IssuingKey, [.. material.Chain])
        {
            Uris = [uri], From = time.GetUtcNow().AddMinutes(-5), Until = time.GetUtcNow().AddHours(24),
        };
    }

    /// <summary>An authority with the same names and other keys.</summary>
    public Mint Forged()
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(Issuer.SubjectName, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var issuer = request.CreateSelfSigned(From, Until);
        return this with { Issuer = issuer, IssuerKey = key, Intermediates = [issuer] };
    }

    public Holder Make()
    {
        var key = ECDsa.Create(Curve);
        var request = new CertificateRequest(new X500DistinguishedName(""), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(IsAuthority, false, 0, true));
        if (Usage is { } usage)
        {
            request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, true));
        }

        if (Enhanced.Length > 0)
        {
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. Enhanced.Select(each => new Oid(each))], false));
        }

        if (Uris.Length > 0)
        {
            var writer = new AsnWriter(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                foreach (var uri in Uris)
                {
                    writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
                }
            }

            request.CertificateExtensions.Add(new X509Extension("2.5.29.17", writer.Encode(), critical: true));
        }

        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Issuer, includeKeyIdentifier: false, includeIssuerAndSerial: true));
        var leaf = request.Create(
            Issuer.SubjectName, X509SignatureGenerator.CreateForECDsa(IssuerKey), From, Until, RandomNumberGenerator.GetBytes(12));
        return new Holder(key, leaf, Intermediates);
    }
}
