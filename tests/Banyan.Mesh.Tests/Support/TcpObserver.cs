using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Banyan.Mesh.Tests.Support;

/// <summary>Stands between two sidecars, hands on every byte and remembers all of them, direction by direction.</summary>
internal sealed class TcpObserver : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentQueue<Direction> _seen = new();
    private readonly IPEndPoint _target;

    /// <summary>Listens on a free port.</summary>
    public TcpObserver(IPEndPoint target)
    {
        _target = target;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1024);
        _ = AcceptAsync();
    }

    /// <summary>The port as <c>127.0.0.1:PORT</c>.</summary>
    public string Address => _listener.LocalEndPoint!.ToString()!;

    /// <summary>What was said until now, one text for each direction of each connection, a character for a byte.</summary>
    public IReadOnlyList<string> Seen => [.. _seen.Select(each => each.Text).Where(text => text.Length > 0)];

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var client = await _listener.AcceptAsync();
                _ = RelayAsync(client);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task RelayAsync(Socket client)
    {
        using (client)
        using (var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true })
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(_target);
                await Task.WhenAll(CopyAsync(client, server), CopyAsync(server, client));
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // One of them is gone; the other is closed.
            }
        }
    }

    private async Task CopyAsync(Socket from, Socket to)
    {
        var direction = new Direction();
        _seen.Enqueue(direction);
        var buffer = new byte[64 * 1024];
        int n;
        while ((n = await from.ReceiveAsync(buffer)) > 0)
        {
            direction.Add(buffer.AsSpan(0, n));
            await to.SendAsync(buffer.AsMemory(0, n));
        }

        to.Shutdown(SocketShutdown.Send);
    }

    private sealed class Direction
    {
        private readonly StringBuilder _text = new();

        public string Text
        {
            get
            {
                lock (_text)
                {
                    return _text.ToString();
                }
            }
        }

        public void Add(ReadOnlySpan<byte> bytes)
        {
            lock (_text)
            {
                _text.Append(Encoding.Latin1.GetString(bytes));
            }
        }
    }
}
