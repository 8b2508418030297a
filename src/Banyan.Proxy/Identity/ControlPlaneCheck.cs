using Banyan.Proxy.Tls;
using Banyan.Xds;

namespace Banyan.Proxy.Identity;

/// <summary>Whether who answered is the control plane that a join token names.</summary>
internal static class ControlPlaneCheck
{
    /// <summary>Empty when it is, else why not.</summary>
    /// <param name="token">What the proxy was given.</param>
    /// <param name="trust">What the server says whom to trust: worth nothing but for the anchor that the token names.</param>
    /// <param name="chain">The server's certificates, DER, leaf first.</param>
    /// <param name="time">The clock.</param>
    /// <param name="trustDomain">The trust domain of the control plane; empty when it is none.</param>
    /// <exception cref="TlsException">Something is no certificate.</exception>
    public static string Judge(
        JoinToken token, FetchTrustResponse trust, IReadOnlyList<byte[]> chain, TimeProvider time, out string trustDomain)
    {
        trustDomain = "";
        foreach (var bundle in trust.Bundles)
        {
            foreach (var anchor in bundle.Anchors.Select(static der => der.ToByteArray()))
            {
                if (token.Names(anchor))
                {
                    var problem = Judge(bundle.TrustDomain, anchor, chain, time);
                    trustDomain = problem.Length == 0 ? bundle.TrustDomain : "";
                    return problem;
                }
            }
        }

        return "none of its anchors has the public key of the token";
    }

    private static string Judge(string trustDomain, byte[] anchor, IReadOnlyList<byte[]> chain, TimeProvider time)
    {
        if (chain.Count == 0)
        {
            return "it showed no certificate";
        }

        using var anchors = new TrustAnchors(new Dictionary<string, byte[][]>(StringComparer.Ordinal) { [trustDomain] = [anchor] });
        var terms = new PeerTerms(
            anchors, IsServer: true, [ProxyIdentity.ControlPlaneOf(trustDomain)], time.GetUtcNow().ToUnixTimeSeconds());
        var verdict = PeerVerification.CheckChain(chain, terms);
        return verdict.IsGood ? "" : verdict.Reason;
    }
}
