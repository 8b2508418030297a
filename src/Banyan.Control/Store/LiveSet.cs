using System.Collections.Immutable;
using Banyan.Control.Registry;
using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>Which writing of each object is in effect. Pure.</summary>
internal static class LiveSet
{
    /// <summary>The writings in effect: the API's, then the files' in order, then what registrations imply.</summary>
    /// <remarks>
    /// A held file yields to any other that writes the same object: that is how a removal whose objects came back
    /// elsewhere resolves itself.
    /// </remarks>
    public static Dictionary<ObjectKey, (MeshObject Written, string Owner)> Choose(
        StoreState state,
        IReadOnlyDictionary<ObjectKey, ApiObject> api,
        ImmutableDictionary<string, Registration> registrations)
    {
        Dictionary<ObjectKey, (MeshObject Written, string Owner)> chosen = [];
        foreach (var (key, item) in api)
        {
            chosen[key] = (item.Written, StoredObject.Api);
        }

        var files = state.Sources
            .SelectMany(source => source.Good.Values
                .Select(file => (File: file, IsHeld: source.Held.ContainsKey(file.Path))))
            .OrderBy(each => each.IsHeld);
        foreach (var (file, _) in files)
        {
            foreach (var item in file.Objects)
            {
                chosen.TryAdd(item.Key, (item, file.Owner));
            }
        }

        foreach (var item in RegistryObjects.Of(registrations.Values))
        {
            chosen.TryAdd(item.Key, (item, RegistryObjects.Owner));
        }

        return chosen;
    }

    /// <summary>All that would be in effect if these were the API's objects.</summary>
    public static IEnumerable<MeshObject> Written(StoreState state, IReadOnlyDictionary<ObjectKey, ApiObject> api) =>
        Choose(state, api, state.Registrations).Values.Select(each => each.Written);

    /// <summary>Carries each object's history over to the new set.</summary>
    public static (Dictionary<ObjectKey, StoredObject> Live, List<ObjectChange> Changes) Advance(
        IReadOnlyDictionary<ObjectKey, StoredObject> before,
        Dictionary<ObjectKey, (MeshObject Written, string Owner)> chosen,
        long revision,
        DateTimeOffset now)
    {
        Dictionary<ObjectKey, StoredObject> live = new(chosen.Count);
        List<ObjectChange> changes = [];
        foreach (var (key, (written, owner)) in chosen)
        {
            if (!before.TryGetValue(key, out var old))
            {
                live[key] = new StoredObject(written, owner, now, revision, 1, revision);
                changes.Add(new ObjectChange(key, ObjectAction.Created));
            }
            else if (ReferenceEquals(old.Written, written) && old.Owner == owner)
            {
                live[key] = old;
            }
            else if (old.Written == written && old.Owner == owner)
            {
                // Equal, but its lines may have moved in the file.
                live[key] = new StoredObject(
                    written, owner, old.CreatedAt, old.CreatedRevision, old.Generation, old.Revision);
            }
            else
            {
                var isSame = StoredObject.SameSpecification(old.Written, written);
                var generation = isSame ? old.Generation : old.Generation + 1;
                live[key] = new StoredObject(
                    written, owner, old.CreatedAt, old.CreatedRevision, generation, revision);
                changes.Add(new ObjectChange(key, ObjectAction.Configured));
            }
        }

        changes.AddRange(before.Keys.Where(key => !chosen.ContainsKey(key))
            .Select(key => new ObjectChange(key, ObjectAction.Deleted)));
        return (live, changes);
    }
}

/// <summary>What happens to an object.</summary>
internal enum ObjectAction
{
    /// <summary>It says what it said.</summary>
    Unchanged,

    /// <summary>It is new.</summary>
    Created,

    /// <summary>It says something else, or has another owner.</summary>
    Configured,

    /// <summary>It is gone.</summary>
    Deleted,
}

/// <summary>How actions are written.</summary>
internal static class ObjectActions
{
    /// <summary>In lower case, as documents show it.</summary>
    public static string Word(this ObjectAction action) => action switch
    {
        ObjectAction.Created => "created",
        ObjectAction.Configured => "configured",
        ObjectAction.Deleted => "deleted",
        _ => "unchanged",
    };
}

/// <summary>A change of one object.</summary>
internal readonly record struct ObjectChange(ObjectKey Key, ObjectAction Action);
