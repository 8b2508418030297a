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
            return Refusal.BadProof("proof-denied", "the client certificate was denied: join with a new token");
        }

        context.Items[Key] = new NodeGuard(identity, store);
        return null;
    }

    /// <summary>For which nodes a request may speak; null where no certificate is asked for.</summary>
    public static NodeGuard? GuardOf(HttpContext context) => context.Items[Key] as NodeGuard;
}

/// <summary>Knows which nodes an identity may speak for.</summary>
internal sealed class NodeGuard(SpiffeId identity, ConfigStore store)
{
    /// <summary>Why it may not speak for this node, <c>NAMESPACE/WORKLOAD/REPLICA</c>; null when it may.</summary>
    public Refusal? Problem(string node)
    {
        if (node.Split('/') is not [var ns, var workload, ..] || ns != identity.Namespace)
        {
            return Denied(node);
        }

        // A workload that was deleted runs on for a while; its namespace is proved all the same.
        return MeshIdentities.Of(store.View, ns, workload) is { } expected && expected != identity
            ? Denied(node)
            : null;
    }

    private Refusal Denied(string node) => new(
        "other-node",
        GrpcStatusCode.PermissionDenied,
        $"the client certificate is that of {identity}, which is not the identity of node {Shorten(node)}");

    private static string Shorten(string node) => node.Length <= 200 ? node : node[..200];
}
