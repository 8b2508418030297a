using System.Buffers.Text;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>What is read from certificates and keys in more than one place. Pure.</summary>
internal static class Certificates
{
    /// <summary>Its object identifier (RFC 5280 4.2.1.6).</summary>
    public const string SubjectAlternativeName = "2.5.29.17";

    /// <summary>Extended key usages of RFC 5280 4.2.1.12.</summary>
    public const string ServerAuth = "1.3.6.1.5.5.7.3.1";

    /// <inheritdoc cref="ServerAuth" />
    public const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    private const string EcPublicKey = "1.2.840.10045.2.1";
    private const string P256 = "1.2.840.10045.3.1.7";
    private const string P384 = "1.3.132.0.34";

    // GeneralName: uniformResourceIdentifier [6] IA5String.
    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>Whether this is what the library throws at bytes that are not what they should be.</summary>
    public static bool IsUnreadable(Exception exception) => exception
        is CryptographicException or AsnContentException or ArgumentException or FormatException
        or NotSupportedException or InvalidOperationException or OverflowException;

    /// <summary>
    /// Whether it is an ECDSA key on the named curve P-256. May throw what <see cref="IsUnreadable"/> knows.
    /// </summary>
    public static bool IsP256(PublicKey key) => IsOnCurve(key, P256);

    /// <summary>Whether it is a key that may sign certificates: ECDSA on P-256 or P-384.</summary>
    public static bool MaySign(PublicKey key) => IsOnCurve(key, P256) || IsOnCurve(key, P384);

    /// <summary>SHA-256 of the SubjectPublicKeyInfo, base64url: what join tokens name a root by.</summary>
    public static string KeyHash(X509Certificate2 certificate) =>
        Base64Url.EncodeToString(SHA256.HashData(certificate.PublicKey.ExportSubjectPublicKeyInfo()));

    /// <summary>A serial as it is stored and shown: hexadecimal digits in lower case.</summary>
    public static string Serial(X509Certificate2 certificate) => certificate.SerialNumber.ToLowerInvariant();

    /// <summary>Valid from, in UTC.</summary>
    public static DateTimeOffset From(X509Certificate2 certificate) =>
        new DateTimeOffset(certificate.NotBefore).ToUniversalTime();

    /// <summary>Valid until, in UTC.</summary>
    public static DateTimeOffset Until(X509Certificate2 certificate) =>
        new DateTimeOffset(certificate.NotAfter).ToUniversalTime();

    /// <summary>The URIs of a subject alternative name.</summary>
    /// <exception cref="AsnContentException">It is none.</exception>
    public static IReadOnlyList<string> Uris(byte[] extension)
    {
        List<string> uris = [];
        var reader = new AsnReader(extension, AsnEncodingRules.DER);
        var names = reader.ReadSequence();
        reader.ThrowIfNotEmpty();
        while (names.HasData)
        {
            if (names.PeekTag().HasSameClassAndValue(UriTag))
            {
                uris.Add(names.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
            }
            else
            {
                names.ReadEncodedValue();
            }
        }

        return uris;
    }

    /// <summary>A subject alternative name with one URI.</summary>
    public static X509Extension UriName(string uri, bool critical)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteCharacterString(UniversalTagNumber.IA5String, uri, UriTag);
        }

        return new X509Extension(SubjectAlternativeName, writer.Encode(), critical);
    }

    /// <summary>The identity in a certificate; null when there is none, or more than one URI.</summary>
    public static SpiffeId? IdentityOf(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.Where(each => each.Oid?.Value == SubjectAlternativeName).ToList();
        return names is [var name] && Uris(name.RawData) is [var uri] ? SpiffeId.Parse(uri) : null;
    }

    private static bool IsOnCurve(PublicKey key, string curve)
    {
        if (key.Oid.Value != EcPublicKey)
        {
            return false;
        }

        // The point is checked against the curve when it is loaded.
        using var ecdsa = key.GetECDsaPublicKey();
        var parameters = ecdsa?.ExportParameters(includePrivateParameters: false);
        return parameters is { Curve: { IsNamed: true } named } && (named.Oid.Value == curve
            || named.Oid.FriendlyName is "nistP256" or "ECDSA_P256" && curve == P256
            || named.Oid.FriendlyName is "nistP384" or "ECDSA_P384" && curve == P384);
    }
}
