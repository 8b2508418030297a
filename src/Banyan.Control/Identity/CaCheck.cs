using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>Whether keys and certificates belong together and may do what they are for. Pure.</summary>
internal static class CaCheck
{
    /// <summary>
    /// Refuses what does not fit. Times are left out: a clock that is wrong must not look like damage.
    /// </summary>
    /// <exception cref="CaException">Something does not fit; the message names the file.</exception>
    public static void Require(CaMaterial material, CaFolder folder)
    {
        RequireRoots(material, folder);
        foreach (var certificate in material.Chain)
        {
            RequireAuthority(certificate, folder[CaFolder.Issuing]);
        }

        RequirePair(material.Issuing, material.IssuingKey, folder[CaFolder.Issuing]);
        if (material.RootKey is { } key)
        {
            RequirePair(material.Root, key, folder[CaFolder.RootKey]);
        }

        RequireChain(material.Chain, [material.Root], $"{folder[CaFolder.Issuing]} does not lead to {CaFolder.Root}");
    }

    /// <summary>Whether signatures lead from the first certificate over the others to one of the anchors.</summary>
    /// <exception cref="CaException">With the given message, when they do not.</exception>
    public static void RequireChain(
        IReadOnlyList<X509Certificate2> certificates, IEnumerable<X509Certificate2> anchors, string otherwise)
    {
        using var chain = Chains.Create(anchors, certificates.Skip(1));
        chain.ChainPolicy.VerificationFlags |= X509VerificationFlags.IgnoreNotTimeValid;
        var isSound = chain.Build(certificates[0]);
        Chains.Release(chain);
        if (!isSound)
        {
            throw new CaException(otherwise);
        }
    }

    /// <summary>Whether it may sign certificates.</summary>
    /// <exception cref="CaException">It may not; the message names <paramref name="file"/>.</exception>
    public static void RequireAuthority(X509Certificate2 certificate, string file)
    {
        var basic = certificate.Extensions.OfType<X509BasicConstraintsExtension>().FirstOrDefault();
        var usage = certificate.Extensions.OfType<X509KeyUsageExtension>().FirstOrDefault();
        if (basic?.CertificateAuthority != true
            || usage?.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign) == false)
        {
            throw new CaException($"{file}: {certificate.Subject} may not sign certificates (CA:TRUE, keyCertSign)");
        }

        if (!Certificates.MaySign(certificate.PublicKey))
        {
            throw new CaException($"{file}: the key of {certificate.Subject} is not ECDSA on P-256 or P-384");
        }
    }

    private static void RequireRoots(CaMaterial material, CaFolder folder)
    {
        foreach (var anchor in material.Anchors)
        {
            var file = folder[ReferenceEquals(anchor, material.Root) ? CaFolder.Root : CaFolder.Anchors];
            RequireAuthority(anchor, file);
            if (!anchor.SubjectName.RawData.AsSpan().SequenceEqual(anchor.IssuerName.RawData))
            {
                throw new CaException($"{file}: {anchor.Subject} is no root: somebody else signed it");
            }
        }
    }

    private static void RequirePair(X509Certificate2 certificate, ECDsa key, string file)
    {
        using var certified = certificate.GetECDsaPublicKey();
        if (certified is null || !CryptographicOperations.FixedTimeEquals(
            certified.ExportSubjectPublicKeyInfo(), key.ExportSubjectPublicKeyInfo()))
        {
            throw new CaException($"{file}: the key is not that of {certificate.Subject}");
        }
    }
}
