using System.Security.Cryptography;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Identity;

/// <summary>The identity of now, and the contexts that the reactors secure their hops with. Thread-safe.</summary>
internal sealed class IdentityHolder(TimeProvider time) : IDisposable
{
    /// <summary>What two sidecars may speak, the most wanted first.</summary>
    internal static readonly string[] HopProtocols = ["banyan-h2", "banyan-http/1.1", "banyan-tcp"];

    private readonly Lock _lock = new();
    private readonly List<HopSecurity> _hops = [];
    private ProxyIdentity? _current;
    private byte[] _ticketKeys = [];
    private int _certificates;
    private int _bundles;

    /// <summary>Null until the control plane has certified one.</summary>
    public ProxyIdentity? Current => Volatile.Read(ref _current);

    /// <summary>From now on that reactor has contexts of whatever identity is the current one.</summary>
    public void Attach(HopSecurity hop)
    {
        lock (_lock)
        {
            _hops.Add(hop);
            if (_current is { } identity)
            {
                Equip(hop, identity);
            }
        }
    }

    /// <summary>Takes a new identity, or the same with other anchors. Connections that are open keep theirs.</summary>
    /// <exception cref="TlsException">It cannot be used; then the old one stays.</exception>
    public void Set(ProxyIdentity identity)
    {
        lock (_lock)
        {
            // What cannot be used is seen before anything is replaced.
            Make(identity, TlsRole.Server, HopProtocols).Dispose();
            _certificates += ReferenceEquals(_current?.Proof, identity.Proof) ? 0 : 1;
            _bundles++;
            _ticketKeys = RandomNumberGenerator.GetBytes(TlsContext.TicketKeysSize);
            Volatile.Write(ref _current, identity);
            foreach (var hop in _hops)
            {
                Equip(hop, identity);
            }
        }
    }

    /// <summary>The certificates that prove nothing.</summary>
    public DeniedSerials Denied { get; } = new();

    /// <summary>From now on these prove nothing: connections that were opened with one are broken off. False: nothing changed.</summary>
    public bool Deny(IReadOnlyCollection<string> serials)
    {
        lock (_lock)
        {
            if (!Denied.Replace(serials))
            {
                return false;
            }

            foreach (var hop in _hops)
            {
                hop.CloseDenied();
            }

            return true;
        }
    }

    /// <summary>A context of that identity; the caller's.</summary>
    /// <exception cref="TlsException">It cannot be used.</exception>
    public TlsContext Make(ProxyIdentity identity, TlsRole role, IReadOnlyList<string> protocols) => TlsContext.Create(new TlsSettings
    {
        Role = role,
        Identity = identity.Proof,
        Bundles = identity.Bundles,
        IdentityGeneration = _certificates,
        BundleGeneration = _bundles,
        Protocols = protocols,
        TicketKeys = role == TlsRole.Server && _ticketKeys.Length > 0 ? _ticketKeys : null,
        Denied = Denied,
        Time = time,
    });

    public void Dispose()
    {
        lock (_lock)
        {
            foreach (var hop in _hops)
            {
                hop.Dispose();
            }

            _hops.Clear();
        }
    }

    private void Equip(HopSecurity hop, ProxyIdentity identity) => hop.Replace(
        Make(identity, TlsRole.Server, HopProtocols), Make(identity, TlsRole.Client, HopProtocols));
}
