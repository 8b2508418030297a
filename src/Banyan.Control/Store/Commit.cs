using Banyan.Model;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>Makes a new set of writings the one in effect: history, revision, database.</summary>
internal sealed class Commit(Database database, ILogger log, TimeProvider time)
{
    /// <summary>
    /// Takes over what the files say now. The database comes second to what the user's files say: when it cannot be
    /// written, the change is in effect all the same.
    /// </summary>
    public List<ObjectChange> Files(StoreState state, IReadOnlyList<AdmittedFiles> admitted)
    {
        var (next, changes) = Advance(state, state.Api);
        var rows = new DatabaseChange { Revision = next.Revision };
        foreach (var (source, files) in admitted)
        {
            AddFiles(rows, source, files);
        }

        try
        {
            Save(rows, next, state.Api, changes);
        }
        catch (SqliteException exception)
        {
            Log.NotSaved(log, exception);
        }

        return Accept(state, next, changes, admitted[0].Source.Path);
    }

    /// <summary>Takes over what was applied over the API, once it is safe in the database.</summary>
    public List<ObjectChange> Api(StoreState state, Dictionary<ObjectKey, ApiObject> api, string by)
    {
        var (next, changes) = Advance(state, api);
        Save(new DatabaseChange { Revision = next.Revision }, next, api, changes);
        state.Api = api;
        return Accept(state, next, changes, by);
    }

    /// <summary>What would change if these were the API's objects.</summary>
    public (Dictionary<ObjectKey, StoredObject> Live, List<ObjectChange> Changes) Preview(
        StoreState state, Dictionary<ObjectKey, ApiObject> api)
    {
        var (next, changes) = Advance(state, api);
        return (next.Live, changes);
    }

    private static void AddFiles(DatabaseChange rows, SourceState source, IEnumerable<FileContent> files)
    {
        var folder = Path.GetFullPath(source.Path);
        foreach (var file in files.Where(file => !source.Held.ContainsKey(file.Path)))
        {
            var path = Path.GetFullPath(file.Path);
            if (file.Text is null)
            {
                rows.RemovedFiles.Add(path);
            }
            else
            {
                rows.Files.Add(new FileRow { Path = path, Source = folder, Content = file.Text });
            }
        }
    }

    private static ObjectRow Row(StoredObject item, IReadOnlyDictionary<ObjectKey, ApiObject> api)
    {
        var key = item.Written.Key;
        var applied = item.Owner == StoredObject.Api ? api[key] : null;
        return new ObjectRow
        {
            Kind = key.Kind,
            Namespace = key.Namespace,
            Name = key.Name,
            Owner = item.Owner,
            TakenFrom = applied?.TakenFrom,
            AppliedBy = applied?.By,
            Content = applied is null ? null : ObjectWriter.ToJson(item.Written),
            CreatedAt = item.CreatedAt.ToString("O"),
            CreatedRevision = item.CreatedRevision,
            Generation = item.Generation,
            Revision = item.Revision,
        };
    }

    private (Next Next, List<ObjectChange> Changes) Advance(
        StoreState state, IReadOnlyDictionary<ObjectKey, ApiObject> api)
    {
        var chosen = LiveSet.Choose(state.Sources, api);
        var (live, changes) = LiveSet.Advance(state.Live, chosen, state.Revision + 1, time.GetUtcNow());
        return (new Next(live, changes.Count > 0 ? state.Revision + 1 : state.Revision), changes);
    }

    private void Save(
        DatabaseChange rows, Next next, IReadOnlyDictionary<ObjectKey, ApiObject> api, List<ObjectChange> changes)
    {
        foreach (var (key, action) in changes)
        {
            if (action == ObjectAction.Deleted)
            {
                rows.RemovedObjects.Add(key);
            }
            else
            {
                rows.Objects.Add(Row(next.Live[key], api));
            }
        }

        if (rows.Objects.Count + rows.RemovedObjects.Count + rows.Files.Count + rows.RemovedFiles.Count > 0)
        {
            database.Save(rows);
        }
    }

    private List<ObjectChange> Accept(StoreState state, Next next, List<ObjectChange> changes, string from)
    {
        if (changes.Count > 0)
        {
            Log.Changed(log, next.Revision, changes.Count, from);
        }

        state.Live = next.Live;
        state.Revision = next.Revision;
        return changes;
    }

    private sealed record Next(Dictionary<ObjectKey, StoredObject> Live, long Revision);
}

/// <summary>Files of a source that were admitted.</summary>
internal sealed record AdmittedFiles(SourceState Source, IReadOnlyCollection<FileContent> Files);
