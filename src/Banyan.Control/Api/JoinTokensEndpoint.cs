using Banyan.Control.Identity;
using Banyan.Control.Store;
using Banyan.Control.Store.Persistence;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>Join tokens: made, and shown once.</summary>
internal sealed class JoinTokensEndpoint(
    CertificateAuthority authority, ConfigStore store, IDatabase database, TimeProvider time)
{
    private const long DefaultSeconds = 3600;
    private const long MostSeconds = 7L * 24 * 3600;

    /// <summary>POST /api/v1/join-tokens: the only answer that ever holds the text.</summary>
    public async Task CreateAsync(HttpContext context)
    {
        var workload = QueryValues.Text(context, "workload");
        if (workload?.Split('/') is not [{ Length: > 0 } ns, { Length: > 0 } name])
        {
            throw new BadParameterException("workload", "is the NAMESPACE/NAME of a Workload");
        }

        var life = QueryValues.Number(context, "expiresIn", 1, MostSeconds) ?? DefaultSeconds;
        if (MeshIdentities.Of(store.View, ns, name) is not { } identity || ns == MeshIdentities.OwnNamespace)
        {
            await Reply.ProblemAsync(
                context,
                StatusCodes.Status404NotFound,
                $"there is no Workload {Shorten(name)} in namespace {Shorten(ns)}: apply it first", "workload");
            return;
        }

        if (authority.Material is not { } material)
        {
            context.Response.Headers.RetryAfter = "1";
            await Reply.ProblemAsync(
                context,
                StatusCodes.Status503ServiceUnavailable,
                authority.Problem ?? "the certificate authority is being made; try again in a second");
            return;
        }

        var (now, origin) = (time.GetUtcNow(), Caller.Origin(context, "token create"));
        var text = JoinTokenText.Create(material.RootHash);
        var token = new JoinToken
        {
            Id = text.Id,
            Hash = text.Hash,
            Namespace = ns,
            Workload = name,
            CreatedAt = now.ToUniversalTime().ToString("O"),
            CreatedBy = origin.By,
            ExpiresAt = now.AddSeconds(life).ToUniversalTime().ToString("O"),
        };
        var entry = origin.Entry(0, now, $"join token {token.Id} for {ns}/{name}");
        if (!await store.ReadAsync(_ => database.AddJoinToken(token, entry)))
        {
            await Reply.ProblemAsync(
                context,
                StatusCodes.Status507InsufficientStorage,
                $"{SqlDatabase.MostJoinTokensOfWorkload} join tokens for this Workload, or "
                    + $"{SqlDatabase.MostJoinTokens} in all, wait to be used: use them, or wait until they expire");
            return;
        }

        context.Response.StatusCode = StatusCodes.Status201Created;
        context.Response.Headers.CacheControl = "no-store";
        await Reply.JsonAsync(
            context,
            new JoinTokenEntry(token.Id, ns, name, $"{identity}", now.AddSeconds(life), text.Reveal()),
            ApiJson.Default.JoinTokenEntry);
    }

    private static string Shorten(string text) => text.Length <= 100 ? text : text[..100];
}

/// <summary>A join token, in the answer that makes it.</summary>
/// <param name="Id">Names it; no secret.</param>
/// <param name="Namespace">Of the workload that may join with it.</param>
/// <param name="Workload">The name of that workload.</param>
/// <param name="Identity">The SPIFFE ID that the CSR has to ask for.</param>
/// <param name="ExpiresAt">Until when it counts; it counts once.</param>
/// <param name="Token">Its text, a secret.</param>
public sealed record JoinTokenEntry(
    string Id, string Namespace, string Workload, string Identity, DateTimeOffset ExpiresAt, string Token);
