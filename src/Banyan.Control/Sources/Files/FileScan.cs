namespace Banyan.Control.Sources.Files;

/// <summary>What tells one state of a file from another without reading it.</summary>
internal readonly record struct FileStamp(long Length, DateTime Written, string Target);

/// <summary>A file as it was found.</summary>
/// <param name="Path">As the user would write it: under the path that was given.</param>
/// <param name="Stamp">Its state.</param>
internal sealed record FoundFile(string Path, FileStamp Stamp);

/// <summary>A folder to watch and the names in it that matter.</summary>
/// <param name="Folder">The folder.</param>
/// <param name="IsRelevant">Whether a name matters.</param>
/// <param name="IsIndirect">Whether an event may change any file: a link that leads to them was moved.</param>
internal sealed record WatchedFolder(string Folder, Func<string, bool> IsRelevant, bool IsIndirect);

/// <summary>One look at a configured path: the files that belong to it now.</summary>
/// <param name="Exists">Whether the path exists.</param>
/// <param name="Files">Its files, in the order of their names.</param>
/// <param name="Folders">What to watch to learn of changes.</param>
internal sealed record FileScan(bool Exists, IReadOnlyList<FoundFile> Files, IReadOnlyList<WatchedFolder> Folders)
{
    /// <summary>Files of a folder beyond this are an error of the user: the wrong folder was given.</summary>
    public const int MaxFiles = 10_000;

    private static readonly string[] Extensions = [".yaml", ".yml", ".json"];

    /// <summary>Looks at a file, or at the files of a folder (not of its subfolders: they hold other things).</summary>
    public static FileScan Of(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var parent = Path.GetDirectoryName(full);
        var last = Path.GetFileName(full);
        List<WatchedFolder> folders = [];
        List<FoundFile> files = [];
        if (parent is not null)
        {
            folders.Add(new WatchedFolder(parent, name => name == last || IsDataLink(name), IsIndirect: true));
        }

        if (Directory.Exists(full))
        {
            folders.Add(new WatchedFolder(full, name => IsConfiguration(name) || IsDataLink(name), IsIndirect: false));
            foreach (var entry in Directory.EnumerateFiles(full)
                .Where(entry => IsConfiguration(Path.GetFileName(entry)))
                .Take(MaxFiles + 1)
                .Order(StringComparer.Ordinal))
            {
                Look(Path.Combine(path, Path.GetFileName(entry)), files, folders);
            }

            return new FileScan(Exists: true, files, folders);
        }

        Look(path, files, folders);
        return new FileScan(files.Count > 0, files, folders);
    }

    /// <summary>Whether a folder's file is read: YAML or JSON, and not hidden.</summary>
    public static bool IsConfiguration(string name) =>
        !name.StartsWith('.') && Extensions.Contains(Path.GetExtension(name), StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether a name may be one that the files lead through: volumes of Kubernetes swap <c>..data</c> to change
    /// all of them at once.
    /// </summary>
    public static bool IsDataLink(string name) => name.StartsWith("..", StringComparison.Ordinal);

    /// <summary>The state of a file now; null when it does not exist.</summary>
    public static FileStamp? Stamp(string path)
    {
        try
        {
            var info = new FileInfo(path);
            var target = info.LinkTarget is null ? info : info.ResolveLinkTarget(returnFinalTarget: true);
            return target is FileInfo { Exists: true } file
                ? new FileStamp(file.Length, file.LastWriteTimeUtc, file.FullName)
                : null;
        }
        catch (IOException)
        {
            // A link that leads nowhere, or in a circle.
            return null;
        }
    }

    private static void Look(string path, List<FoundFile> files, List<WatchedFolder> folders)
    {
        if (Stamp(path) is not { } stamp)
        {
            return;
        }

        files.Add(new FoundFile(path, stamp));
        var folder = Path.GetDirectoryName(stamp.Target)!;
        var name = Path.GetFileName(stamp.Target);
        if (stamp.Target != Path.GetFullPath(path))
        {
            folders.Add(new WatchedFolder(folder, each => each == name, IsIndirect: true));
        }
    }
}
