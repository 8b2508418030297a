using System.Security.Cryptography.X509Certificates;

namespace Banyan.Control.Identity;

/// <summary>
/// What a client showed in its TLS handshake: nothing of it is verified, but that it has the leaf's key.
/// </summary>
/// <param name="Leaf">Its certificate.</param>
/// <param name="Extra">What it sent with it.</param>
/// <remarks>Belongs to its connection, which disposes of it when it has ended.</remarks>
internal sealed record PeerChain(X509Certificate2 Leaf, IReadOnlyList<X509Certificate2> Extra) : IDisposable
{
    /// <summary>More is not kept: a chain of ours has two.</summary>
    private const int MostExtra = 4;

    private static readonly object Key = new();

    /// <summary>Keeps what was shown with its connection.</summary>
    public static void Keep(IDictionary<object, object?> items, X509Certificate leaf, X509Chain? chain) =>
        items[Key] = new PeerChain(
            Copy(leaf.GetRawCertData()),
            [.. (chain?.ChainPolicy.ExtraStore ?? []).Take(MostExtra).Select(each => Copy(each.RawData))]);

    /// <summary>What the client of a connection showed; null when it showed nothing.</summary>
    public static PeerChain? Of(IDictionary<object, object?> items) =>
        items.TryGetValue(Key, out var kept) ? kept as PeerChain : null;

    /// <inheritdoc />
    public void Dispose()
    {
        Leaf.Dispose();
        foreach (var each in Extra)
        {
            each.Dispose();
        }
    }

    // The ones of the handshake are disposed with it.
    private static X509Certificate2 Copy(byte[] der) => X509CertificateLoader.LoadCertificate(der);
}
