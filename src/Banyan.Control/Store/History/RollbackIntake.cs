using Banyan.Control.Store.Persistence;
using Banyan.Model;

namespace Banyan.Control.Store.History;

/// <summary>What is to be as it was.</summary>
/// <param name="Revision">When.</param>
/// <param name="Only">The one object; null = all.</param>
/// <param name="DryRun">Whether nothing is to change.</param>
/// <param name="Origin">Who asks for it, and why.</param>
/// <param name="Force">Whether callers may be cut off.</param>
internal sealed record RollbackOrder(
    long Revision, ObjectKey? Only, bool DryRun, WriteOrigin Origin, bool Force = false);

/// <summary>What became of it.</summary>
/// <param name="Outcome">In one word, with what changed.</param>
/// <param name="Refused">Objects that stay as they are because a file owns them.</param>
/// <param name="Revision">The revision in effect afterwards.</param>
internal sealed record RollbackOutcome(ApiOutcome Outcome, IReadOnlyList<RefusedObject> Refused, long Revision);

/// <summary>An object that is not restored.</summary>
/// <param name="Key">Which.</param>
/// <param name="Owner">Who owns it now.</param>
/// <param name="Message">Why, and what to do.</param>
/// <param name="Patch">What would restore it.</param>
internal sealed record RefusedObject(ObjectKey Key, string Owner, string Message, string Patch);

/// <summary>Restores objects of the API to what they were, as a new revision. Runs on the writer's thread.</summary>
internal sealed class RollbackIntake(IDatabase database, Commit commit, FileIntake files, ChangeGuard guard)
{
    /// <summary>Restores what the API owns; what files own is left, with the patch that would restore it.</summary>
    public RollbackOutcome Apply(StoreState state, RollbackOrder order)
    {
        if (order.Revision < 0 || order.Revision > state.Revision)
        {
            return Fail(state, ApiOutcomeKind.Missing,
                $"there is no revision {order.Revision}; the last is {state.Revision}");
        }

        // To undo the oldest change that is kept leads to the revision before it.
        var floor = database.OldestChange() - 1 ?? state.Revision;
        if (order.Revision < floor)
        {
            return Fail(state, ApiOutcomeKind.Missing,
                $"what revision {order.Revision} held is not kept any more; "
                + $"the oldest that can be restored is {floor}");
        }

        var undone = database.FirstChangesAfter(order.Revision)
            .Where(row => order.Only is not { } only || row.Key == only).ToList();
        var api = new Dictionary<ObjectKey, ApiObject>(state.Api);
        var held = LiveSet.Choose(state, new Dictionary<ObjectKey, ApiObject>(), state.Registrations).Keys.ToHashSet();
        List<RefusedObject> refused = [];
        foreach (var row in undone)
        {
            if (Refusal(state, held, row) is { } refusal)
            {
                refused.Add(refusal);
            }
            else if (row.OwnerBefore != StoredObject.Api)
            {
                // It did not exist, or a file held it, which it goes back to.
                api.Remove(row.Key);
            }
            else if (Read(row) is not { } written)
            {
                return Fail(state, ApiOutcomeKind.Invalid,
                    $"{row.Key} at revision {order.Revision} can no longer be read by this version");
            }
            else if (!state.Api.TryGetValue(row.Key, out var now) || now.Written != written)
            {
                api[row.Key] = new ApiObject(written, row.TakenBefore, order.Origin.By);
            }
        }

        return Conclude(state, order, api, refused);
    }

    private RollbackOutcome Conclude(
        StoreState state, RollbackOrder order, Dictionary<ObjectKey, ApiObject> api, List<RefusedObject> refused)
    {
        var (preview, changes) = commit.Preview(state, api);
        if (changes.Count == 0 && refused.Count > 0)
        {
            var problems = refused
                .Select(each => new Problem("", 0, 0, "", $"{each.Message}\n{each.Patch.TrimEnd()}")).ToEquatableList();
            return new RollbackOutcome(
                new ApiOutcome(ApiOutcomeKind.Owned, [], problems), refused, state.Revision);
        }

        var wrong = Validator.Check(LiveSet.Written(state, api));
        if (wrong.Count > 0)
        {
            return new RollbackOutcome(
                new ApiOutcome(ApiOutcomeKind.Invalid, [], wrong), refused, state.Revision);
        }

        var verdict = guard.Check(state.Live, preview, [], order.Force);
        if (!order.Force && verdict.CutsOff.Count > 0)
        {
            return new RollbackOutcome(
                new ApiOutcome(ApiOutcomeKind.CutsOff, [], verdict.CutsOff), refused, state.Revision);
        }

        if (!order.DryRun && changes.Count > 0)
        {
            changes = commit.Api(state, api, order.Origin);
            files.Reconsider(state);
        }

        return new RollbackOutcome(
            new ApiOutcome(ApiOutcomeKind.Done, changes, [], Notes: verdict.Told), refused, state.Revision);
    }

    /// <summary>Why an object stays as it is; null when it is restored, or is already what it was.</summary>
    private static RefusedObject? Refusal(
        StoreState state, HashSet<ObjectKey> held, ObjectChangeRow row)
    {
        var live = state.Live.GetValueOrDefault(row.Key);
        if (live is not null && live.Owner != StoredObject.Api)
        {
            var patch = TextDiff.Unified(
                ObjectHistory.Text(live.Written), row.TextBefore, $"{row.Key} now", $"{row.Key} as it was");
            return patch.Length == 0
                ? null
                : new RefusedObject(
                    row.Key, live.Owner, $"{row.Key} belongs to {live.Owner}; change it there", patch);
        }

        if (row.OwnerBefore is not { } owner || owner == StoredObject.Api || held.Contains(row.Key))
        {
            return null;
        }

        var text = live is null ? null : ObjectHistory.Text(live.Written);
        return new RefusedObject(
            row.Key,
            owner,
            $"{row.Key} belonged to {owner}, which does not hold it any more; write it there",
            TextDiff.Unified(text, row.TextBefore, $"{row.Key} now", $"{row.Key} as it was"));
    }

    private static MeshObject? Read(ObjectChangeRow row)
    {
        var read = ConfigReader.Read(StoredObject.Api, row.TextBefore ?? "");
        return read.Problems.Count == 0 && read.Objects.Count == 1 ? StoredObject.Normalize(read.Objects[0]) : null;
    }

    private static RollbackOutcome Fail(StoreState state, ApiOutcomeKind kind, string message) => new(
        new ApiOutcome(kind, [], [new Problem("", 0, 0, "revision", message)]), [], state.Revision);
}
