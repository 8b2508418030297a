using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Tests.Control.Identity;

/// <summary>Requests for certificates, right and wrong.</summary>
internal static class Csr
{
    public static byte[] Of(string uri, ECDsa? key = null) => Of([uri], key);

    public static byte[] Of(string[] uris, ECDsa? key = null, string[]? dns = null, bool twice = false)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=ignored", key ?? own, HashAlgorithmName.SHA256);
        Fill(request, uris, dns ?? [], twice);
        return request.CreateSigningRequest();
    }

    public static byte[] OfRsa(string uri)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Fill(request, [uri], [], twice: false);
        return request.CreateSigningRequest();
    }

    public static byte[] OfCurve(string uri, ECCurve curve)
    {
        using var key = ECDsa.Create(curve);
        return Of(uri, key);
    }

    /// <summary>The request of one key, signed by another.</summary>
    public static byte[] Swapped(string uri)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(
            new X500DistinguishedName(""), new PublicKey(key), HashAlgorithmName.SHA256);
        Fill(request, [uri], [], twice: false);
        return request.CreateSigningRequest(X509SignatureGenerator.CreateForECDsa(other));
    }

    /// <summary>The last byte is one of the signature.</summary>
    public static byte[] Tampered(string uri)
    {
        var der = Of(uri);
        der[^1] ^= 1;
        return der;
    }

    /// <summary>One identity asked for, another written over it: of the same length.</summary>
    public static byte[] Rewritten(string uri, string other)
    {
        var text = System.Text.Encoding.Latin1.GetString(Of(uri));
        return System.Text.Encoding.Latin1.GetBytes(text.Replace(uri, other, StringComparison.Ordinal));
    }

    private static void Fill(CertificateRequest request, string[] uris, string[] dns, bool twice)
    {
        if (uris.Length + dns.Length == 0)
        {
            return;
        }

        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach (var name in dns)
            {
                writer.WriteCharacterString(UniversalTagNumber.IA5String, name, new Asn1Tag(TagClass.ContextSpecific, 2));
            }

            foreach (var uri in uris)
            {
                writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, new Asn1Tag(TagClass.ContextSpecific, 6));
            }
        }

        var name2 = new X509Extension("2.5.29.17", writer.Encode(), critical: false);
        request.CertificateExtensions.Add(name2);
        if (twice)
        {
            request.CertificateExtensions.Add(name2);
        }

        // Asked for, and not given.
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
    }
}
