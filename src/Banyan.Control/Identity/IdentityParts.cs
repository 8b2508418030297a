using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Identity;

/// <summary>Puts the parts of the certificate authority together.</summary>
internal sealed class IdentityParts
{
    /// <summary>Around an authority that was opened.</summary>
    public IdentityParts(
        CertificateAuthority authority,
        ConfigStore store,
        IDatabase database,
        Action<IReadOnlyList<XdsResource>> trust,
        ILogger log,
        TimeProvider time)
    {
        var ledger = new IssuanceLedger(store, database);
        var denied = new DeniedSerials();
        Certifier = new Certifier(authority, store, database, ledger, time);
        Service = new IdentityService(Certifier, authority, Refusals, log);
        Gate = new ProxyGate(authority, denied, store, time);
        Denied = denied;
        Server = new ServerIdentity(authority, store, ledger, time);
        Keeper = new CaKeeper(authority, Server, denied, Gate, store, database, trust, log, time);
    }

    /// <summary>Decides who gets which certificate.</summary>
    public Certifier Certifier { get; }

    /// <summary>Answers proxies.</summary>
    public IdentityService Service { get; }

    /// <summary>Lets proxies in over TLS.</summary>
    public ProxyGate Gate { get; }

    /// <summary>What the control plane shows to proxies.</summary>
    public ServerIdentity Server { get; }

    /// <summary>Looks after the authority.</summary>
    public CaKeeper Keeper { get; }

    /// <summary>The certificates that prove nothing.</summary>
    public DeniedSerials Denied { get; }

    /// <summary>What was refused.</summary>
    public RefusalCounts Refusals { get; } = new();
}
