using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store;

/// <summary>Takes changed files into the store. Runs on the writer's thread.</summary>
internal sealed class FileIntake(Commit commit, ILogger log)
{
    /// <summary>Takes up a change set: whole, or not at all.</summary>
    public void Apply(StoreState state, FileChangeSet set)
    {
        var source = state.Source(set.Source);
        source.WasSeen = true;
        source.Exists = set.Exists;
        var touched = Touched(source, set);
        if (!set.Exists && !source.IsLoaded && source.Good.Count == 0)
        {
            // Nothing was ever known of it: to serve without it would look as if its objects did not exist.
            Log.Missing(log, source.Path);
            return;
        }

        if (touched.Count == 0)
        {
            source.IsLoaded |= source.Problems.Count == 0;
            return;
        }

        // What was refused before may be mended by this change: together first, then this change alone.
        var together = new Dictionary<string, FileContent>(source.Refused, StringComparer.Ordinal);
        foreach (var (path, file) in touched)
        {
            together[path] = file;
        }

        var wasRefused = source.Refused.Count > 0;
        var all = FileAdmission.Judge(state, source, together.Values);
        if (all.Problems.Count == 0)
        {
            source.Refused.Clear();
            source.Problems = [];
            Accept(state, source, all, together.Values);
        }
        else if (wasRefused && FileAdmission.Judge(state, source, touched.Values) is { Problems.Count: 0 } alone)
        {
            foreach (var path in touched.Keys)
            {
                source.Refused.Remove(path);
            }

            Accept(state, source, alone, touched.Values);
        }
        else
        {
            Refuse(source, together, all.Problems);
        }
    }

    /// <summary>Lets held removals take effect: of one file, or of all files of a source.</summary>
    public RemovalOutcome AcceptRemoval(StoreState state, string path, WriteOrigin? origin = null)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        foreach (var source in state.Sources)
        {
            var isSource = Path.TrimEndingDirectorySeparator(Path.GetFullPath(source.Path)) == full;
            var files = source.Held.Values.Select(held => held.Content)
                .Where(file => isSource || Path.GetFullPath(file.Path) == full).ToList();
            if (files.Count == 0)
            {
                continue;
            }

            var admission = FileAdmission.Judge(state, source, files, acceptRemoval: true);
            return new RemovalOutcome(
                admission.Problems,
                admission.Problems.Count == 0 ? Accept(state, source, admission, files, origin) : []);
        }

        return new RemovalOutcome(null, []);
    }

    /// <summary>
    /// Takes up what was refused and is right now that something else changed: the owner of an object gave it up.
    /// </summary>
    public void Reconsider(StoreState state)
    {
        if (Readmit(state) is { Count: > 0 } admitted)
        {
            commit.Files(state, admitted);
            ReleaseHeld(state, WriteOrigin.Files(admitted[0].Source.Path));
        }
    }

    private static Dictionary<string, FileContent> Touched(SourceState source, FileChangeSet set)
    {
        var touched = new Dictionary<string, FileContent>(StringComparer.Ordinal);
        foreach (var file in set.Files)
        {
            var isKnown = file.Text is not null && source.Good.TryGetValue(file.Path, out var good)
                && good.Text == file.Text
                && !source.Refused.ContainsKey(file.Path)
                && !source.Held.ContainsKey(file.Path);
            if (!isKnown)
            {
                touched[file.Path] = file;
            }
        }

        if (set.IsFirst)
        {
            // The last good state came from the database: what is not found any more was removed meanwhile.
            var present = set.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
            foreach (var path in source.Good.Keys.Where(path => !present.Contains(path)))
            {
                touched[path] = FileContent.Removed(path);
            }
        }

        return touched;
    }

    private List<ObjectChange> Accept(
        StoreState state,
        SourceState source,
        FileAdmission admission,
        IReadOnlyCollection<FileContent> changed,
        WriteOrigin? origin = null)
    {
        Take(state, source, admission);
        // One commit: an object that moves from one source to another is never gone, and keeps its history.
        var changes = commit.Files(state, [new AdmittedFiles(source, changed), .. Readmit(state)], origin);
        ReleaseHeld(state, origin ?? WriteOrigin.Files(source.Path));
        return changes;
    }

    private void Take(StoreState state, SourceState source, FileAdmission admission)
    {
        foreach (var held in admission.Held.Where(held => !source.Held.ContainsKey(held.Key)))
        {
            Log.Held(log, held.Key, held.Value.Reason(state.Live.Count));
        }

        source.Good = admission.Good;
        source.Held = admission.Held;
        source.IsLoaded = true;
    }

    /// <summary>Judges what was refused again, until nothing more is admitted; the problems are those of now.</summary>
    private List<AdmittedFiles> Readmit(StoreState state)
    {
        List<AdmittedFiles> admitted = [];
        for (var more = true; more;)
        {
            more = false;
            foreach (var source in state.Sources.Where(source => source.Refused.Count > 0))
            {
                var files = source.Refused.Values.ToList();
                var admission = FileAdmission.Judge(state, source, files);
                source.Problems = admission.Problems;
                if (admission.Problems.Count == 0)
                {
                    source.Refused.Clear();
                    Take(state, source, admission);
                    admitted.Add(new AdmittedFiles(source, files));
                    more = true;
                }
            }
        }

        return admitted;
    }

    /// <summary>A held file whose objects all came back elsewhere has nothing left to hold.</summary>
    private void ReleaseHeld(StoreState state, WriteOrigin origin)
    {
        List<string> released = [];
        foreach (var source in state.Sources)
        {
            foreach (var path in source.Held.Keys.ToList())
            {
                var file = source.Good[path];
                if (file.Objects.All(item => state.Live[item.Key].Owner != file.Owner))
                {
                    source.Good.Remove(path);
                    source.Held.Remove(path);
                    released.Add(path);
                }
            }
        }

        if (released.Count > 0)
        {
            // Else the next start would read it back, and hold it against those who have its objects now.
            commit.Release(state, released, origin);
        }
    }

    private void Refuse(SourceState source, Dictionary<string, FileContent> together, EquatableList<Problem> problems)
    {
        source.Refused = together;
        source.Problems = problems;
        source.IsLoaded |= source.Good.Count > 0;
        foreach (var problem in problems)
        {
            Log.Refused(log, source.Path, problem.ToString());
        }
    }
}

/// <summary>What became of a removal that was let through.</summary>
/// <param name="Problems">Null when nothing is held there; otherwise what is wrong, which is mostly nothing.</param>
/// <param name="Changes">What changed.</param>
internal sealed record RemovalOutcome(EquatableList<Problem>? Problems, List<ObjectChange> Changes);
