using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>What counts of a request for a certificate: who asks, and the key that he has.</summary>
/// <param name="Identity">The identity that is asked for; nothing proves it yet.</param>
/// <param name="Key">A P-256 key; the request was signed with its private half.</param>
internal sealed record SigningRequest(SpiffeId Identity, PublicKey Key)
{
    /// <summary>The longest request, in bytes; a proxy's has 300.</summary>
    public const int MostBytes = 16 * 1024;

    /// <summary>Reads PKCS#10 in DER from whomever. Never throws.</summary>
    /// <returns>The request, or why it is refused.</returns>
    public static (SigningRequest? Request, Refusal? Refusal) Read(ReadOnlySpan<byte> der)
    {
        if (der.IsEmpty)
        {
            return Refused("csr-missing", "the request has no CSR");
        }

        if (der.Length > MostBytes)
        {
            return Refused("csr-too-long", $"the CSR is longer than {MostBytes} bytes");
        }

        try
        {
            return ReadDer(der);
        }
        catch (Exception exception) when (Certificates.IsUnreadable(exception))
        {
            return Malformed();
        }
    }

    private static (SigningRequest?, Refusal?) ReadDer(ReadOnlySpan<byte> der)
    {
        var unverified = Load(der, CertificateRequestLoadOptions.SkipSignatureValidation, out var length);
        if (length != der.Length)
        {
            return Malformed();
        }

        if (!Certificates.IsP256(unverified.PublicKey))
        {
            return Refused("csr-weak-key", "the CSR's key is not an ECDSA key on P-256: make one of that curve");
        }

        try
        {
            Load(der, CertificateRequestLoadOptions.Default, out _);
        }
        catch (CryptographicException)
        {
            return Refused("csr-signature", "the CSR is not signed with the key that it names: make it again");
        }

        var names = unverified.CertificateExtensions
            .Where(each => each.Oid?.Value == Certificates.SubjectAlternativeName).ToList();
        if (names.Count != 1)
        {
            return names.Count == 0
                ? Refused("csr-no-uri", "the CSR names no SPIFFE ID: put it into the subject alternative name, as URI")
                : Malformed();
        }

        return Certificates.Uris(names[0].RawData) switch
        {
            [] => Refused(
                "csr-no-uri", "the CSR names no SPIFFE ID: put it into the subject alternative name, as URI"),
            [var uri] when SpiffeId.Parse(uri) is { } id => (new SigningRequest(id, unverified.PublicKey), null),
            [_] => Refused(
                "csr-not-spiffe",
                "the CSR's URI is not of the form spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT"),
            _ => Refused("csr-two-uris", "the CSR names several URIs: a certificate has one identity"),
        };
    }

    private static CertificateRequest Load(
        ReadOnlySpan<byte> der, CertificateRequestLoadOptions options, out int length) =>
        CertificateRequest.LoadSigningRequest(
            der,
            HashAlgorithmName.SHA256,
            out length,
            options | CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions);

    private static (SigningRequest?, Refusal?) Malformed() =>
        Refused("csr-malformed", "the CSR is not PKCS#10 in DER");

    private static (SigningRequest?, Refusal?) Refused(string reason, string message) =>
        (null, Refusal.BadRequest(reason, message));
}
