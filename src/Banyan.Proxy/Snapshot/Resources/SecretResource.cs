using System.Text;
using Banyan.Proxy.Identity;
using Banyan.Proxy.Tls;
using Banyan.Wire.Tls;
using Banyan.Xds;
using Google.Protobuf;

namespace Banyan.Proxy.Snapshot.Resources;

/// <summary>A Secret, checked: the anchors of a trust domain, or the serials that are denied in it. Private keys do not travel.</summary>
/// <param name="Anchors">DER; none of denied serials.</param>
/// <param name="Denied">Serials, hexadecimal; null of anchors.</param>
internal sealed record SecretResource(byte[][] Anchors, IReadOnlyCollection<string>? Denied = null)
{
    /// <summary>Denied serials of a trust domain at most: more than a control plane has issued and not seen expire.</summary>
    public const int MostDenied = 100_000;

    private const string Scheme = "spiffe://";
    private const string DeniedScheme = "denied-serials://";

    /// <summary>Digits of a serial (RFC 5280, 4.1.2.2: 20 bytes).</summary>
    private const int LongestSerial = 40;

    /// <summary>The name of a trust domain's anchors.</summary>
    public static string NameOf(string trustDomain) => Scheme + trustDomain;

    /// <summary>The name of the serials that are denied in a trust domain.</summary>
    public static string DeniedNameOf(string trustDomain) => DeniedScheme + trustDomain;

    /// <summary>Whether it can be the name of a trust domain's anchors.</summary>
    public static bool IsName(string name) => IsOf(name, Scheme);

    public static SecretResource? Read(string name, ByteString bytes, Problems problems)
    {
        var secret = Secret.Parser.ParseFrom(bytes);
        problems.AddIf(secret.Name != name, "name", $"\"{secret.Name}\" is not the resource's name");
        if (IsOf(name, DeniedScheme))
        {
            return ReadDenied(secret, problems);
        }

        problems.AddIf(!IsName(name), "name", $"\"{name}\" is not spiffe://TRUST-DOMAIN");
        return ReadAnchors(secret, problems);
    }

    private static SecretResource? ReadAnchors(Secret secret, Problems problems)
    {
        const string At = "validation_context.trusted_ca";
        problems.AddIf(
            secret.ValidationContext is { MatchTypedSubjectAltNames.Count: > 0 },
            "validation_context.match_typed_subject_alt_names",
            "who may be met is a cluster's to say");
        if (Text(secret.ValidationContext?.TrustedCa) is not { } text)
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

    private static SecretResource? ReadDenied(Secret secret, Problems problems)
    {
        const string At = "generic_secret.secret";
        if (Text(secret.GenericSecret?.Secret) is not { } text)
        {
            problems.Add(At, "inline_bytes or inline_string with a serial a line is needed");
            return null;
        }

        var serials = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        problems.AddIf(serials.Length > MostDenied, At, $"more than {MostDenied} serials");
        problems.AddIf(!Array.TrueForAll(serials, IsSerial), At, "a line is no serial: hexadecimal digits in lower case");
        return new SecretResource([], [.. serials.Select(static serial => serial.TrimStart('0'))]);
    }

    private static bool IsOf(string name, string scheme) =>
        name.StartsWith(scheme, StringComparison.Ordinal) && SpiffeId.IsTrustDomain(Encoding.UTF8.GetBytes(name[scheme.Length..]));

    private static bool IsSerial(string line) => line.Length <= LongestSerial && line.All(char.IsAsciiHexDigitLower);

    private static string? Text(DataSource? source) => source switch
    {
        { SpecifierCase: DataSource.SpecifierOneofCase.InlineBytes } inline => inline.InlineBytes.ToStringUtf8(),
        { SpecifierCase: DataSource.SpecifierOneofCase.InlineString } inline => inline.InlineString,
        _ => null,
    };
}
