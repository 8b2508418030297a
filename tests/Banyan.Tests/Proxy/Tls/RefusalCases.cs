using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Proxy.Tls;

namespace Banyan.Tests.Proxy.Tls;

/// <summary>One wrong identity, what it is refused as, and what the reason must say.</summary>
internal sealed record RefusalCase(string Name, TlsRefusal Refusal, Func<Forge, TlsIdentity> Identity, params string[] Reason);

/// <summary>What wrong identities are made of.</summary>
/// <param name="Trusted">The authority that is trusted.</param>
/// <param name="Foreign">One that is not.</param>
/// <param name="Dead">A trusted one whose intermediate has expired.</param>
/// <param name="Bound">A trusted one whose intermediate may speak for another trust domain alone.</param>
/// <param name="Barred">A trusted one whose intermediate may speak for all but this trust domain.</param>
/// <param name="Early">A trusted one whose intermediate is not valid yet.</param>
/// <param name="Last">A trusted one that allows no intermediate.</param>
/// <param name="Mute">A trusted one whose intermediate's key signs no certificates.</param>
internal sealed record Forge(
    TestAuthority Trusted,
    TestAuthority Foreign,
    TestAuthority Dead,
    TestAuthority Bound,
    TestAuthority Barred,
    TestAuthority Early,
    TestAuthority Last,
    TestAuthority Mute);

/// <summary>The table of what no peer may be.</summary>
internal static class RefusalCases
{
    public const string Web = "spiffe://banyan.local/ns/default/sa/web";

    public static readonly RefusalCase[] All =
    [
        Of("expired", TlsRefusal.Expired, new() { From = TimeSpan.FromHours(-2), To = TimeSpan.FromHours(-1) },
            "the certificate of " + Web + " expired at 20", "; the clock here says 20"),
        Of("not yet valid", TlsRefusal.NotYetValid, new() { From = TimeSpan.FromHours(1) },
            "the certificate of " + Web + " is not valid before 20", "; the clock here says 20"),
        new("an intermediate that expired", TlsRefusal.Expired, forge => forge.Dead.Issue(Web),
            "certificate 2 of the chain of " + Web + " expired at 20", "; the clock here says 20"),
        Of("no URI", TlsRefusal.NoUri, new() { Uris = [] }, "no URI"),
        Of("two URIs", TlsRefusal.SeveralUris, new() { Uris = [Web, "spiffe://banyan.local/ns/default/sa/root"] }, "2 URIs"),
        Of("the same URI twice", TlsRefusal.SeveralUris, new() { Uris = [Web, Web] }, "2 URIs"),
        Of("a URI of another scheme", TlsRefusal.BadSpiffeId, LeafShape.For("https://banyan.local/web"), "'https://banyan.local/web'"),
        Of("an ID of a trust domain", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local"), "no SPIFFE ID of a workload"),
        Of("an ID with an empty path", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local/"), "no SPIFFE ID of a workload"),
        Of("an ID with a dot segment", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local/ns/../sa/web"), "no SPIFFE ID"),
        Of("an ID with a port", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local:1/ns/default/sa/web"), "no SPIFFE ID"),
        Of("an ID with a query", TlsRefusal.BadSpiffeId, LeafShape.For(Web + "?a=b"), "no SPIFFE ID"),
        Of("an ID with an escape", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local/ns/default/sa/w%65b"), "no SPIFFE ID"),
        Of("an ID with a zero", TlsRefusal.BadSpiffeId, LeafShape.For(Web + "\0.evil"), "web?.evil'"),
        Of("an ID with a user", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://root@banyan.local/ns/default/sa/web"), "no SPIFFE ID"),
        Of("an ID with an empty segment", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local/ns//sa/web"), "no SPIFFE ID"),
        Of("an ID with escaped dots", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local/ns/%2e%2e/sa/web"), "no SPIFFE ID"),
        Of("an ID with a dot", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local/ns/./sa/web"), "no SPIFFE ID"),
        Of("an ID with capitals in its trust domain", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://Banyan.local/ns/default/sa/web"),
            "no SPIFFE ID"),
        Of("an ID with a scheme in capitals", TlsRefusal.BadSpiffeId, LeafShape.For("SPIFFE://banyan.local/ns/default/sa/web"), "no SPIFFE ID"),
        Of("an ID with a fragment", TlsRefusal.BadSpiffeId, LeafShape.For(Web + "#a"), "no SPIFFE ID"),
        Of("an ID with a slash at its end", TlsRefusal.BadSpiffeId, LeafShape.For(Web + "/"), "no SPIFFE ID"),
        Of("an ID without a trust domain", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe:///ns/default/sa/web"), "no SPIFFE ID"),
        Of("an ID that is too long", TlsRefusal.BadSpiffeId, LeafShape.For("spiffe://banyan.local/ns/" + new string('a', 2048)),
            "no SPIFFE ID"),
        Of("another trust domain", TlsRefusal.UnknownTrustDomain, LeafShape.For("spiffe://other.example/ns/default/sa/web"),
            "spiffe://other.example/ns/default/sa/web is of a trust domain without a bundle"),
        Of("an authority as a leaf", TlsRefusal.AuthorityAsLeaf, new() { IsAuthority = true }, "CA:TRUE"),
        Of("no key usage", TlsRefusal.KeyUsage, new() { Usage = null }, "does not allow signatures"),
        Of("a key for encipherment alone", TlsRefusal.KeyUsage, new() { Usage = X509KeyUsageFlags.KeyEncipherment },
            "does not allow signatures"),
        Of("a key that signs certificates", TlsRefusal.KeyUsage,
            new() { Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyCertSign }, "that of an authority"),
        Of("a key that signs lists", TlsRefusal.KeyUsage,
            new() { Usage = X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.CrlSign }, "that of an authority"),
        Of("a certificate for code", TlsRefusal.ExtendedKeyUsage, new() { Extended = ["1.3.6.1.5.5.7.3.3"] }, "extended key usage"),
        new("another authority, the same ID", TlsRefusal.UntrustedChain, forge => forge.Foreign.Issue(Web),
            "the chain of " + Web + " does not lead to an anchor of its trust domain"),
        new("another authority that shows its root", TlsRefusal.UntrustedChain, WithForeignRoot, "does not lead to an anchor"),
        new("no intermediate", TlsRefusal.UntrustedChain, WithoutIssuer, "does not lead to an anchor", "local issuer"),
        new("a signature that is not the issuer's", TlsRefusal.BadChain, WithBrokenSignature, "signature"),
        new("a name that the issuer may not give", TlsRefusal.NameConstraint, forge => forge.Bound.Issue(Web), Web, "permitted subtree"),
        new("a name that the issuer is barred from", TlsRefusal.NameConstraint, forge => forge.Barred.Issue(Web), Web, "excluded subtree"),
        new("an intermediate that is not valid yet", TlsRefusal.NotYetValid, forge => forge.Early.Issue(Web),
            "certificate 2 of the chain of " + Web + " is not valid before 20", "; the clock here says 20"),
        new("an intermediate below an authority that allows none", TlsRefusal.BadChain, forge => forge.Last.Issue(Web), "path length"),
        new("an intermediate whose key signs no certificates", TlsRefusal.BadChain, forge => forge.Mute.Issue(Web), "invalid CA"),
        new("a workload that signs another", TlsRefusal.BadChain, BelowALeaf, "invalid CA"),
        new("signed by itself", TlsRefusal.UntrustedChain, SignedByItself, "does not lead to an anchor", "self"),
        Of("an extension that cannot be read", TlsRefusal.BadChain, new() { IsGarbled = true }, "extensions that cannot be read"),
        Of("a critical extension that nobody knows", TlsRefusal.BadChain, new() { IsStrange = true }, "critical extension"),
        new("the key of somebody else", TlsRefusal.BadSignature, WithSwappedKey, "does not have the key of its certificate"),
    ];

    /// <summary>Those that a stack of TLS would not even show: judged as a chain.</summary>
    public static readonly RefusalCase[] Chains =
    [
        Of("RSA of 1,024 bits", TlsRefusal.WeakKey, new() { Key = KeyKind.Rsa1024 }, "too weak: RSA, 1024 bits"),
        Of("RSA of 2,048 bits", TlsRefusal.WeakKey, new() { Key = KeyKind.Rsa2048 }, "too weak: RSA, 2048 bits"),
        Of("P-224", TlsRefusal.WeakKey, new() { Key = KeyKind.P224 }, "too weak: EC, 224 bits"),
        Of("P-192", TlsRefusal.WeakKey, new() { Key = KeyKind.P192 }, "too weak: EC, 192 bits"),
        Of("a signature with SHA-1", TlsRefusal.WeakKey, new() { IsSigned1 = true }, "digest"),
    ];

    private static RefusalCase Of(string name, TlsRefusal refusal, LeafShape shape, params string[] reason) =>
        new(name, refusal, forge => forge.Trusted.Issue(shape), reason);

    /// <summary>A good workload takes itself for an authority.</summary>
    private static TlsIdentity BelowALeaf(Forge forge)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var above = forge.Trusted.Sign(LeafShape.For("spiffe://banyan.local/ns/default/sa/thief"), new PublicKey(key));
        return Self(key, above.SubjectName, [above.RawData, forge.Trusted.Issuer], key);
    }

    private static TlsIdentity SignedByItself(Forge forge)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Self(key, new X500DistinguishedName("CN=self"), [], key);
    }

    private static TlsIdentity Self(ECDsa key, X500DistinguishedName issuer, byte[][] above, ECDsa signer)
    {
        var name = above.Length == 0 ? issuer : new X500DistinguishedName("CN=below");
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        var names = new SubjectAlternativeNameBuilder();
        names.AddUri(new Uri(Web));
        request.CertificateExtensions.Add(names.Build(critical: true));
        var now = TimeProvider.System.GetUtcNow();
        using var leaf = request.Create(
            issuer, X509SignatureGenerator.CreateForECDsa(signer), now.AddMinutes(-5), now.AddDays(1), RandomNumberGenerator.GetBytes(16));
        return new TlsIdentity(key.ExportPkcs8PrivateKey(), [leaf.RawData, .. above]);
    }

    private static TlsIdentity WithoutIssuer(Forge forge)
    {
        var identity = forge.Trusted.Issue(Web);
        return identity with { Chain = [identity.Chain[0]] };
    }

    private static TlsIdentity WithForeignRoot(Forge forge)
    {
        var identity = forge.Foreign.Issue(Web);
        return identity with { Chain = [.. identity.Chain, forge.Foreign.Root] };
    }

    private static TlsIdentity WithBrokenSignature(Forge forge)
    {
        var identity = forge.Trusted.Issue(Web);
        var leaf = identity.Chain[0].ToArray();
        leaf[^1] ^= 1;
        return identity with { Chain = [leaf, identity.Chain[1]] };
    }

    /// <summary>A private key that carries the public key of another, which makes it look as if it fitted.</summary>
    private static TlsIdentity WithSwappedKey(Forge forge)
    {
        using var owner = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var thief = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = forge.Trusted.Sign(LeafShape.For(Web), new PublicKey(owner));
        var shown = owner.ExportParameters(includePrivateParameters: false).Q;
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            writer.WriteOctetString(thief.ExportParameters(includePrivateParameters: true).D!);
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 0)))
            {
                writer.WriteObjectIdentifier("1.2.840.10045.3.1.7");
            }

            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1)))
            {
                writer.WriteBitString([4, .. shown.X!, .. shown.Y!]);
            }
        }

        return new TlsIdentity(writer.Encode(), [leaf.RawData, forge.Trusted.Issuer]);
    }
}
