using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>
/// Chains of certificates that end at anchors of ours: nothing is downloaded, the system is not asked.
/// </summary>
internal static class Chains
{
    /// <summary>A chain to be built and released by the caller.</summary>
    /// <param name="anchors">Where it may end.</param>
    /// <param name="extra">What may stand between.</param>
    /// <param name="at">The time that counts; null = now by the system's clock.</param>
    public static X509Chain Create(
        IEnumerable<X509Certificate2> anchors, IEnumerable<X509Certificate2> extra, DateTimeOffset? at = null)
    {
        var chain = new X509Chain();
        var policy = chain.ChainPolicy;
        policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        policy.CustomTrustStore.AddRange(anchors.ToArray());
        policy.ExtraStore.AddRange(extra.ToArray());
        policy.RevocationMode = X509RevocationMode.NoCheck;
        policy.DisableCertificateDownloads = true;
        if (at is { } time)
        {
            policy.VerificationTime = time.UtcDateTime;
            policy.VerificationTimeIgnored = false;
        }

        return chain;
    }

    /// <summary>Gives back what a chain holds.</summary>
    public static void Release(X509Chain chain)
    {
        foreach (var element in chain.ChainElements)
        {
            element.Certificate.Dispose();
        }

        chain.Dispose();
    }
}
