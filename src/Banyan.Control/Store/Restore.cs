using System.Collections.Immutable;
using System.Globalization;
using Banyan.Control.Registry;
using Banyan.Control.Store.Persistence;
using Banyan.Control.Tokens;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>
/// Builds the state of the last run from the database, so that a restart answers as before, and takes up what other
/// replicas wrote.
/// </summary>
internal static class Restore
{
    /// <summary>What there is as long as the database was never read: nothing, which is not served.</summary>
    public static StoreState Awaiting(IEnumerable<string> paths, string reason)
    {
        var state = new StoreState { Awaited = reason };
        state.Sources.AddRange(paths.Select(path => new SourceState(path)));
        return state;
    }

    /// <summary>
    /// Reads everything. What belongs to paths that are not configured any more is dropped, unless other replicas
    /// may watch them.
    /// </summary>
    public static StoreState From(IDatabase database, IEnumerable<string> paths, ILogger log, TimeProvider time)
    {
        var state = new StoreState { Marks = database.Marks() };
        state.Sources.AddRange(paths.Select(path => new SourceState(path)));
        var rows = database.Objects().ToDictionary(row => row.Key);
        state.Api = Api(state, rows.Values, log);
        state.Registrations = Registrations(database.Registrations(), log);
        state.Tokens = Tokens(database.Tokens());
        var (gone, _) = Files(state, database.Files(), database.IsShared, log);
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

        var chosen = LiveSet.Choose(state, state.Api, state.Registrations);
        var (live, _) = LiveSet.Advance(Known(state, rows.Values), chosen, state.Revision + 1, time.GetUtcNow());
        state.Live = live;
        if (!database.IsShared)
        {
            var rest = rows.Values.Where(row => !chosen.ContainsKey(row.Key) && row.Content is null);
            Forget(state, database, [.. rest], gone, time);
        }

        return state;
    }

    /// <summary>
    /// Takes up what others have written since. The live set becomes what the database holds: the next commit finds
    /// what differs here, and writes it with the history that it follows.
    /// </summary>
    /// <exception cref="StoreFailedException">The database cannot be read; nothing has changed.</exception>
    public static void Refresh(StoreState state, IDatabase database, ILogger log)
    {
        // Everything is read before anything is changed, the marks first: should another replica write meanwhile,
        // they differ again at the next look.
        var (before, now) = (state.Marks, database.Marks());
        var isFirst = state.Awaited is not null;
        var stored = isFirst || !now.SameObjects(before)
            ? (Rows: database.Objects(), Files: database.Files(), Registrations: database.Registrations())
            : default;
        var instances = isFirst || now.Instances != before.Instances ? database.Instances() : null;
        var tokens = isFirst || now.Tokens != before.Tokens ? database.Tokens() : null;
        state.Awaited = null;
        state.Marks = now;
        state.Tokens = tokens is null ? state.Tokens : Tokens(tokens);
        if (instances is not null)
        {
            Instances(state, instances);
        }

        if (stored.Rows is not null)
        {
            state.Api = Api(state, stored.Rows, log);
            state.Registrations = Registrations(stored.Registrations, log);
            var (_, own) = Files(state, stored.Files, isShared: true, log);
            state.Live = Known(state, stored.Rows);
            state.Unsaved = state.Unsaved with { Objects = Unsaved.None.Objects };
            foreach (var file in own)
            {
                file.TakeOver();
            }
        }
    }

    private static ImmutableDictionary<string, Token> Tokens(IReadOnlyList<Token> rows) =>
        rows.ToImmutableDictionary(token => token.Id, StringComparer.Ordinal);

    private static ImmutableDictionary<string, Registration> Registrations(IReadOnlyList<string> texts, ILogger log)
    {
        var registrations = ImmutableDictionary.CreateBuilder<string, Registration>(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (Registration.TryParse(text) is { } item)
            {
                registrations[item.Id] = item;
            }
            else
            {
                Log.Dropped(log, "a registration", "not written by this version");
            }
        }

        return registrations.ToImmutable();
    }

    private static Dictionary<ObjectKey, ApiObject> Api(StoreState state, IEnumerable<ObjectRow> rows, ILogger log)
    {
        Dictionary<ObjectKey, ApiObject> api = [];
        foreach (var row in rows.Where(row => row.Content is not null))
        {
            if (state.Api.TryGetValue(row.Key, out var known)
                && state.Live.GetValueOrDefault(row.Key) is { Owner: StoredObject.Api } live
                && live.Revision == row.Revision)
            {
                api[row.Key] = known;
                continue;
            }

            var read = ConfigReader.Read(StoredObject.Api, row.Content!);
            if (read.Problems.Count > 0 || read.Objects.Count != 1)
            {
                Log.Dropped(log, $"{row.Key}", read.Problems.FirstOrDefault()?.ToString() ?? "");
                continue;
            }

            var written = StoredObject.Normalize(read.Objects[0]);
            api[written.Key] = new ApiObject(written, row.TakenFrom, row.AppliedBy ?? "");
        }

        return api;
    }

    /// <summary>
    /// Takes over the files' last good texts. Gives the paths of those that nobody wants, and what was read here and is
    /// not stored yet, which comes before what is stored.
    /// </summary>
    private static (List<string> Gone, List<OwnFile> Own) Files(
        StoreState state, IReadOnlyList<FileRow> rows, bool isShared, ILogger log)
    {
        List<string> gone = [];
        var sources = state.Sources.ToDictionary(source => FullPath(source.Path), StringComparer.Ordinal);
        var good = state.Sources.ToDictionary(
            source => source, _ => new Dictionary<string, FileContent>(StringComparer.Ordinal));
        foreach (var row in rows.OrderBy(row => row.Path, StringComparer.Ordinal))
        {
            var key = Path.TrimEndingDirectorySeparator(row.Source);
            if (!sources.TryGetValue(key, out var source))
            {
                if (!isShared)
                {
                    gone.Add(row.Path);
                    continue;
                }

                source = new SourceState(key) { IsRemote = true, IsLoaded = true, WasSeen = true };
                state.Sources.Add(source);
                sources.Add(key, source);
                good.Add(source, new Dictionary<string, FileContent>(StringComparer.Ordinal));
            }

            var path = row.Path == key ? source.Path : Path.Combine(source.Path, Path.GetFileName(row.Path));
            var file = source.Good.GetValueOrDefault(path) is { } known && known.Text == row.Content
                ? known
                : FileContent.Read(path, row.Content);
            if (file.Problems.Count > 0)
            {
                Log.Dropped(log, row.Path, file.Problems[0].ToString());
                gone.Add(row.Path);
                if (source.Good.TryGetValue(path, out var last))
                {
                    good[source][path] = last;
                }

                continue;
            }

            good[source][path] = file;
        }

        var stored = rows.Select(row => row.Path).ToHashSet(StringComparer.Ordinal);
        List<OwnFile> own = [];
        foreach (var (source, files) in good)
        {
            own.AddRange(source.Good.Keys.Concat(files.Keys).Distinct(StringComparer.Ordinal)
                .Where(path => state.Unsaved.Files.ContainsKey(Path.GetFullPath(path)))
                .Select(path => new OwnFile(source, path, source.Good.GetValueOrDefault(path))));

            // What is held here and not stored any more was let go at another replica.
            foreach (var path in source.Held.Keys.Where(path => !stored.Contains(Path.GetFullPath(path))
                && !state.Unsaved.Files.ContainsKey(Path.GetFullPath(path))).ToList())
            {
                source.Held.Remove(path);
            }

            source.Good = files;
        }

        return (gone, own);
    }

    private static void Instances(StoreState state, IReadOnlyList<string> texts)
    {
        Dictionary<string, InstanceEntry> instances = new(StringComparer.Ordinal);
        foreach (var text in texts)
        {
            if (WorkloadInstance.TryParse(text, out var instance, out _)
                && !state.UnsavedInstances.Contains(instance.NodeId))
            {
                var known = state.Instances.GetValueOrDefault(instance.NodeId);
                instances[instance.NodeId] = known is not null && known.Instance == instance
                    ? known
                    : new InstanceEntry(instance, IsRestored: true);
            }
        }

        foreach (var node in state.UnsavedInstances)
        {
            if (state.Instances.TryGetValue(node, out var entry))
            {
                instances[node] = entry;
            }
        }

        state.Instances = instances;
    }

    /// <summary>What the database holds, with the numbers it keeps.</summary>
    private static Dictionary<ObjectKey, StoredObject> Known(StoreState state, IEnumerable<ObjectRow> rows)
    {
        var chosen = LiveSet.Choose(state, state.Api, state.Registrations);
        Dictionary<(ObjectKey Key, string Owner), MeshObject> writings = [];
        foreach (var file in state.Sources.SelectMany(source => source.Good.Values))
        {
            foreach (var item in file.Objects)
            {
                writings.TryAdd((item.Key, file.Owner), item);
            }
        }

        Dictionary<ObjectKey, StoredObject> known = [];
        foreach (var row in rows)
        {
            // Mostly it is the one in effect; else its owner's, which another one hides now.
            var key = row.Key;
            var (written, owner) = chosen.GetValueOrDefault(key);
            if (owner != row.Owner && writings.TryGetValue((key, row.Owner), out var hidden))
            {
                (written, owner) = (hidden, row.Owner);
            }

            if (written is null)
            {
                continue;
            }

            // The same object where nothing changed: what was compiled of it is found again.
            var live = state.Live.GetValueOrDefault(key);
            known[key] = live is not null && live.Owner == owner && live.Revision == row.Revision
                && live.Generation == row.Generation && ReferenceEquals(live.Written, written)
                    ? live
                    : new StoredObject(
                        written,
                        owner,
                        DateTimeOffset.Parse(row.CreatedAt, CultureInfo.InvariantCulture),
                        row.CreatedRevision,
                        row.Generation,
                        row.Revision);
        }

        return known;
    }

    private static void Forget(
        StoreState state, IDatabase database, List<ObjectRow> rows, List<string> files, TimeProvider time)
    {
        if (rows.Count == 0 && files.Count == 0)
        {
            return;
        }

        var revision = state.Revision + 1;
        var change = new DatabaseChange
        {
            Revision = revision,
            Expected = state.Marks,
            RemovedObjects = [.. rows.Select(row => row.Key)],
            RemovedFiles = files,
            History = [.. rows.Select(row => new ObjectChangeRow
            {
                Revision = revision,
                Kind = row.Kind,
                Namespace = row.Namespace,
                Name = row.Name,
                Action = ObjectAction.Deleted.Word(),
                OwnerBefore = row.Owner,
            })],
            Audit = new WriteOrigin("files", "start", "files", "not configured any more")
                .Entry(revision, time.GetUtcNow()),
        };
        database.Save(change);
        state.Marks = state.Marks.After(change);
    }

    /// <summary>What was read here and is not stored yet; null where the file is gone.</summary>
    private sealed record OwnFile(SourceState Source, string Path, FileContent? File)
    {
        public void TakeOver()
        {
            Source.Good.Remove(Path);
            if (File is not null)
            {
                Source.Good[Path] = File;
            }
        }
    }

    private static string FullPath(string path) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
}
