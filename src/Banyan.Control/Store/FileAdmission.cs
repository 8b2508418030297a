using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>Decides what becomes of changed files: taken over, held, or refused as a whole. Pure.</summary>
/// <param name="Good">The source's files that are in effect afterwards.</param>
/// <param name="Held">Removals that wait.</param>
/// <param name="Problems">Why the set is refused; empty when it is not.</param>
internal sealed record FileAdmission(
    Dictionary<string, FileContent> Good, Dictionary<string, HeldRemoval> Held, EquatableList<Problem> Problems)
{
    /// <summary>Judges a change set against all that is in effect.</summary>
    public static FileAdmission Judge(
        StoreState state, SourceState source, IReadOnlyCollection<FileContent> changed, bool acceptRemoval = false)
    {
        var problems = changed.SelectMany(file => file.Problems).ToList();
        if (problems.Count > 0)
        {
            return new FileAdmission(source.Good, source.Held, problems.ToEquatableList());
        }

        var good = new Dictionary<string, FileContent>(source.Good, StringComparer.Ordinal);
        var held = new Dictionary<string, HeldRemoval>(source.Held, StringComparer.Ordinal);
        foreach (var file in changed)
        {
            held.Remove(file.Path);
            if (file.IsRemoved)
            {
                good.Remove(file.Path);
            }
            else
            {
                good[file.Path] = file;
            }
        }

        if (!acceptRemoval)
        {
            HoldRemovals(state, source, changed, good, held);
        }

        problems.AddRange(Conflicts(state, source, good, held));
        if (problems.Count == 0)
        {
            problems.AddRange(Validator.Check(Everything(state, source, good, held)));
        }

        return new FileAdmission(good, held, problems.ToEquatableList());
    }

    private static void HoldRemovals(
        StoreState state,
        SourceState source,
        IReadOnlyCollection<FileContent> changed,
        Dictionary<string, FileContent> good,
        Dictionary<string, HeldRemoval> held)
    {
        var gone = changed.Where(file => file.Objects.Count == 0
            && source.Good.TryGetValue(file.Path, out var before) && before.Objects.Count > 0).ToList();
        if (gone.Count == 0)
        {
            return;
        }

        // What another file or the API holds is not lost: a file that was renamed or split is no accident.
        var kept = good.Values
            .Concat(state.Sources.Where(other => other != source).SelectMany(other => other.Good.Values))
            .SelectMany(file => file.Objects).Select(item => item.Key).Concat(state.Api.Keys).ToHashSet();
        var lost = gone.SelectMany(file => source.Good[file.Path].Objects).Select(item => item.Key)
            .Where(key => !kept.Contains(key)).Distinct().Count();
        if (lost * 2 <= state.Live.Count)
        {
            return;
        }

        foreach (var file in gone)
        {
            var before = source.Good[file.Path];
            good[file.Path] = before;
            held[file.Path] = new HeldRemoval(file, before.Objects.Count);
        }
    }

    private static List<Problem> Conflicts(
        StoreState state,
        SourceState source,
        Dictionary<string, FileContent> good,
        Dictionary<string, HeldRemoval> held)
    {
        Dictionary<ObjectKey, string> others = [];
        foreach (var other in state.Sources.Where(other => other != source))
        {
            foreach (var file in other.Good.Values.Where(file => !other.Held.ContainsKey(file.Path)))
            {
                foreach (var item in file.Objects)
                {
                    others.TryAdd(item.Key, file.Owner);
                }
            }
        }

        List<Problem> problems = [];
        foreach (var file in good.Values.Where(file => !held.ContainsKey(file.Path)))
        {
            foreach (var item in file.Objects)
            {
                if (others.TryGetValue(item.Key, out var owner))
                {
                    problems.Add(At(item, $"{item.Key} belongs to {owner}; remove it from one of the two"));
                }
                else if (state.Api.TryGetValue(item.Key, out var api) && api.TakenFrom != file.Owner)
                {
                    problems.Add(At(item,
                        $"{item.Key} belongs to {StoredObject.Api} (applied by {api.By}); `banyan delete "
                        + $"{item.Kind} {item.Metadata.Name} --namespace {item.Metadata.Namespace}` gives it up"));
                }
            }
        }

        return problems;
    }

    /// <summary>Every writing that would be in effect, those that stand twice in one source twice.</summary>
    private static IEnumerable<MeshObject> Everything(
        StoreState state,
        SourceState source,
        Dictionary<string, FileContent> good,
        Dictionary<string, HeldRemoval> held)
    {
        var writings = state.Sources
            .SelectMany(each => (each == source ? good : each.Good).Values
                .Select(file => (File: file, IsHeld: (each == source ? held : each.Held).ContainsKey(file.Path))))
            .ToList();
        var firm = writings.Where(each => !each.IsHeld).SelectMany(each => each.File.Objects)
            .Where(item => !state.Api.ContainsKey(item.Key)).ToList();
        var keys = firm.Select(item => item.Key).ToHashSet();
        var yielding = writings.Where(each => each.IsHeld).SelectMany(each => each.File.Objects)
            .Where(item => !state.Api.ContainsKey(item.Key) && keys.Add(item.Key));
        return firm.Concat(yielding).Concat(state.Api.Values.Select(item => item.Written));
    }

    private static Problem At(MeshObject item, string message) =>
        new(item.File, item.Line, item.Column, "", message);
}
