using Banyan.Proxy.Background;
using Banyan.Xds;

namespace Banyan.Proxy.Snapshot;

/// <summary>The last good configuration on disk.</summary>
internal static class SnapshotFile
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    // What a file can be before it is not ours: far above what the largest mesh needs.
    private const long MaxLength = 512L * 1024 * 1024;

    /// <summary>Reads a file: null when it is fine, else what is wrong.</summary>
    public static string? Read(string path, out SavedResources resources)
    {
        resources = new SavedResources();
        try
        {
            if (new FileInfo(path).Length > MaxLength)
            {
                return "the file is too long for a snapshot";
            }

            if (!SnapshotFormat.TryDecode(File.ReadAllBytes(path), out var read, out var error))
            {
                return error;
            }

            resources = read;
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    /// <summary>Replaces the file as a whole: a reader, or a crash at any moment, meets the old one or the new one.</summary>
    public static string? Write(string path, SavedResources resources)
    {
        var temporary = path + ".tmp";
        try
        {
            var options = new FileStreamOptions
            {
                Mode = FileMode.Create,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = Private,
            };
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(SnapshotFormat.Encode(resources));
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            SyncFolder(Path.GetDirectoryName(path)!);
            return null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return error.Message;
        }
    }

    // The rename itself is on disk only when its folder is.
    private static void SyncFolder(string folder)
    {
        var descriptor = Native.Open(folder, Native.OpenReadOnlyCloexec, 0);
        if (descriptor >= 0)
        {
            _ = Native.Fsync(descriptor);
            _ = Native.Close(descriptor);
        }
    }
}
