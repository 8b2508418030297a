using System.Collections.Concurrent;
using Banyan.Control.Store;
using Banyan.Xds.Grpc;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Banyan.Control.Identity;

/// <summary>
/// Lets proxies in at the TLS listener by what their certificate says, and tells for which nodes they may speak: the
/// name that a node gives itself proves nothing.
/// </summary>
internal sealed class ProxyGate(
    CertificateAuthority authority, DeniedSerials denied, ConfigStore store, TimeProvider time)
{
    private static readonly object Key = new();

    private readonly ConcurrentDictionary<NodeGuard, bool> _open = new();

    /// <summary>Judges a request; null lets it in.</summary>
    public Refusal? Admit(HttpContext context)
    {
        if (authority.Material is not { } material)
        {
            return Refusal.NotReady("the control plane has no certificate authority yet");
        }

        var items = context.Features.GetRequiredFeature<IConnectionItemsFeature>().Items;
        if (PeerChain.Of(items) is not { } peer)
        {
            return Refusal.BadProof(
                "no-proof", "proxies are known here by their certificate, and this connection has none: join first");
        }

        var (identity, refusal) = PeerCertificate.Verify(
            peer, material, MeshIdentities.Mesh(store.View).TrustDomain, time.GetUtcNow());
        if (identity is null)
        {
            return refusal;
        }

        if (denied.Contains(Certificates.Serial(peer.Leaf)))
        {
            return Denied();
        }

        context.Items[Key] = new NodeGuard(identity, peer, store, _open);
        return null;
    }

    /// <summary>For which nodes a request may speak; null where no certificate is asked for.</summary>
    public static NodeGuard? GuardOf(HttpContext context) => context.Items[Key] as NodeGuard;

    /// <summary>Ends the requests whose certificate was denied, or has run out, since they were let in.</summary>
    public void EndStreams()
    {
        var now = time.GetUtcNow();
        foreach (var guard in _open.Keys)
        {
            if (denied.Contains(guard.Serial))
            {
                guard.End(Denied());
            }
            else if (now > guard.NotAfter)
            {
                // Whoever has the next one by now comes back at once.
                guard.End(new Refusal(
                    "proof-expired",
                    GrpcStatusCode.Unavailable,
                    $"the client certificate of this stream was valid until {guard.NotAfter:u}, and here it is "
                    + $"{now:u}: come back with the next one"));
            }
        }
    }

    private static Refusal Denied() =>
        Refusal.BadProof("proof-denied", "the client certificate was denied: join with a new token");
}
