using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>Keeps changes from cutting off callers that were seen of late. Runs on the writer's thread.</summary>
internal sealed class ChangeGuard(StrictGuard strict, AuthorizationGuard authorization)
{
    /// <summary>What a change would cut off, and what else is to be told of it.</summary>
    /// <param name="before">The objects in effect.</param>
    /// <param name="after">The objects that would be.</param>
    /// <param name="written">What was written, for the places of the problems; empty where nothing was.</param>
    /// <param name="force">It is done in any case: what cannot be looked at is told.</param>
    public GuardVerdict Check(
        IReadOnlyDictionary<ObjectKey, StoredObject> before,
        IReadOnlyDictionary<ObjectKey, StoredObject> after,
        IReadOnlyList<MeshObject> written,
        bool force = false)
    {
        try
        {
            return Replay(before, after, written);
        }
        catch (Exception exception) when (force)
        {
            return new GuardVerdict([], [$"whom this cuts off could not be looked at: {exception.Message}"]);
        }
    }

    private GuardVerdict Replay(
        IReadOnlyDictionary<ObjectKey, StoredObject> before,
        IReadOnlyDictionary<ObjectKey, StoredObject> after,
        IReadOnlyList<MeshObject> written)
    {
        var (old, next) = (Objects(before), Objects(after));
        var plaintext = strict.Check(old, next, written);
        var verdict = authorization.Check(old, next, written);
        return new GuardVerdict(
            plaintext.Concat(verdict.CutsOff).ToEquatableList(),
            [.. plaintext.Select(each => each.Message), .. verdict.Told]);
    }

    /// <summary>Tells in the log what a change has cut off that nobody was asked about.</summary>
    public void Tell(
        IReadOnlyDictionary<ObjectKey, StoredObject> before,
        IReadOnlyDictionary<ObjectKey, StoredObject> after,
        string source,
        ILogger log)
    {
        if (ReferenceEquals(before, after))
        {
            return;
        }

        try
        {
            foreach (var text in Replay(before, after, []).Told)
            {
                Log.CutOff(log, source, text);
            }
        }
        catch (Exception exception)
        {
            // It is in effect already; whoever follows the files has to go on.
            Log.NotReplayed(log, source, exception.Message);
        }
    }

    private static List<MeshObject> Objects(IReadOnlyDictionary<ObjectKey, StoredObject> live) =>
        [.. live.Values.Select(item => item.Object)];
}

/// <summary>What a guard says of a change.</summary>
/// <param name="CutsOff">Why it is refused unless it is forced; empty when it is not.</param>
/// <param name="Told">What is told of it when it is made all the same, and what audit policies would deny.</param>
internal sealed record GuardVerdict(EquatableList<Problem> CutsOff, IReadOnlyList<string> Told);
