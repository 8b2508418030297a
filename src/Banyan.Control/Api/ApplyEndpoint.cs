using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.AspNetCore.Http;

namespace Banyan.Control.Api;

/// <summary>POST /api/v1/apply and DELETE of objects.</summary>
internal sealed class ApplyEndpoint(ConfigStore store, ApiIntake intake)
{
    private const int MaxName = 200;

    private static readonly string[] Types =
        ["application/json", "application/yaml", "text/yaml", "application/x-yaml", "text/x-yaml", "text/plain"];

    /// <summary>Applies every object of the body, or none.</summary>
    public async Task ApplyAsync(HttpContext context)
    {
        var type = context.Request.ContentType?.Split(';')[0].Trim();
        if (type is not null && !Types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            await Reply.ProblemAsync(context, StatusCodes.Status415UnsupportedMediaType,
                $"\"{type}\" is not read here; send text/yaml or application/json");
            return;
        }

        if (!TryFlag(context, "take", out var take) || !TryFlag(context, "dryRun", out var dryRun))
        {
            await Reply.ProblemAsync(context, StatusCodes.Status400BadRequest, "take and dryRun are true or false");
            return;
        }

        var text = await RequestBody.ReadAsync(context);
        var name = Named(context, "file", StoredObject.Api);
        var read = ConfigReader.Read(name, text);
        var problems = read.Problems.Concat(read.Objects.SelectMany(Forbidden)).ToList();
        if (problems.Count > 0)
        {
            await InvalidAsync(context, problems);
            return;
        }

        var objects = read.Objects.Select(StoredObject.Normalize).ToList();
        var twice = objects.GroupBy(item => item.Key).Where(group => group.Count() > 1)
            .SelectMany(group => group.Skip(1)).Select(item => new Problem(
                item.File, item.Line, item.Column, "metadata.name", $"{item.Key} stands in this text twice")).ToList();
        if (twice.Count > 0)
        {
            await InvalidAsync(context, twice);
            return;
        }

        var order = new ApplyOrder(objects, Named(context, "by", "unknown"), take, dryRun);
        var (outcome, warnings) = await store.ChangeAsync<(ApiOutcome, EquatableList<Problem>)>(state =>
        {
            var result = intake.Apply(state, order);
            return view => (result, result.Warnings ?? view.Warnings);
        });
        await AnswerAsync(context, outcome, [.. SkippedWarnings(name, read), .. About(outcome, objects, warnings)]);
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
        var by = Named(context, "by", "unknown");
        var outcome = await store.ChangeAsync<ApiOutcome>(state =>
        {
            var result = intake.Delete(state, key, by);
            return _ => result;
        });
        await AnswerAsync(context, outcome, []);
    }

    private static async Task AnswerAsync(HttpContext context, ApiOutcome outcome, List<string> warnings)
    {
        switch (outcome.Kind)
        {
            case ApiOutcomeKind.Invalid:
                await InvalidAsync(context, outcome.Problems);
                return;
            case ApiOutcomeKind.Owned:
                await Reply.ProblemAsync(
                    context, StatusCodes.Status409Conflict, Summary(outcome.Problems), outcome.Problems);
                return;
            case ApiOutcomeKind.Missing:
                await Reply.ProblemAsync(context, StatusCodes.Status404NotFound, Summary(outcome.Problems));
                return;
            default:
                await Reply.JsonAsync(
                    context,
                    new ApplyResult([.. outcome.Changes.Select(ChangedObject.Of)], warnings),
                    ApiJson.Default.ApplyResult);
                return;
        }
    }

    private static Task InvalidAsync(HttpContext context, IReadOnlyCollection<Problem> problems) =>
        Reply.ProblemAsync(context, StatusCodes.Status422UnprocessableEntity, Summary(problems), problems);

    private static string Summary(IReadOnlyCollection<Problem> problems) =>
        (problems.Count == 1 ? "" : $"{problems.Count} problems; the first: ") + problems.First().Message;

    /// <summary>A command that this machine would run may come from the user's own files only.</summary>
    private static IEnumerable<Problem> Forbidden(MeshObject item)
    {
        if (item is Workload { Spec.Run: not null })
        {
            yield return new Problem(item.File, item.Line, item.Column, "spec.run",
                $"{item.Key}: commands are only run from files given to `banyan up`, never over the API; "
                + "leave `run` out");
        }
    }

    private static IEnumerable<string> SkippedWarnings(string name, ReadResult read) => read.SkippedKinds.Select(
        skipped => $"{name}: {skipped.Count} x {skipped.ApiVersion} {skipped.Kind} skipped: not read by Banyan");

    private static IEnumerable<string> About(
        ApiOutcome outcome, List<MeshObject> objects, EquatableList<Problem> warnings)
    {
        if (outcome.Kind != ApiOutcomeKind.Done)
        {
            return [];
        }

        var files = objects.Select(item => item.File).ToHashSet(StringComparer.Ordinal);
        return warnings.Where(warning => files.Contains(warning.File)).Select(warning => warning.ToString());
    }

    private static string Named(HttpContext context, string parameter, string otherwise)
    {
        var value = context.Request.Query[parameter].ToString();
        value = string.Concat(value.Where(each => !char.IsControl(each)).Take(MaxName));
        return value.Length > 0 ? value : otherwise;
    }

    private static bool TryFlag(HttpContext context, string parameter, out bool value)
    {
        var text = context.Request.Query[parameter].ToString();
        value = text is "true" or "1";
        return value || text is "" or "false" or "0";
    }
}
