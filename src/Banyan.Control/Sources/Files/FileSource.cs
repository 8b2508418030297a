using Banyan.Control.Store;
using Banyan.Model;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Sources.Files;

/// <summary>
/// One configured path: finds its files, reads what changed once it has settled, and hands change sets to the store.
/// </summary>
internal sealed class FileSource : IDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly string _path;
    private readonly Inotify _inotify;
    private readonly Func<FileChangeSet, Task> _submit;
    private readonly ILogger _log;
    private readonly TimeProvider _time;
    private readonly AsyncSignal _signal = new();
    private readonly FileEvents _events;
    private readonly Dictionary<string, FileStamp> _read = new(StringComparer.Ordinal);

    // What a poll found to differ without any event: taken up when the next poll finds the same.
    private Dictionary<string, FileStamp?> _suspected = new(StringComparer.Ordinal);
    private List<IDisposable> _watches = [];
    // What events told and no look has finished with: one that failed is repeated whole.
    private readonly HashSet<string> _touched = new(StringComparer.Ordinal);
    private bool _all;
    private bool _first = true;
    private bool _existed;

    public FileSource(
        string path, Inotify inotify, Func<FileChangeSet, Task> submit, ILogger log, TimeProvider time)
    {
        _path = path;
        _inotify = inotify;
        _submit = submit;
        _log = log;
        _time = time;
        _events = new FileEvents(time);
    }

    /// <summary>Loads, then follows the path until it is cancelled.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var poll = _time.CreateTimer(_ => _signal.Set(), null, PollInterval, PollInterval);
        try
        {
            while (true)
            {
                try
                {
                    await LookAsync(cancel);
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    // The folder itself cannot be listed; the next poll tries again.
                    Log.CannotLook(_log, _path, exception.Message);
                }

                await _signal.WaitAsync(cancel);
                while (_events.Remaining() is { } remaining && remaining > TimeSpan.Zero)
                {
                    await Task.Delay(remaining, _time, cancel);
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The way it ends.
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var watch in _watches)
        {
            watch.Dispose();
        }

    }

    private static bool IsLink(string path) => new FileInfo(path).LinkTarget is not null;

    private async Task LookAsync(CancellationToken cancel)
    {
        // Before the scan: an event of a change that the scan does not see yet must be there for the next look.
        var (touched, all) = _events.Take(IsLink);
        _touched.UnionWith(touched);
        _all |= all;
        var scan = FileScan.Of(_path);
        Watch(scan.Folders);
        if (_first)
        {
            // Once more, now that nothing can change unseen.
            scan = FileScan.Of(_path);
        }

        var changes = await ChangesAsync(scan, _touched, _all || _first, cancel);
        _touched.Clear();
        _all = false;
        if (_first && !scan.Files.All(file => _read.ContainsKey(file.Path)))
        {
            // A file is being written. Without it the first set would say that its objects are gone.
            _read.Clear();
            return;
        }

        var appeared = scan.Exists != _existed;
        if (changes.Count == 0 && !_first && !appeared)
        {
            return;
        }

        _existed = scan.Exists;
        var first = _first;
        _first = false;
        await _submit(new FileChangeSet(_path, scan.Exists, first, changes));
    }

    private async Task<List<FileContent>> ChangesAsync(
        FileScan scan, HashSet<string> touched, bool all, CancellationToken cancel)
    {
        List<FileContent> changes = [];
        Dictionary<string, FileStamp?> suspected = new(StringComparer.Ordinal);
        foreach (var file in scan.Files)
        {
            var full = Path.GetFullPath(file.Path);
            var known = _read.TryGetValue(file.Path, out var stamp);
            var told = all || touched.Contains(full) || touched.Contains(file.Stamp.Target);
            if ((known && stamp == file.Stamp && !told)
                || _events.IsWriting(full)
                || _events.IsWriting(file.Stamp.Target))
            {
                continue;
            }

            if (!told && !(_suspected.TryGetValue(file.Path, out var before) && before == file.Stamp))
            {
                suspected[file.Path] = file.Stamp;
                continue;
            }

            if (await ReadAsync(file, cancel) is { } content)
            {
                changes.Add(content);
                _read[file.Path] = file.Stamp;
            }
        }

        var present = scan.Files.Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        foreach (var path in _read.Keys.Where(path => !present.Contains(path)).ToList())
        {
            if (all || touched.Contains(Path.GetFullPath(path)) || _suspected.ContainsKey(path))
            {
                _read.Remove(path);
                changes.Add(FileContent.Removed(path));
            }
            else
            {
                suspected[path] = null;
            }
        }

        _suspected = suspected;
        return changes;
    }

    private async Task<FileContent?> ReadAsync(FoundFile file, CancellationToken cancel)
    {
        var (text, error) = await FileText.ReadAsync(file.Path, cancel);
        if (FileScan.Stamp(file.Path) is not { } now || now != file.Stamp)
        {
            // Changed while it was read: an event or the next poll brings it again.
            return null;
        }

        if (error is not null)
        {
            return FileContent.Unreadable(file.Path, error);
        }

        return text is null ? null : FileContent.Read(file.Path, text);
    }

    private void Watch(IReadOnlyList<WatchedFolder> folders)
    {
        List<IDisposable> watches = [];
        foreach (var folder in folders)
        {
            var watch = _inotify.Add(folder.Folder, (mask, name) => OnEvent(folder, mask, name));
            if (watch is not null)
            {
                watches.Add(watch);
            }
        }

        // New before old: the kernel gives the same watch for the same folder, and a new one for what a moved
        // folder or link of that name leads to now.
        foreach (var watch in _watches)
        {
            watch.Dispose();
        }

        _watches = watches;
    }

    private void OnEvent(WatchedFolder folder, InotifyMask mask, string name)
    {
        if (name.Length > 0 && !folder.IsRelevant(name))
        {
            return;
        }

        _events.Add(mask, Path.Combine(folder.Folder, name), folder.IsIndirect || FileScan.IsDataLink(name));
        _signal.Set();
    }
}
