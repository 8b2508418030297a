using System.Collections.Concurrent;
using Banyan.Control.Store;
using Banyan.Xds.Grpc;

namespace Banyan.Control.Identity;

/// <summary>
/// A request that was let in by a certificate: knows for which nodes it may speak, and ends when the certificate does.
/// </summary>
/// <remarks>Thread-safe. Who serves the request disposes of it.</remarks>
internal sealed class NodeGuard : IDisposable
{
    private readonly SpiffeId _identity;
    private readonly ConfigStore _store;
    private readonly ConcurrentDictionary<NodeGuard, bool> _open;
    private readonly CancellationTokenSource _ended = new();
    private volatile Refusal? _reason;

    /// <param name="identity">What was proved.</param>
    /// <param name="peer">By what.</param>
    /// <param name="store">Knows whose identity that is.</param>
    /// <param name="open">Where it is until it is disposed.</param>
    public NodeGuard(SpiffeId identity, PeerChain peer, ConfigStore store, ConcurrentDictionary<NodeGuard, bool> open)
    {
        (_identity, _store, _open) = (identity, store, open);
        Serial = Certificates.Serial(peer.Leaf);
        NotAfter = Certificates.Until(peer.Leaf);
        open[this] = true;
    }

    /// <summary>The certificate's.</summary>
    public string Serial { get; }

    /// <summary>The SPIFFE ID.</summary>
    public string Identity => $"{_identity}";

    /// <summary>The certificate's end.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>Cancelled when the request has to end.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Why it has to end; null while it may go on.</summary>
    public Refusal? Reason => _reason;

    /// <summary>Why it may not speak for this node, <c>NAMESPACE/WORKLOAD/REPLICA</c>; null when it may.</summary>
    public Refusal? Problem(string node)
    {
        if (node.Split('/') is not [var ns, var workload, ..] || ns != _identity.Namespace)
        {
            return Denied(node);
        }

        // A workload that was deleted runs on for a while; its namespace is proved all the same.
        return MeshIdentities.Of(_store.View, ns, workload) is { } expected && expected != _identity
            ? Denied(node)
            : null;
    }

    /// <summary>Ends the request.</summary>
    public void End(Refusal reason)
    {
        if (_open.TryRemove(this, out _))
        {
            _reason = reason;

            // What goes on then does so elsewhere: the caller has others to end.
            _ = _ended.CancelAsync();
        }
    }

    /// <summary>The request has ended.</summary>
    /// <remarks>The source of the token has no timer to give back, and may just be being cancelled.</remarks>
    public void Dispose() => _open.TryRemove(this, out _);

    private Refusal Denied(string node) => new(
        "other-node",
        GrpcStatusCode.PermissionDenied,
        $"the client certificate is that of {_identity}, which is not the identity of node {Shorten(node)}");

    private static string Shorten(string node) => node.Length <= 200 ? node : node[..200];
}
