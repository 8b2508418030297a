using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Banyan.Control.Sources.Files;

/// <summary>What happened to a name in a watched folder.</summary>
[Flags]
internal enum InotifyMask : uint
{
    /// <summary>Bytes were written or cut off; the writer may not be done.</summary>
    Modify = 0x2,

    /// <summary>A writer closed the file.</summary>
    CloseWrite = 0x8,

    /// <summary>Renamed away.</summary>
    MovedFrom = 0x40,

    /// <summary>Renamed to this name.</summary>
    MovedTo = 0x80,

    /// <summary>A new file, folder, or link.</summary>
    Create = 0x100,

    /// <summary>Deleted.</summary>
    Delete = 0x200,

    /// <summary>The watched folder itself was deleted.</summary>
    DeleteSelf = 0x400,

    /// <summary>The watched folder itself was renamed.</summary>
    MoveSelf = 0x800,

    /// <summary>Events were lost.</summary>
    Overflow = 0x4000,

    /// <summary>The watch is gone.</summary>
    Ignored = 0x8000,

    /// <summary>Only folders may be watched.</summary>
    OnlyDirectory = 0x1000000,
}

/// <summary>
/// The kernel's notices of changes in folders. The library's FileSystemWatcher hides the one event that matters
/// here: that a writer has closed the file.
/// </summary>
/// <remarks>One thread waits for all folders and calls back; callbacks must be short.</remarks>
internal sealed partial class Inotify : IDisposable
{
    private const InotifyMask Wanted = InotifyMask.Modify | InotifyMask.CloseWrite | InotifyMask.MovedFrom
        | InotifyMask.MovedTo | InotifyMask.Create | InotifyMask.Delete | InotifyMask.DeleteSelf
        | InotifyMask.MoveSelf | InotifyMask.OnlyDirectory;

    private const int CloseOnExec = 0x80000;
    private const int NonBlocking = 0x800;
    private const int StackSize = 256 * 1024;
    private const short PollIn = 1;

    private readonly Lock _gate = new();
    private readonly Dictionary<int, Watch> _watches = [];
    private readonly SafeFileHandle? _events;
    private readonly SafeFileHandle? _wake;
    private readonly Thread? _thread;
    private bool _disposed;

    /// <summary>Opens the kernel's queue. Where that fails (a limit is reached) polling must do.</summary>
    public Inotify()
    {
        var events = inotify_init1(CloseOnExec | NonBlocking);
        if (events < 0)
        {
            Failure = Marshal.GetLastPInvokeErrorMessage();
            return;
        }

        _events = new SafeFileHandle(events, ownsHandle: true);
        _wake = new SafeFileHandle(eventfd(0, CloseOnExec | NonBlocking), ownsHandle: true);
        _thread = new Thread(Run, StackSize) { IsBackground = true, Name = "banyan-inotify" };
        _thread.Start();
    }

    /// <summary>Why nothing can be watched; null when it works.</summary>
    public string? Failure { get; }

    /// <summary>Watches a folder. Several watches of one folder share what the kernel keeps.</summary>
    /// <returns>Null when the folder cannot be watched; otherwise dispose it to stop.</returns>
    public IDisposable? Add(string folder, Action<InotifyMask, string> changed)
    {
        lock (_gate)
        {
            if (_events is null || _disposed)
            {
                return null;
            }

            var id = inotify_add_watch(_events, folder, (uint)Wanted);
            if (id < 0)
            {
                return null;
            }

            if (!_watches.TryGetValue(id, out var watch))
            {
                _watches[id] = watch = new Watch();
            }

            var handler = new Handler(this, id, changed);
            watch.Handlers.Add(handler);
            return handler;
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        if (_events is null || _wake is null)
        {
            return;
        }

        Span<byte> one = stackalloc byte[sizeof(ulong)];
        MemoryMarshal.Write(one, 1UL);
        _ = write(_wake, one, one.Length);
        _thread?.Join();
        _events.Dispose();
        _wake.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_init1(int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int inotify_add_watch(SafeFileHandle fd, string path, uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int inotify_rm_watch(SafeFileHandle fd, int watch);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int eventfd(uint initial, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(Span<PollEntry> entries, nuint count, int timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle fd, Span<byte> buffer, nint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle fd, ReadOnlySpan<byte> buffer, nint count);

    private void Remove(Handler handler)
    {
        lock (_gate)
        {
            if (_watches.TryGetValue(handler.Id, out var watch) && watch.Handlers.Remove(handler)
                && watch.Handlers.Count == 0)
            {
                _watches.Remove(handler.Id);
                if (!_disposed)
                {
                    _ = inotify_rm_watch(_events!, handler.Id);
                }
            }
        }
    }

    private void Run()
    {
        var buffer = new byte[16 * 1024];
        Span<PollEntry> entries =
        [
            new PollEntry { Descriptor = (int)_events!.DangerousGetHandle(), Events = PollIn },
            new PollEntry { Descriptor = (int)_wake!.DangerousGetHandle(), Events = PollIn },
        ];
        while (true)
        {
            _ = poll(entries, (nuint)entries.Length, -1);
            lock (_gate)
            {
                if (_disposed)
                {
                    return;
                }
            }

            var length = (int)read(_events, buffer, buffer.Length);
            if (length > 0)
            {
                Dispatch(buffer.AsSpan(0, length));
            }
        }
    }

    private void Dispatch(ReadOnlySpan<byte> events)
    {
        // struct inotify_event: int wd; uint32 mask, cookie, len; char name[len], padded with zeros.
        while (events.Length >= 16)
        {
            var id = MemoryMarshal.Read<int>(events);
            var mask = (InotifyMask)MemoryMarshal.Read<uint>(events[4..]);
            var length = (int)MemoryMarshal.Read<uint>(events[12..]);
            var name = events.Slice(16, length);
            var end = name.IndexOf((byte)0);
            Notify(id, mask, Encoding.UTF8.GetString(end < 0 ? name : name[..end]));
            events = events[(16 + length)..];
        }
    }

    private void Notify(int id, InotifyMask mask, string name)
    {
        Handler[] handlers;
        lock (_gate)
        {
            if (mask.HasFlag(InotifyMask.Overflow))
            {
                handlers = [.. _watches.Values.SelectMany(watch => watch.Handlers)];
            }
            else if (_watches.TryGetValue(id, out var watch))
            {
                handlers = [.. watch.Handlers];
                if (mask.HasFlag(InotifyMask.Ignored))
                {
                    _watches.Remove(id);
                }
            }
            else
            {
                return;
            }
        }

        foreach (var handler in handlers)
        {
            handler.Changed(mask, name);
        }
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct PollEntry
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }

    private sealed class Watch
    {
        public List<Handler> Handlers { get; } = [];
    }

    private sealed class Handler(Inotify owner, int id, Action<InotifyMask, string> changed) : IDisposable
    {
        public int Id => id;

        public Action<InotifyMask, string> Changed => changed;

        public void Dispose() => owner.Remove(this);
    }
}
