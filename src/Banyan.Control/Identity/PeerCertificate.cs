using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>Judges the certificate of a client by our own anchors. No network, no trust of the system's.</summary>
internal static class PeerCertificate
{
    /// <summary>A certificate of more extensions or bytes than this is none of ours.</summary>
    private const int MostBytes = 8 * 1024;

    /// <summary>Finds the identity that a certificate proves. Never throws.</summary>
    /// <param name="peer">What the client showed, and proved to have the key of.</param>
    /// <param name="material">Whom to trust.</param>
    /// <param name="domain">The mesh's trust domain: others may have their certificates from the same root.</param>
    /// <param name="now">The time that counts.</param>
    /// <returns>The identity, or why there is none.</returns>
    public static (SpiffeId? Identity, Refusal? Refusal) Verify(
        PeerChain peer, CaMaterial material, string domain, DateTimeOffset now)
    {
        try
        {
            return Check(peer.Leaf, peer.Extra, material, domain, now);
        }
        catch (Exception exception) when (Certificates.IsUnreadable(exception))
        {
            return Refused("proof-malformed", "the client certificate cannot be read");
        }
    }

    private static (SpiffeId?, Refusal?) Check(
        X509Certificate2 leaf,
        IEnumerable<X509Certificate2> extra,
        CaMaterial material,
        string domain,
        DateTimeOffset now)
    {
        if (leaf.RawDataMemory.Length > MostBytes || !Certificates.IsP256(leaf.PublicKey))
        {
            return Refused("proof-weak-key", "the client certificate's key is not an ECDSA key on P-256");
        }

        var (from, until) = (Certificates.From(leaf), Certificates.Until(leaf));
        if (now < from)
        {
            return Refused(
                "proof-not-yet-valid", $"the client certificate is valid from {from:u}, and here it is {now:u}");
        }

        if (now > until)
        {
            return Refused(
                "proof-expired",
                $"the client certificate was valid until {until:u}, and here it is {now:u}: join with a new token");
        }

        if (leaf.Extensions.OfType<X509BasicConstraintsExtension>().Any(each => each.CertificateAuthority))
        {
            return Refused("proof-authority", "the client certificate is that of an authority");
        }

        if (leaf.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault() is not { } usage
            || !usage.KeyUsages.HasFlag(X509KeyUsageFlags.DigitalSignature)
            || leaf.Extensions.OfType<X509EnhancedKeyUsageExtension>().FirstOrDefault() is not { } enhanced
            || !enhanced.EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>()
                .Any(each => each.Value == Certificates.ClientAuth))
        {
            return Refused("proof-usage", "the client certificate is not one for clients");
        }

        using var chain = Chains.Create(material.Anchors, [.. extra, .. material.Chain], now);
        var isSound = chain.Build(leaf);
        Chains.Release(chain);
        if (!isSound)
        {
            return Refused(
                "proof-untrusted",
                "the client certificate does not come from this mesh's authority: join with a token");
        }

        if (Certificates.IdentityOf(leaf) is not { } identity)
        {
            return Refused("proof-no-identity", "the client certificate names no SPIFFE ID of a workload, or several");
        }

        return identity.TrustDomain == domain
            ? (identity, null)
            : Refused(
                "proof-trust-domain",
                $"the client certificate is of trust domain {identity.TrustDomain}, and this mesh is {domain}");
    }

    private static (SpiffeId?, Refusal?) Refused(string reason, string message) =>
        (null, Refusal.BadProof(reason, message));
}
