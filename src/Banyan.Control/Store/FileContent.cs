using Banyan.Model;

namespace Banyan.Control.Store;

/// <summary>What a file holds at one moment.</summary>
/// <param name="Path">As the user would write it.</param>
/// <param name="Text">Its text; null when it is gone or cannot be read.</param>
/// <param name="Objects">The objects in it.</param>
/// <param name="Problems">Mistakes; one refuses the change set.</param>
/// <param name="Skipped">Kinds that were skipped.</param>
internal sealed record FileContent(
    string Path,
    string? Text,
    EquatableList<MeshObject> Objects,
    EquatableList<Problem> Problems,
    EquatableList<SkippedKind> Skipped)
{
    /// <summary>
    /// Who owns the objects: <c>file:</c> and the absolute path, whatever folder the process was started in.
    /// </summary>
    public string Owner { get; } = OwnerOf(Path);

    /// <summary>Whether the file is gone.</summary>
    public bool IsRemoved => Text is null && Problems.Count == 0;

    /// <summary>The owner's name of a path's objects.</summary>
    public static string OwnerOf(string path) => "file:" + System.IO.Path.GetFullPath(path);

    /// <summary>A file that was read.</summary>
    public static FileContent Read(string path, string text)
    {
        var result = ConfigReader.Read(path, text);
        return new FileContent(
            path,
            text,
            result.Objects.Select(StoredObject.Normalize).ToEquatableList(),
            result.Problems,
            result.SkippedKinds);
    }

    /// <summary>A file that is gone.</summary>
    public static FileContent Removed(string path) => new(path, null, [], [], []);

    /// <summary>A file that is there but cannot be read.</summary>
    public static FileContent Unreadable(string path, string reason) =>
        new(path, null, [], [new Problem(path, 0, 0, "", reason)], []);
}

/// <summary>All files of a source that changed in one settle.</summary>
/// <param name="Source">The path that was configured.</param>
/// <param name="Exists">Whether that path exists.</param>
/// <param name="IsFirst">Whether this is the source's first load.</param>
/// <param name="Files">The files that differ; at the first load, all.</param>
internal sealed record FileChangeSet(string Source, bool Exists, bool IsFirst, IReadOnlyList<FileContent> Files);
