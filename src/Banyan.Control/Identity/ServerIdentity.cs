using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Banyan.Control.Store;

namespace Banyan.Control.Identity;

/// <summary>
/// The certificate that the control plane shows to proxies: issued by its own authority, its key in memory alone.
/// </summary>
/// <remarks>Refreshed by one caller at a time; read on any thread.</remarks>
internal sealed class ServerIdentity(
    CertificateAuthority authority, ConfigStore store, IssuanceLedger ledger, TimeProvider time)
{
    private CaMaterial? _material;
    private DateTimeOffset _renewAt;
    private string _name = "";
    private volatile SslStreamCertificateContext? _context;

    /// <summary>What handshakes use; null until the first one is made.</summary>
    public SslStreamCertificateContext? Context => _context;

    /// <summary>
    /// Makes a new one when there is none, its authority or name is another one, or half of its life is over.
    /// </summary>
    public async Task RefreshAsync()
    {
        var now = time.GetUtcNow();
        var identity = MeshIdentities.Own(store.View);
        if (authority.Material is not { } material || now > material.NotAfter
            || (ReferenceEquals(material, _material) && now < _renewAt && _name == $"{identity}"))
        {
            return;
        }

        using var key = CertificateMaker.NewKey();
        var life = MeshIdentities.Mesh(store.View).Certificates.LeafTtl;
        using var leaf = authority.Sign(material, identity, new PublicKey(key), now, life);
        await ledger.RecordAsync(
            Certifier.Record(leaf, identity, new Proof(identity, Issuance.ByControl, ""), material, now));

        // The old one stays as it is: handshakes may be under way with it.
        _context = SslStreamCertificateContext.Create(
            leaf.CopyWithPrivateKey(key), [.. material.Chain, material.Root], offline: true);
        _material = material;
        _name = $"{identity}";
        _renewAt = now + ((Certificates.Until(leaf) - now) / 2);
    }
}
