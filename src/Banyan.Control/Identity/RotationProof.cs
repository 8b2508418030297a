using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;

namespace Banyan.Control.Identity;

/// <summary>Who has not proved a stage of a rotation yet. Thread-safe.</summary>
/// <param name="authority">Whose anchors have to be trusted.</param>
/// <param name="store">Knows the trust domain.</param>
/// <param name="database">Knows what was given out.</param>
/// <param name="reports">What proxies say that they trust, of a resource's name and version.</param>
internal sealed class RotationProof(
    CertificateAuthority authority,
    ConfigStore store,
    IDatabase database,
    Func<string, string, IReadOnlyList<TrustReport>> reports)
{
    /// <summary>
    /// The certificates that keep the next stage from beginning. Trusted is proved by a proxy that is connected when it
    /// acknowledges the anchors, and by no other sign of it; of others, and for signing, by a newer certificate.
    /// </summary>
    public async Task<IReadOnlyList<IdentityCount>> WaitingAsync(
        RotationStage stage, DateTimeOffset? begun, DateTimeOffset now)
    {
        if (stage == RotationStage.None || authority.Material is not { } material)
        {
            return [];
        }

        var before = await store.ReadAsync(_ => database.GivenOutBefore(begun ?? now, now));
        var bundle = material.Bundle(MeshIdentities.Mesh(store.View).TrustDomain);
        var streams = reports(bundle.Name, bundle.Version);
        var connected = streams.GroupBy(each => each.Serial, StringComparer.Ordinal)
            .ToDictionary(each => each.Key, each => each.All(report => report.HasIt), StringComparer.Ordinal);
        var waiting = before.Where(held =>
            stage == RotationStage.Trusted && connected.TryGetValue(held.Serial, out var has)
                ? !has
                : !held.IsRenewed || connected.ContainsKey(held.Serial)).ToList();
        if (stage == RotationStage.Trusted)
        {
            // Whatever they were given: they do not say that they took it.
            waiting.AddRange(streams
                .Where(each => !each.HasIt && before.All(held => held.Serial != each.Serial))
                .DistinctBy(each => each.Serial, StringComparer.Ordinal)
                .Select(each => new HeldCertificate
                {
                    Serial = each.Serial, Identity = each.Identity, NotAfter = each.NotAfter.ToString("O"),
                }));
        }

        return
        [
            .. waiting.GroupBy(each => each.Identity, StringComparer.Ordinal)
                .OrderBy(each => each.Key, StringComparer.Ordinal)
                .Select(each => new IdentityCount
                {
                    Identity = each.Key,
                    Valid = each.Count(),
                    NotAfter = each.Select(held => held.NotAfter).Max(StringComparer.Ordinal)!,
                }),
        ];
    }
}

/// <summary>What the stream of a proxy says about the anchors.</summary>
/// <param name="Serial">The certificate that the stream is authenticated by.</param>
/// <param name="Identity">Its SPIFFE ID.</param>
/// <param name="NotAfter">Its end.</param>
/// <param name="HasIt">Whether it acknowledged them, as they are now.</param>
internal sealed record TrustReport(string Serial, string Identity, DateTimeOffset NotAfter, bool HasIt);
