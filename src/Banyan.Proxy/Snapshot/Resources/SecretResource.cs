using System.Text;
using Banyan.Proxy.Identity;
using Banyan.Proxy.Tls;
using Banyan.Wire.Tls;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>A Secret, checked: the anchors of a trust domain. The only one that is taken: private keys do not travel.</summary>
/// <param name="Anchors">DER.</param>
internal sealed record SecretResource(byte[][] Anchors)
{
    private const string Scheme = "spiffe://";

    /// <summary>The name of a trust domain's anchors.</summary>
    public static string NameOf(string trustDomain) => Scheme + trustDomain;

    /// <summary>Whether it can be the name of a trust domain's anchors.</summary>
    public static bool IsName(string name) =>
        name.StartsWith(Scheme, StringComparison.Ordinal) && SpiffeId.IsTrustDomain(Encoding.UTF8.GetBytes(name[Scheme.Length..]));

    public static SecretResource? Read(string name, ByteString bytes, Problems problems)
    {
        const string At = "validation_context.trusted_ca";
        var secret = Secret.Parser.ParseFrom(bytes);
        problems.AddIf(secret.Name != name, "name", $"\"{secret.Name}\" is not the resource's name");
        problems.AddIf(!IsName(name), "name", $"\"{name}\" is not spiffe://TRUST-DOMAIN");
        problems.AddIf(
            secret.ValidationContext is { MatchTypedSubjectAltNames.Count: > 0 },
            "validation_context.match_typed_subject_alt_names",
            "who may be met is a cluster's to say");
        var text = secret.ValidationContext?.TrustedCa switch
        {
            { SpecifierCase: DataSource.SpecifierOneofCase.InlineBytes } inline => inline.InlineBytes.ToStringUtf8(),
            { SpecifierCase: DataSource.SpecifierOneofCase.InlineString } inline => inline.InlineString,
            _ => null,
        };
        if (text is null)
        {
            problems.Add(At, "inline_bytes or inline_string with certificates in PEM is needed");
            return null;
        }

        try
        {
            return new SecretResource(Pem.Certificates(text, "the text"));
        }
        catch (TlsException error)
        {
            problems.Add(At, error.Message);
            return null;
        }
    }
}
