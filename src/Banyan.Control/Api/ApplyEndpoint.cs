using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>POST /api/v1/apply and DELETE of objects.</summary>
internal sealed class ApplyEndpoint(ConfigStore store, ApiIntake intake)
{
    /// <summary>Applies every object of the body, or none.</summary>
    public async Task ApplyAsync(HttpContext context)
    {
        var (take, dryRun) = (QueryValues.Flag(context, "take"), QueryValues.Flag(context, "dryRun"));
        var force = QueryValues.Flag(context, "force");
        var revision = QueryValues.Number(context, "ifRevision", 0, long.MaxValue);
        if (await ObjectBody.ReadAsync(context, Forbidden) is not { } body)
        {
            return;
        }

        var order = new ApplyOrder(body.Objects, Caller.Origin(context, "apply"), take, dryRun, revision, force);
        var (outcome, warnings) = await store.ChangeAsync<(ApiOutcome, EquatableList<Problem>)>(state =>
        {
            var result = intake.Apply(state, order);
            return view => (result, result.Warnings ?? view.Warnings);
        });
        await Reply.OutcomeAsync(
            context,
            outcome,
            [.. body.Skipped, .. outcome.Notes ?? [], .. About(outcome, body.Objects, warnings)]);
    }

    /// <summary>Deletes one object.</summary>
    public async Task DeleteAsync(HttpContext context)
    {
        var route = context.Request.RouteValues;
        if (KindInfo.Find((string)route["kind"]!) is not { } kind)
        {
            await ResourcesEndpoint.UnknownKindAsync(context);
            return;
        }

        var key = new ObjectKey(kind.Kind, (string)route["namespace"]!, (string)route["name"]!);
        var (origin, force) = (Caller.Origin(context, "delete"), QueryValues.Flag(context, "force"));
        var outcome = await store.ChangeAsync<ApiOutcome>(state =>
        {
            var result = intake.Delete(state, key, origin, force);
            return _ => result;
        });
        await Reply.OutcomeAsync(context, outcome, outcome.Notes ?? []);
    }

    /// <summary>A command that this machine would run may come from the user's own files only.</summary>
    private static IEnumerable<Problem> Forbidden(MeshObject item)
    {
        if (item is Workload { Spec.Run: not null })
        {
            yield return new Problem(item.File, item.Line, item.Column, "spec.run",
                $"{item.Key}: commands are only run from files given to `banyan up`, never over the API; "
                + "leave `run` out");
        }

        if (item is Check)
        {
            yield return new Problem(item.File, item.Line, item.Column, "kind",
                $"{item.Key}: `banyan up --for` judges the checks of its own files; "
                + "over the API they would do nothing");
        }
    }

    private static IEnumerable<string> About(
        ApiOutcome outcome, IReadOnlyList<MeshObject> objects, EquatableList<Problem> warnings)
    {
        if (outcome.Kind != ApiOutcomeKind.Done)
        {
            return [];
        }

        var files = objects.Select(item => item.File).ToHashSet(StringComparer.Ordinal);
        return warnings.Where(warning => files.Contains(warning.File)).Select(warning => warning.ToString());
    }
}
