using Banyan.Control.Store.Persistence;
using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>What was sent to be applied.</summary>
/// <param name="Objects">The objects, read without a problem.</param>
/// <param name="Origin">Who sends them, and why.</param>
/// <param name="Take">Whether objects of other owners are taken over.</param>
/// <param name="DryRun">Whether nothing is to change.</param>
/// <param name="IfRevision">Refused when one of the objects changed after this revision; null = never.</param>
/// <param name="Force">Whether callers may be cut off.</param>
internal sealed record ApplyOrder(
    IReadOnlyList<MeshObject> Objects,
    WriteOrigin Origin,
    bool Take,
    bool DryRun,
    long? IfRevision = null,
    bool Force = false);

/// <summary>What became of an order over the API.</summary>
/// <param name="Kind">In one word.</param>
/// <param name="Changes">What changed, or would.</param>
/// <param name="Problems">Why it was refused.</param>
/// <param name="Warnings">What will not do what was meant; null means those of the set in effect.</param>
/// <param name="Notes">Who is cut off, or would be by a policy in audit mode; null = nobody.</param>
internal sealed record ApiOutcome(
    ApiOutcomeKind Kind,
    IReadOnlyList<ObjectChange> Changes,
    EquatableList<Problem> Problems,
    EquatableList<Problem>? Warnings = null,
    IReadOnlyList<string>? Notes = null);

/// <summary>What became of an order.</summary>
internal enum ApiOutcomeKind
{
    /// <summary>Done.</summary>
    Done,

    /// <summary>The objects are wrong.</summary>
    Invalid,

    /// <summary>An object belongs to another owner.</summary>
    Owned,

    /// <summary>There is no such object.</summary>
    Missing,

    /// <summary>An object changed after the revision that the writer knew.</summary>
    Outdated,

    /// <summary>Callers that were seen of late would be cut off.</summary>
    CutsOff,
}

/// <summary>Takes objects that come over the API into the store. Runs on the writer's thread.</summary>
internal sealed class ApiIntake(Commit commit, FileIntake files, IDatabase database, ChangeGuard guard)
{
    /// <summary>Applies all objects, or none.</summary>
    public ApiOutcome Apply(StoreState state, ApplyOrder order)
    {
        if (Outdated(state, order) is { Count: > 0 } outdated)
        {
            return new ApiOutcome(ApiOutcomeKind.Outdated, [], outdated);
        }

        var api = new Dictionary<ObjectKey, ApiObject>(state.Api);
        List<Problem> foreign = [];
        foreach (var item in order.Objects)
        {
            state.Api.TryGetValue(item.Key, out var before);
            var owner = state.Live.TryGetValue(item.Key, out var live) ? live.Owner : StoredObject.Api;
            if (owner != StoredObject.Api && !order.Take)
            {
                foreign.Add(new Problem(item.File, item.Line, item.Column, "metadata.name",
                    $"{item.Key} belongs to {owner}; change it there, or take it over with --take"));
                continue;
            }

            if (before is not null && before.Written == item)
            {
                continue;
            }

            var takenFrom = owner == StoredObject.Api ? before?.TakenFrom : owner;
            api[item.Key] = new ApiObject(item, takenFrom, order.Origin.By);
        }

        if (foreign.Count > 0)
        {
            return new ApiOutcome(ApiOutcomeKind.Owned, [], foreign.ToEquatableList());
        }

        var problems = Validator.Check(LiveSet.Written(state, api));
        if (problems.Count > 0)
        {
            return new ApiOutcome(ApiOutcomeKind.Invalid, [], problems);
        }

        var (preview, changes) = commit.Preview(state, api);
        var verdict = guard.Check(state.Live, preview, order.Objects, order.Force);
        if (!order.Force && verdict.CutsOff.Count > 0)
        {
            return new ApiOutcome(ApiOutcomeKind.CutsOff, [], verdict.CutsOff);
        }

        if (!order.DryRun)
        {
            var taken = WithUnchanged(order, Take(state, api, order.Origin));
            return new ApiOutcome(ApiOutcomeKind.Done, taken, [], Notes: verdict.Told);
        }

        var compiled = MeshCompiler.Compile(
            preview.Values.Select(item => item.Object), state.Instances.Values.Select(entry => entry.Instance)
                .Concat(state.Registrations.Values.Select(item => item.Instance())),
            keys: state.Keys);
        return new ApiOutcome(ApiOutcomeKind.Done, WithUnchanged(order, changes), [], compiled.Warnings, verdict.Told);
    }

    /// <summary>Deletes one object that belongs to the API.</summary>
    /// <param name="state">The state.</param>
    /// <param name="key">Which.</param>
    /// <param name="origin">Who deletes it, and why.</param>
    /// <param name="force">Whether callers may be cut off.</param>
    public ApiOutcome Delete(StoreState state, ObjectKey key, WriteOrigin origin, bool force = false)
    {
        if (!state.Api.ContainsKey(key))
        {
            return state.Live.TryGetValue(key, out var live)
                ? new ApiOutcome(ApiOutcomeKind.Owned, [], [new Problem("", 0, 0, "metadata.name",
                    $"{key} belongs to {live.Owner}; remove it there")])
                : new ApiOutcome(ApiOutcomeKind.Missing, [], [new Problem("", 0, 0, "metadata.name",
                    $"there is no {key}")]);
        }

        var api = new Dictionary<ObjectKey, ApiObject>(state.Api);
        api.Remove(key);
        var problems = Validator.Check(LiveSet.Written(state, api));
        if (problems.Count > 0)
        {
            return new ApiOutcome(ApiOutcomeKind.Invalid, [], problems);
        }

        var verdict = guard.Check(state.Live, commit.Preview(state, api).Live, [], force);
        return !force && verdict.CutsOff.Count > 0
            ? new ApiOutcome(ApiOutcomeKind.CutsOff, [], verdict.CutsOff)
            : new ApiOutcome(ApiOutcomeKind.Done, Take(state, api, origin), [], Notes: verdict.Told);
    }

    private EquatableList<Problem> Outdated(StoreState state, ApplyOrder order)
    {
        if (order.IfRevision is not { } known)
        {
            return [];
        }

        var gone = order.Objects.Any(item => !state.Live.ContainsKey(item.Key))
            ? database.FirstChangesAfter(known).ToDictionary(row => row.Key, row => row.Revision)
            : [];
        return order.Objects
            .Select(item => (Written: item, Revision: state.Live.GetValueOrDefault(item.Key)?.Revision
                ?? gone.GetValueOrDefault(item.Key)))
            .Where(each => each.Revision > known)
            .Select(each => new Problem(each.Written.File, each.Written.Line, each.Written.Column, "ifRevision",
                $"{each.Written.Key} was changed{(state.Live.ContainsKey(each.Written.Key) ? "" : " or deleted")} "
                + $"by revision {each.Revision}, after {known}; look at it again"))
            .ToEquatableList();
    }

    private List<ObjectChange> Take(StoreState state, Dictionary<ObjectKey, ApiObject> api, WriteOrigin origin)
    {
        var changes = commit.Api(state, api, origin);
        // Published together: what the API gives up to a file that waits for it is never gone for proxies.
        files.Reconsider(state);
        return changes;
    }

    private static List<ObjectChange> WithUnchanged(ApplyOrder order, List<ObjectChange> changes)
    {
        var actions = changes.ToDictionary(change => change.Key, change => change.Action);
        return [.. order.Objects.Select(item =>
            new ObjectChange(item.Key, actions.GetValueOrDefault(item.Key, ObjectAction.Unchanged)))];
    }
}
