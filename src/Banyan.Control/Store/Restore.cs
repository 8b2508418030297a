using System.Globalization;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>Builds the state of the last run from the database, so that a restart answers as before.</summary>
internal static class Restore
{
    /// <summary>Reads everything; what belongs to paths that are not configured any more is dropped.</summary>
    public static StoreState From(Database database, IEnumerable<string> paths, ILogger log, TimeProvider time)
    {
        var state = new StoreState { Revision = database.Revision() };
        state.Sources.AddRange(paths.Select(path => new SourceState(path)));
        var rows = database.Objects().ToDictionary(row => new ObjectKey(row.Kind, row.Namespace, row.Name));
        foreach (var row in rows.Values.Where(row => row.Content is not null))
        {
            Api(state, row, log);
        }

        var gone = Files(state, database, log);
        foreach (var text in database.Instances())
        {
            if (WorkloadInstance.TryParse(text, out var instance, out var error))
            {
                state.Instances[instance.NodeId] = new InstanceEntry(instance, IsRestored: true);
            }
            else
            {
                Log.Dropped(log, "an instance", error);
            }
        }

        History(state, database, rows, gone, time);
        return state;
    }

    private static void Api(StoreState state, ObjectRow row, ILogger log)
    {
        var read = ConfigReader.Read(StoredObject.Api, row.Content!);
        if (read.Problems.Count > 0 || read.Objects.Count != 1)
        {
            Log.Dropped(
                log, $"{row.Kind} {row.Namespace}/{row.Name}", read.Problems.FirstOrDefault()?.ToString() ?? "");
            return;
        }

        var written = StoredObject.Normalize(read.Objects[0]);
        state.Api[written.Key] = new ApiObject(written, row.TakenFrom, row.AppliedBy ?? "");
    }

    private static List<string> Files(StoreState state, Database database, ILogger log)
    {
        List<string> gone = [];
        var sources = state.Sources.ToDictionary(
            source => Path.TrimEndingDirectorySeparator(Path.GetFullPath(source.Path)), StringComparer.Ordinal);
        foreach (var row in database.Files().OrderBy(row => row.Path, StringComparer.Ordinal))
        {
            var key = Path.TrimEndingDirectorySeparator(row.Source);
            if (!sources.TryGetValue(key, out var source))
            {
                gone.Add(row.Path);
                continue;
            }

            var path = row.Path == key ? source.Path : Path.Combine(source.Path, Path.GetFileName(row.Path));
            var file = FileContent.Read(path, row.Content);
            if (file.Problems.Count > 0)
            {
                Log.Dropped(log, row.Path, file.Problems[0].ToString());
                gone.Add(row.Path);
                continue;
            }

            source.Good[path] = file;
        }

        return gone;
    }

    private static void History(
        StoreState state,
        Database database,
        Dictionary<ObjectKey, ObjectRow> rows,
        List<string> goneFiles,
        TimeProvider time)
    {
        var chosen = LiveSet.Choose(state.Sources, state.Api);
        Dictionary<ObjectKey, StoredObject> before = [];
        foreach (var (key, (written, owner)) in chosen)
        {
            if (rows.TryGetValue(key, out var row))
            {
                var created = DateTimeOffset.Parse(row.CreatedAt, CultureInfo.InvariantCulture);
                before[key] = new StoredObject(
                    written, owner, created, row.CreatedRevision, row.Generation, row.Revision);
            }
        }

        var (live, _) = LiveSet.Advance(before, chosen, state.Revision + 1, time.GetUtcNow());
        state.Live = live;
        var removed = rows.Where(row => !chosen.ContainsKey(row.Key) && row.Value.Content is null)
            .Select(row => row.Key).ToList();
        if (removed.Count > 0 || goneFiles.Count > 0)
        {
            state.Revision++;
            database.Save(new DatabaseChange
            {
                Revision = state.Revision, RemovedObjects = removed, RemovedFiles = goneFiles,
            });
        }
    }
}
