using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Banyan.Testing;

/// <summary>A backend that never answers, and remembers every byte that reached it, connection by connection.</summary>
public sealed class Witness : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentQueue<Testimony> _connections = new();
    private int _open;

    /// <summary>Listens on a free port.</summary>
    public Witness()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(1024);
        _ = AcceptAsync();
    }

    /// <summary>The port as <c>127.0.0.1:PORT</c>.</summary>
    public string Address => _listener.LocalEndPoint!.ToString()!;

    /// <summary>Every connection until now, in the order they came.</summary>
    public IReadOnlyList<Testimony> Connections => [.. _connections];

    /// <summary>Connections that have not ended.</summary>
    public int OpenConnections => Volatile.Read(ref _open);

    /// <summary>Bytes received on all connections.</summary>
    public long Bytes => _connections.Sum(connection => (long)connection.Text.Length);

    /// <inheritdoc/>
    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        while (true)
        {
            try
            {
                var socket = await _listener.AcceptAsync();
                var testimony = new Testimony();
                Interlocked.Increment(ref _open);
                _connections.Enqueue(testimony);
                _ = ListenAsync(socket, testimony);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ListenAsync(Socket socket, Testimony testimony)
    {
        using (socket)
        {
            var buffer = new byte[16 * 1024];
            try
            {
                int count;
                while ((count = await socket.ReceiveAsync(buffer)) > 0)
                {
                    testimony.Add(buffer.AsSpan(0, count));
                }
            }
            catch (SocketException)
            {
                // Reset: what came before it is what there is.
            }
        }

        Interlocked.Decrement(ref _open);
    }
}

/// <summary>What one connection said to a <see cref="Witness"/>.</summary>
public sealed class Testimony
{
    private readonly StringBuilder _text = new();

    /// <summary>The bytes until now, one character each (Latin-1).</summary>
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

    internal void Add(ReadOnlySpan<byte> bytes)
    {
        lock (_text)
        {
            _text.Append(Encoding.Latin1.GetString(bytes));
        }
    }
}
