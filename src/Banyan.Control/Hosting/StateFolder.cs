using System.Net.Sockets;

namespace Banyan.Control.Hosting;

/// <summary>The folder of a control plane: private, and used by one process at a time.</summary>
internal sealed class StateFolder : IDisposable
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    // sun_path holds 108 bytes with its final zero.
    private const int MaxSocketPath = 107;

    // EROFS of errno(3), which is what the runtime puts into its exception.
    private const int ReadOnlyDisk = 30;

    private readonly FileStream _lock;

    private StateFolder(string path, FileStream hold)
    {
        Path = path;
        _lock = hold;
    }

    /// <summary>Its absolute path.</summary>
    public string Path { get; }

    /// <summary>The database.</summary>
    public string Database => System.IO.Path.Combine(Path, "control.db");

    /// <summary>The reports of the proxies.</summary>
    public string Reports => System.IO.Path.Combine(Path, "reports.db");

    /// <summary>Makes the folder when it is missing, and takes it.</summary>
    public static StateFolder Take(string folder)
    {
        var path = System.IO.Path.GetFullPath(folder);
        try
        {
            Directory.CreateDirectory(path, Private);
            var hold = new FileStream(
                System.IO.Path.Combine(path, "control.lock"),
                FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, bufferSize: 1);
            return new StateFolder(path, hold);
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new ControlPlaneException($"{path} cannot be written: permission denied", exception);
        }
        catch (IOException exception) when (exception.HResult == ReadOnlyDisk)
        {
            throw new ControlPlaneException($"{path} cannot be written: it is on a read-only disk", exception);
        }
        catch (IOException exception) when (File.Exists(System.IO.Path.Combine(path, "control.lock")))
        {
            throw new ControlPlaneException(
                $"another control plane uses {path}; stop it, or choose another folder with --state", exception);
        }
        catch (IOException exception)
        {
            throw new ControlPlaneException($"{path} cannot be used: {exception.Message}", exception);
        }
    }

    /// <summary>Makes room for a socket: what a dead process left behind is removed.</summary>
    public static async Task ClearSocketAsync(string path, CancellationToken cancel)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(path) > MaxSocketPath)
        {
            throw new ControlPlaneException(
                $"the socket's path is longer than {MaxSocketPath} bytes: {path}; choose a shorter one with --socket");
        }

        if (!File.Exists(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await probe.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
            return;
        }
        catch (SocketException exception)
        {
            throw new ControlPlaneException($"{path} is in the way: {exception.Message}", exception);
        }

        throw new ControlPlaneException($"somebody listens on {path} already; choose another with --socket");
    }

    /// <inheritdoc />
    public void Dispose() => _lock.Dispose();
}
