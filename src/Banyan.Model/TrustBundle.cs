using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Model;

/// <summary>The anchors of a trust domain as a resource (SDS).</summary>
public static class TrustBundle
{
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
