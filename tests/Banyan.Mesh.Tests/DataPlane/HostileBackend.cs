using System.Collections.Concurrent;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.DataPlane;

/// <summary>A backend whose connections are played by hand, each found by the path of the first request on it.</summary>
internal sealed class HostileBackend : IDisposable
{
    private readonly RawListener _listener = new();
    private readonly ConcurrentDictionary<string, TaskCompletionSource<RawConnection>> _asked = new(StringComparer.Ordinal);
    private readonly Task _accepting;

    public HostileBackend() => _accepting = AcceptAsync();

    public string Address => _listener.Address;

    /// <summary>The connection that was asked for this path, its request read; every path is asked for once.</summary>
    public Task<RawConnection> AskedForAsync(string path) => Eventually.WithinAsync(Asked(path).Task, $"a request for {path}");

    public void Dispose()
    {
        _listener.Dispose();
        _ = _accepting;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var connection = await _listener.AcceptAsync();
                var request = await connection.ReadRequestAsync();
                Asked(request.Target).SetResult(connection);
            }
        }
        catch (Exception error) when (error is ObjectDisposedException or System.Net.Sockets.SocketException or TimeoutException)
        {
            // The test is over.
        }
    }

    private TaskCompletionSource<RawConnection> Asked(string path) =>
        _asked.GetOrAdd(path, _ => new TaskCompletionSource<RawConnection>(TaskCreationOptions.RunContinuationsAsynchronously));
}
