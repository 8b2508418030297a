using System.Net;
using System.Net.Sockets;

namespace Banyan.Testing;

/// <summary>A loopback listener whose connections the test plays by hand, as a transcript.</summary>
public sealed class RawListener : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Listens on a free port.</summary>
    public RawListener(int? port = null, int backlog = 128)
    {
        Port = port ?? FreePorts.Next();
        _socket.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _socket.Listen(backlog);
    }

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>The port as <c>127.0.0.1:PORT</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Whether somebody waits to be accepted.</summary>
    public bool HasCaller(TimeSpan wait) => _socket.Poll(wait, SelectMode.SelectRead);

    /// <summary>Accepts the next connection.</summary>
    public async Task<RawConnection> AcceptAsync() =>
        new(await Eventually.WithinAsync(_socket.AcceptAsync(), $"a connection to port {Port}"));

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
