using System.Collections.Immutable;
using Banyan.Control.Store.Persistence;
using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>
/// What is in effect and not in the database yet: at most what one change touches, more while the database is away.
/// </summary>
/// <param name="Objects">Objects that changed, each with what the database holds of it.</param>
/// <param name="Files">Files by their absolute path; null where the file is gone.</param>
internal sealed record Unsaved(
    ImmutableDictionary<ObjectKey, SavedObject> Objects, ImmutableDictionary<string, FileRow?> Files)
{
    /// <summary>Nothing.</summary>
    public static Unsaved None { get; } = new(
        ImmutableDictionary<ObjectKey, SavedObject>.Empty,
        ImmutableDictionary.Create<string, FileRow?>(StringComparer.Ordinal));

    /// <summary>Whether there is nothing.</summary>
    public bool IsEmpty => Objects.IsEmpty && Files.IsEmpty;

    /// <summary>With these changes of the state too.</summary>
    public Unsaved With(IEnumerable<ObjectChange> changes, StoreState state)
    {
        var objects = Objects.ToBuilder();
        foreach (var (key, _) in changes)
        {
            // What was noted first is what the database holds.
            objects.TryAdd(key, SavedObject.Of(state, key));
        }

        return this with { Objects = objects.ToImmutable() };
    }

    /// <summary>With these files gone.</summary>
    public Unsaved Without(IEnumerable<string> paths) => this with
    {
        Files = Files.SetItems(paths.Select(path => KeyValuePair.Create(Path.GetFullPath(path), (FileRow?)null))),
    };

    /// <summary>With the files of sources.</summary>
    public Unsaved With(IEnumerable<AdmittedFiles> admitted)
    {
        var files = Files.ToBuilder();
        foreach (var (source, changed) in admitted)
        {
            var folder = Path.GetFullPath(source.Path);
            foreach (var file in changed.Where(file => !source.Held.ContainsKey(file.Path)))
            {
                var path = Path.GetFullPath(file.Path);
                files[path] = file.Text is null
                    ? null
                    : new FileRow { Path = path, Source = folder, Content = file.Text };
            }
        }

        return this with { Files = files.ToImmutable() };
    }
}

/// <summary>What the database holds of an object.</summary>
/// <param name="Object">The object; null when there was none.</param>
/// <param name="TakenFrom">The file that the API had taken it from.</param>
internal sealed record SavedObject(StoredObject? Object, string? TakenFrom)
{
    /// <summary>What the state says, which has not changed yet.</summary>
    public static SavedObject Of(StoreState state, ObjectKey key)
    {
        var item = state.Live.GetValueOrDefault(key);
        var taken = item?.Owner == StoredObject.Api ? state.Api.GetValueOrDefault(key)?.TakenFrom : null;
        return new SavedObject(item, taken);
    }
}
