using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Cli.Identity;

/// <summary>Judges certificates by anchors that are given: no network, no trust of the system's. Pure.</summary>
internal static class PeerJudge
{
    public const string ServerAuth = "1.3.6.1.5.5.7.3.1";
    public const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    private const string AlternativeName = "2.5.29.17";

    private static readonly Asn1Tag UriTag = new(TagClass.ContextSpecific, 6);

    /// <summary>Empty when the certificate is of that identity and leads to an anchor, else why not.</summary>
    /// <param name="leaf">Who is judged.</param>
    /// <param name="extra">What may stand between it and an anchor.</param>
    /// <param name="anchors">Where the chain may end.</param>
    /// <param name="id">The one SPIFFE ID that is taken.</param>
    /// <param name="usage">What the certificate must be for.</param>
    /// <param name="now">The time that counts.</param>
    public static string Judge(
        X509Certificate2 leaf,
        IEnumerable<X509Certificate2> extra,
        IEnumerable<X509Certificate2> anchors,
        string id,
        string usage,
        DateTimeOffset now)
    {
        try
        {
            if (IdOf(leaf) is var found && found != id)
            {
                return $"its certificate is of {(found.Length > 0 ? found : "no identity")} instead of {id}";
            }

            if (leaf.Extensions.OfType<X509BasicConstraintsExtension>().Any(each => each.CertificateAuthority))
            {
                return "its certificate is that of an authority";
            }

            using var chain = new X509Chain();
            var policy = chain.ChainPolicy;
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(anchors.ToArray());
            policy.ExtraStore.AddRange(extra.ToArray());
            policy.RevocationMode = X509RevocationMode.NoCheck;
            policy.DisableCertificateDownloads = true;
            policy.ApplicationPolicy.Add(new Oid(usage));
            policy.VerificationTime = now.UtcDateTime;
            policy.VerificationTimeIgnored = false;
            return chain.Build(leaf)
                ? ""
                : "its certificate is not good: "
                    + string.Join(", ", chain.ChainStatus.Select(each => each.StatusInformation.Trim()).Distinct(StringComparer.Ordinal));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            return "its certificate cannot be read";
        }
    }

    /// <summary>The one URI of a certificate; empty when there is none, or another number of them.</summary>
    public static string IdOf(X509Certificate2 certificate)
    {
        try
        {
            var names = certificate.Extensions.Where(each => each.Oid?.Value == AlternativeName).ToList();
            if (names is not [var name])
            {
                return "";
            }

            List<string> uris = [];
            var reader = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence();
            while (reader.HasData)
            {
                if (reader.PeekTag().HasSameClassAndValue(UriTag))
                {
                    uris.Add(reader.ReadCharacterString(UniversalTagNumber.IA5String, UriTag));
                }
                else
                {
                    reader.ReadEncodedValue();
                }
            }

            return uris is [var uri] ? uri : "";
        }
        catch (AsnContentException)
        {
            return "";
        }
    }
}
