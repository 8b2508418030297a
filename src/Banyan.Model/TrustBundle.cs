using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Model;

/// <summary>The anchors of a trust domain, and what is denied in it, as resources (SDS).</summary>
public static class TrustBundle
{
    /// <summary>The serials that prove nothing: a line for each, in hexadecimal digits in lower case.</summary>
    /// <param name="trustDomain">Whose certificates these are.</param>
    /// <param name="serials">In any order.</param>
    public static XdsResource Denied(string trustDomain, IEnumerable<string> serials)
    {
        var name = $"denied-serials://{trustDomain}";
        var text = string.Concat(serials.Order(StringComparer.Ordinal).Select(each => each + "\n"));
        return Encode.Resource(XdsTypes.Secret, name, new Secret
        {
            Name = name,
            GenericSecret = new GenericSecret { Secret = new DataSource { InlineBytes = ByteString.CopyFromUtf8(text) } },
        });
    }

    /// <summary>Makes the resource: named by the domain's SPIFFE ID.</summary>
    /// <param name="trustDomain">Whose anchors these are.</param>
    /// <param name="pem">All of them, in PEM.</param>
    public static XdsResource Of(string trustDomain, string pem)
    {
        var name = WorkloadIdentity.Domain(trustDomain);
        return Encode.Resource(XdsTypes.Secret, name, new Secret
        {
            Name = name,
            ValidationContext = new CertificateValidationContext
            {
                TrustedCa = new DataSource { InlineBytes = ByteString.CopyFromUtf8(pem) },
            },
        });
    }
}
