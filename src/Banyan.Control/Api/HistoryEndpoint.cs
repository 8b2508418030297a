using System.Globalization;
using Banyan.Control.Store;
using Banyan.Control.Store.History;
using Banyan.Control.Store.Persistence;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>What changed, what would change, and the way back.</summary>
internal sealed class HistoryEndpoint(ConfigStore store, IDatabase database, RollbackIntake rollback)
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 500;

    /// <summary>GET /api/v1/history: revisions, the newest first.</summary>
    public async Task ListAsync(HttpContext context)
    {
        var query = new HistoryQuery(
            (int)(QueryValues.Number(context, "limit", 1, MaxLimit) ?? DefaultLimit),
            QueryValues.Number(context, "before", 1, long.MaxValue) ?? 0,
            Kind: QueryValues.Kind(context),
            Namespace: QueryValues.Text(context, "namespace"),
            Name: QueryValues.Text(context, "name"));

        // On the writer's thread, which alone uses the database; the number of rows is bounded.
        var (revisions, current) = await store.ReadAsync(state => (database.History(query), state.Revision));
        await Reply.JsonAsync(
            context,
            new HistoryDocument(current, [.. revisions.Select(Entry)]),
            ApiJson.Default.HistoryDocument);
    }

    /// <summary>GET /api/v1/audit: every write, the newest first.</summary>
    public async Task AuditAsync(HttpContext context)
    {
        var limit = (int)(QueryValues.Number(context, "limit", 1, MaxLimit) ?? DefaultLimit);
        var rows = await store.ReadAsync(_ => database.Audit(limit));
        await Reply.JsonAsync(
            context,
            new AuditDocument([.. rows.Select(row => new AuditEntry(
                DateTimeOffset.Parse(row.MadeAt, CultureInfo.InvariantCulture),
                row.Verb,
                row.Actor,
                row.Via,
                row.Reason,
                row.Target,
                row.Revision))]),
            ApiJson.Default.AuditDocument);
    }

    /// <summary>POST /api/v1/diff: what applying the body would change, line by line. Nothing is stored.</summary>
    public async Task DiffAsync(HttpContext context)
    {
        if (await ObjectBody.ReadAsync(context, _ => []) is not { } body)
        {
            return;
        }

        var view = store.View;
        var objects = body.Objects.Select(item => Compare(view.Objects.GetValueOrDefault(item.Key), item, body.Name));
        await Reply.JsonAsync(
            context, new DiffDocument(view.Revision, [.. objects]), ApiJson.Default.DiffDocument);
    }

    /// <summary>POST /api/v1/rollback: what the API owns becomes what it was at a revision.</summary>
    public async Task RollbackAsync(HttpContext context)
    {
        var revision = QueryValues.Number(context, "revision", 0, long.MaxValue)
            ?? throw new BadParameterException("revision", "is missing: the number of a revision");
        var origin = Caller.Origin(context, "rollback");
        var order = new RollbackOrder(
            revision,
            Only(context),
            QueryValues.Flag(context, "dryRun"),
            origin.Reason.Length > 0 ? origin : origin with { Reason = $"back to revision {revision}" },
            QueryValues.Flag(context, "force"));
        var outcome = await store.ChangeAsync<RollbackOutcome>(state =>
        {
            var result = rollback.Apply(state, order);
            return _ => result;
        });
        if (outcome.Outcome.Kind != ApiOutcomeKind.Done)
        {
            await Reply.OutcomeAsync(context, outcome.Outcome, []);
            return;
        }

        await Reply.JsonAsync(
            context,
            new RollbackDocument(
                outcome.Revision,
                [.. outcome.Outcome.Changes.Select(ChangedObject.Of)],
                [.. outcome.Refused.Select(each => new RefusedEntry(
                    each.Key.Kind, each.Key.Namespace, each.Key.Name, each.Owner, each.Message, each.Patch))],
                outcome.Outcome.Notes ?? []),
            ApiJson.Default.RollbackDocument);
    }

    /// <summary>A revision as documents show it.</summary>
    internal static HistoryEntry Entry(Revision revision) => new(
        revision.Entry.Revision,
        DateTimeOffset.Parse(revision.Entry.MadeAt, CultureInfo.InvariantCulture),
        revision.Entry.Verb,
        revision.Entry.Actor,
        revision.Entry.Via,
        revision.Entry.Reason,
        [.. revision.Objects.Select(row => new ObjectDiff(
            row.Kind,
            row.Namespace,
            row.Name,
            row.Action,
            row.OwnerAfter ?? row.OwnerBefore ?? "",
            ObjectHistory.Diff(row)))]);

    private static ObjectKey? Only(HttpContext context)
    {
        var (kind, name) = (QueryValues.Kind(context), QueryValues.Text(context, "name"));
        return (kind, name) switch
        {
            (null, null) when QueryValues.Text(context, "namespace") is not null =>
                throw new BadParameterException("kind", "is missing: namespace needs it, and name"),
            (null, null) => null,
            (null, _) => throw new BadParameterException("kind", "is missing: name needs it"),
            (_, null) => throw new BadParameterException("name", "is missing: kind needs it"),
            _ => new ObjectKey(kind, QueryValues.Text(context, "namespace") ?? ObjectMeta.DefaultNamespace, name),
        };
    }

    private static ObjectDiff Compare(StoredObject? live, MeshObject given, string name)
    {
        var (before, after) = (live is null ? null : ObjectHistory.Text(live.Written), ObjectHistory.Text(given));
        var action = live is null ? ObjectAction.Created
            : live.Written == given ? ObjectAction.Unchanged
            : ObjectAction.Configured;
        return new ObjectDiff(
            given.Kind,
            given.Metadata.Namespace,
            given.Metadata.Name,
            action.Word(),
            live?.Owner ?? "",
            TextDiff.Unified(before, after, $"{given.Key} live", $"{given.Key} in {name}"));
    }
}
