using Banyan.Control.Identity;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>Orders to the certificate authority: certificates signed elsewhere, another root.</summary>
internal sealed class AuthorityEndpoint(
    CertificateAuthority authority, CaKeeper keeper, RotationProof proof, ConfigStore store, IDatabase database,
    TimeProvider time)
{
    private static readonly Dictionary<string, RotationStage> Stages = new(StringComparer.Ordinal)
    {
        ["none"] = RotationStage.None, ["trusted"] = RotationStage.Trusted, ["signing"] = RotationStage.Signing,
    };

    /// <summary>POST /api/v1/certificates/csr.</summary>
    public async Task RequestAsync(HttpContext context)
    {
        var origin = Caller.Origin(context, "certs csr");
        var pem = authority.Request();
        await AuditAsync(origin, "a request for an issuing certificate");
        await Reply.JsonAsync(context, new CsrDocument(pem), ApiJson.Default.CsrDocument);
    }

    /// <summary>POST /api/v1/certificates/install.</summary>
    public async Task InstallAsync(HttpContext context)
    {
        var origin = Caller.Origin(context, "certs install");
        if (authority.Material is null && authority.HasFiles)
        {
            // Those that are there are not in use yet, or belong to another mesh: nothing may take their place.
            await Reply.ProblemAsync(
                context,
                StatusCodes.Status503ServiceUnavailable,
                authority.Problem ?? "the authority's files are there and not in use yet: try again in a moment",
                "body");
            return;
        }

        var pem = await RequestBody.ReadAsync(context);
        var now = time.GetUtcNow();
        var own = $"{MeshIdentities.Own(store.View)}";
        var isUnused = authority.Material is null || (!database.IsShared
            && (await store.ReadAsync(_ => database.Identities(now))).All(each => each.Identity == own));
        try
        {
            authority.Install(pem, isUnused, now);
        }
        catch (CaException exception)
        {
            await Reply.ProblemAsync(context, StatusCodes.Status422UnprocessableEntity, exception.Message, "body");
            return;
        }

        await AuditAsync(origin, "an issuing certificate");
        await Reply.NothingAsync(context);
    }

    /// <summary>
    /// POST /api/v1/certificates/rotate-root: the next stage, if the last one is proved and still the one that
    /// <c>from</c> names.
    /// </summary>
    public async Task RotateAsync(HttpContext context)
    {
        var origin = Caller.Origin(context, "certs rotate-root");
        var (force, abort) = (QueryValues.Flag(context, "force"), QueryValues.Flag(context, "abort"));
        var from = abort ? RotationStage.Trusted : From(context);
        var before = await ReadAsync(time.GetUtcNow());
        if (Refusal(before, from, abort, force) is { } refusal)
        {
            await Reply.ProblemAsync(context, StatusCodes.Status409Conflict, refusal.Message, refusal.Field);
            return;
        }

        try
        {
            Order(before, from, abort);
        }
        catch (CaException exception)
        {
            await Reply.ProblemAsync(
                context, StatusCodes.Status409Conflict, exception.Message, abort ? "abort" : "from");
            return;
        }

        // Proxies are told now, and not when the keeper looks the next time.
        keeper.Publish();
        var after = await ReadAsync(time.GetUtcNow());
        await AuditAsync(origin, $"{before.Stage} → {after.Stage}{(force ? ", forced" : "")}");
        await Reply.JsonAsync(context, after, ApiJson.Default.RotationDocument);
    }

    /// <summary>GET /api/v1/certificates/rotation.</summary>
    public async Task RotationAsync(HttpContext context) =>
        await Reply.JsonAsync(context, await ReadAsync(time.GetUtcNow()), ApiJson.Default.RotationDocument);

    private static RotationStage From(HttpContext context) =>
        QueryValues.Text(context, "from") is { } word && Stages.TryGetValue(word, out var stage)
            ? stage
            : throw new BadParameterException("from", $"is the stage as it is now: {string.Join(", ", Stages.Keys)}");

    private (string Message, string Field)? Refusal(RotationDocument before, RotationStage from, bool abort, bool force)
    {
        if (database.IsShared)
        {
            return ("several control planes share the root: change it on one of its own, and copy its files", "force");
        }

        if (!abort && Stages[before.Stage] != from)
        {
            return ($"the stage is {before.Stage} and not {Word(from)} any more: somebody else has begun it", "from");
        }

        if (abort || force || before.Waiting.Count == 0)
        {
            return null;
        }

        return (
            $"not proved yet: {before.Waiting.Sum(each => each.Valid)} certificates are of proxies that did not report "
            + $"this stage and have no newer ones, the first of them of {before.Waiting[0].Identity}; they end at the "
            + $"latest at {before.Waiting.Max(each => each.NotAfter):u}",
            "force");
    }

    private void Order(RotationDocument before, RotationStage from, bool abort)
    {
        if (abort)
        {
            authority.Abort();
            return;
        }

        var lives = MeshIdentities.Mesh(store.View).Certificates;
        authority.Advance(from, before.Begun, time, lives.RootTtl, lives.IntermediateTtl);
    }

    private async Task<RotationDocument> ReadAsync(DateTimeOffset now)
    {
        var (stage, begun) = authority.Rotation;
        var waiting = await proof.WaitingAsync(stage, begun, now);
        return new RotationDocument(Word(stage), begun, [.. waiting.Select(CertificatesEndpoint.Entry)]);
    }

    private static string Word(RotationStage stage) => stage switch
    {
        RotationStage.Trusted => "trusted",
        RotationStage.Signing => "signing",
        _ => "none",
    };

    private async Task AuditAsync(WriteOrigin origin, string target)
    {
        var entry = origin.Entry(0, time.GetUtcNow(), target);
        await store.ReadAsync(_ =>
        {
            database.Save(new DatabaseChange { Audit = entry });
            return true;
        });
    }
}

/// <summary>A request for an issuing certificate.</summary>
/// <param name="Pem">PKCS#10 in PEM.</param>
public sealed record CsrDocument(string Pem);

/// <summary>How far a change of the root is.</summary>
/// <param name="Stage">
/// none; trusted: the next root is trusted and signs nothing; signing: the old one is trusted still.
/// </param>
/// <param name="Begun">When this stage began.</param>
/// <param name="Waiting">
/// Who has not proved this stage yet: certificates that were given out before it and not renewed since, whose proxy has
/// not acknowledged the anchors either; and proxies that are connected and have not acknowledged them.
/// </param>
public sealed record RotationDocument(
    string Stage, DateTimeOffset? Begun, IReadOnlyList<IdentityEntry> Waiting);
