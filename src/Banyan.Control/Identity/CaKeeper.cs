using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Identity;

/// <summary>
/// Looks after the authority: makes it, takes up files that changed, renews the issuing certificate, warns in time.
/// </summary>
internal sealed class CaKeeper(
    CertificateAuthority authority,
    ServerIdentity server,
    DeniedSerials denied,
    ProxyGate gate,
    ConfigStore store,
    IDatabase database,
    Action<IReadOnlyList<XdsResource>> trust,
    ILogger log,
    TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WarnEvery = TimeSpan.FromHours(24);

    private DateTimeOffset _warnedAt = DateTimeOffset.MinValue;
    private string? _said;
    private volatile XdsResource? _published;
    private volatile IReadOnlyCollection<string>? _publishedDenials;

    /// <summary>Runs until the control plane stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        // Not before: the mesh says how long certificates live.
        await store.Ready.WaitAsync(cancel);
        using var timer = new PeriodicTimer(Pause, time);
        do
        {
            try
            {
                await LookAsync();
                Say(authority.Problem);
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                // Whatever files or a database bring: who looks after the authority goes on looking.
                Say(exception.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(cancel));
    }

    /// <summary>Does what is due now.</summary>
    internal async Task LookAsync()
    {
        var now = time.GetUtcNow();
        var lives = MeshIdentities.Mesh(store.View).Certificates;
        if (!authority.IsAdmitted)
        {
            var isNew = authority.Prepare(now, lives.RootTtl, lives.IntermediateTtl);
            var hash = authority.CandidateHash;
            var isOurs = !database.IsShared || await store.ReadAsync(_ => database.ClaimRoot(hash));
            authority.Admit(isOurs);
            if (isOurs && isNew)
            {
                Log.Created(log, authority.Folder, hash);
            }
        }

        // A database that others share has one root: another one is not taken up from files either.
        if (authority.Reload(database.IsShared ? authority.Material?.RootHash : null))
        {
            Log.Reloaded(log, authority.Folder);
        }

        if (authority.Material is { } material && now >= material.RenewAt)
        {
            Renew(material, now, lives.IntermediateTtl);
        }

        denied.Replace(await store.ReadAsync(_ => database.Denied(now)));
        Publish();
        gate.EndStreams();
        await server.RefreshAsync();
    }

    /// <summary>
    /// Tells proxies whom to trust and what is denied, if that is not what they were told last. Thread-safe.
    /// </summary>
    public void Publish()
    {
        var serials = denied.All;
        if (authority.Material?.Bundle(MeshIdentities.Mesh(store.View).TrustDomain) is { } bundle
            && (!ReferenceEquals(bundle, _published) || !ReferenceEquals(serials, _publishedDenials)))
        {
            trust([bundle, TrustBundle.Denied(MeshIdentities.Mesh(store.View).TrustDomain, serials)]);
            (_published, _publishedDenials) = (bundle, serials);
        }
    }

    private void Renew(CaMaterial material, DateTimeOffset now, TimeSpan life)
    {
        // A root that is nearly at its end makes nothing that lives longer: again and again, every second, to no avail.
        var rootEnd = Certificates.Until(material.Root);
        if (material.RootKey is not null && now < rootEnd && Certificates.Until(material.Issuing) < rootEnd)
        {
            authority.RenewIssuing(now, life);
            Log.Renewed(log, authority.Material!.NotAfter);
        }
        else if (now - _warnedAt >= WarnEvery)
        {
            _warnedAt = now;
            Log.RenewByHand(log, material.NotAfter);
        }
    }

    /// <summary>Once for each problem.</summary>
    private void Say(string? problem)
    {
        if (problem is not null && problem != _said)
        {
            Log.Stuck(log, problem);
        }

        _said = problem;
    }
}
