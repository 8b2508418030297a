namespace Banyan.Control.Identity;

/// <summary>
/// An identity of the mesh, <c>spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT</c>. Immutable; one text for each.
/// </summary>
/// <param name="TrustDomain">Lower-case letters, digits, <c>.-_</c>; 1 to 255.</param>
/// <param name="Namespace">Lower-case letters, digits, <c>-</c>; 1 to 63.</param>
/// <param name="ServiceAccount">The same, and dots; 1 to 253.</param>
internal sealed record SpiffeId(string TrustDomain, string Namespace, string ServiceAccount)
{
    private const string Scheme = "spiffe://";
    private const int LongestDomain = 255;
    private const int LongestNamespace = 63;
    private const int LongestAccount = 253;

    /// <summary>Reads the one text of an identity; null for anything else, however near.</summary>
    public static SpiffeId? Parse(string text)
    {
        if (!text.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return null;
        }

        return text[Scheme.Length..].Split('/') is [var domain, "ns", var ns, "sa", var account]
            && IsName(domain, LongestDomain, ".-_")
            && IsName(ns, LongestNamespace, "-")
            && IsName(account, LongestAccount, ".-")
                ? new SpiffeId(domain, ns, account)
                : null;
    }

    /// <inheritdoc />
    public override string ToString() => $"{Scheme}{TrustDomain}/ns/{Namespace}/sa/{ServiceAccount}";

    /// <summary>No name begins or ends with a sign, so none is <c>.</c> or <c>..</c>.</summary>
    private static bool IsName(string text, int longest, string signs) =>
        text.Length >= 1 && text.Length <= longest
        && text.All(each => char.IsAsciiLetterLower(each) || char.IsAsciiDigit(each) || signs.Contains(each))
        && char.IsAsciiLetterOrDigit(text[0])
        && char.IsAsciiLetterOrDigit(text[^1]);
}
