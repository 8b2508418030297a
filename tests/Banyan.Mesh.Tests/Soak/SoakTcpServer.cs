using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>
/// A server of bytes. A client says its id and how much it sends and awaits; both directions run at once, and each side ends its own.
/// </summary>
internal sealed class SoakTcpServer : IAsyncDisposable
{
    private readonly SoakBackend _backend;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Socket, Task> _clients = new();
    private readonly Task _accepting;

    public SoakTcpServer(int port, SoakBackend backend)
    {
        _backend = backend;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
        _listener.Listen(512);
        _accepting = AcceptAsync();
    }

    /// <summary>The first that a client sends.</summary>
    public static byte[] Greeting(SoakExchange exchange, int up, int down) =>
        Encoding.ASCII.GetBytes($"{SoakExchange.IdField}: {exchange.IdText} {up:x8} {down:x8}\n");

    /// <summary>Resets every connection and listens no longer.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var client in _clients.Keys)
        {
            Reset(client);
        }

        await Task.WhenAll(_clients.Values);
    }

    private static void Reset(Socket client)
    {
        try
        {
            client.LingerState = new LingerOption(true, 0);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // It has ended by itself.
        }

        client.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }

            var served = ServeAsync(client);
            _clients[client] = served;
            _ = served.ContinueWith(_ => _clients.TryRemove(client, out Task? _), TaskScheduler.Default);
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: false);
            var greeting = new byte[Greeting(new SoakExchange(SoakProtocol.Tcp, 0, TimeSpan.Zero), 0, 0).Length];
            await stream.ReadExactlyAsync(greeting);
            var words = Encoding.ASCII.GetString(greeting).TrimEnd().Split(' ');
            var (up, down) = (Convert.ToInt32(words[2], 16), Convert.ToInt32(words[3], 16));
            await _backend.ServeAsync(SoakProtocol.Tcp, words[1], (id, pace) => BothWays.RunAsync(
                client,
                SoakStream.CheckAsync(stream, SoakStream.Upload(id), up, pace, "sent bytes", default, framed: false),
                SoakStream.WriteAsync(stream, SoakStream.Download(id), down, pace, default)));
            client.Dispose();
        }
        catch (Exception)
        {
            Reset(client);
        }
    }
}

/// <summary>Both directions of a connection at once; the end of one's own leaves the other open.</summary>
internal static class BothWays
{
    public static async Task RunAsync(Socket socket, Task reading, Task writing)
    {
        async Task WriteAsync()
        {
            await writing;
            socket.Shutdown(SocketShutdown.Send);
        }

        // The first that fails ends the other.
        var write = WriteAsync();
        var first = await Task.WhenAny(reading, write);
        if (first.IsFaulted)
        {
            socket.Dispose();
        }

        await Task.WhenAll(reading, write);
    }
}
