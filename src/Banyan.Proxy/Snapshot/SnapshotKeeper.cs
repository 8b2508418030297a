using Banyan.Proxy.Record;
using Banyan.Xds;

namespace Banyan.Proxy.Snapshot;

/// <summary>Writes the configuration to disk after changes, at most once in 200 ms and never on the housekeeping thread.</summary>
/// <remarks>All members but the write itself run on the housekeeping thread: fsync can take longer than a push may.</remarks>
internal sealed class SnapshotKeeper(string path, Func<SavedResources> save, ProxyLog log, TimeProvider time)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private bool _dirty;
    private bool _failing;
    private long _lastStart;
    private bool _everStarted;
    private volatile Task _writing = Task.CompletedTask;

    /// <summary>When <see cref="Tick"/> has something to do; null when nothing is due.</summary>
    public TimeSpan? Due
    {
        get
        {
            if (!_dirty || !_writing.IsCompleted)
            {
                return null;
            }

            return _everStarted ? Pause - time.GetElapsedTime(_lastStart) : TimeSpan.Zero;
        }
    }

    /// <summary>Something that is kept on disk changed.</summary>
    public void MarkChanged() => _dirty = true;

    /// <summary>Begins a write that is due. <paramref name="finished"/> is called on another thread when it ended.</summary>
    public void Tick(Action finished)
    {
        if (Due is not { } due || due > TimeSpan.Zero)
        {
            return;
        }

        var resources = Begin();
        _writing = Task.Run(() => Write(resources));

        // The write must be over when the housekeeping thread looks again: hence not inside of it.
        _ = _writing.ContinueWith(_ => finished(), TaskScheduler.Default);
    }

    /// <summary>Writes what is not written yet, before the process ends.</summary>
    public void Flush()
    {
        var ended = ((IAsyncResult)_writing).AsyncWaitHandle.WaitOne(TimeSpan.FromSeconds(5));
        if (_dirty && ended)
        {
            Write(Begin());
        }
    }

    private SavedResources Begin()
    {
        _dirty = false;
        _everStarted = true;
        _lastStart = time.GetTimestamp();
        return save();
    }

    private void Write(SavedResources resources)
    {
        var problem = SnapshotFile.Write(path, resources);
        if (problem is not null && !_failing)
        {
            log.Write(
                LogLevel.Error,
                "snapshot-not-written",
                "the last good configuration could not be written; after a restart without control plane an older one would serve",
                new LogField("path", path),
                new LogField("error", problem));
        }

        _failing = problem is not null;
    }
}
