using System.Net.Sockets;
using Banyan.Proxy.Background;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;

namespace Banyan.Proxy.Admin;

/// <summary>The admin listener: HTTP/1.1 on a unix socket or a loopback address, one request a connection.</summary>
/// <remarks>Two threads of its own at nice 10 accept and answer, so that one slow reader does not hide readiness; a client has five
/// seconds for everything. Nothing here runs on a reactor.</remarks>
public sealed class AdminServer : IDisposable
{
    private const int Threads = 2;
    private const int Backlog = 16;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly Socket _listener;
    private readonly AdminAddress _address;
    private readonly AdminConnection _connection;
    private readonly ProxyLog _log;
    private volatile bool _stopped;

    private AdminServer(Socket listener, AdminAddress address, AdminContext context)
    {
        _listener = listener;
        _address = address;
        _log = context.Log;
        _connection = new AdminConnection(new AdminPages(context), isUnix: address.Path is not null, context.Time);
    }

    /// <summary>Binds and starts; null, with the reason, when the address cannot be had.</summary>
    public static AdminServer? Start(AdminAddress address, AdminContext context, out string error)
    {
        Socket? listener = null;
        try
        {
            listener = address.Path is { } path ? BindUnix(path) : BindTcp(address);
            listener.Listen(Backlog);
        }
        catch (Exception problem) when (problem is SocketException or IOException or UnauthorizedAccessException)
        {
            listener?.Dispose();
            error = $"--admin: cannot listen on {address}: {problem.Message}";
            return null;
        }

        error = "";
        var server = new AdminServer(listener, address, context);
        for (var i = 0; i < Threads; i++)
        {
            NiceThread.Start("admin", server.Run);
        }

        return server;
    }

    /// <summary>Where it listens, with the port the system chose.</summary>
    public System.Net.EndPoint? Bound => _listener.LocalEndPoint;

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped = true;
        _listener.Dispose();
        if (_address.Path is { } path)
        {
            File.Delete(path);
        }
    }

    private static Socket BindTcp(AdminAddress address)
    {
        var socket = new Socket(address.Tcp!.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, optionValue: true);
        socket.Bind(address.Tcp);
        return socket;
    }

    private static Socket BindUnix(string path)
    {
        var endpoint = new UnixDomainSocketEndPoint(path);
        if (File.Exists(path))
        {
            RemoveStale(path, endpoint);
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(endpoint);

        // Before listening: until then nobody can connect.
        File.SetUnixFileMode(path, Private);
        return socket;
    }

    // A proxy that was killed leaves its socket behind; one that lives answers on it.
    private static void RemoveStale(string path, UnixDomainSocketEndPoint endpoint)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(endpoint);
        }
        catch (SocketException)
        {
            File.Delete(path);
            return;
        }

        throw new IOException("another process is listening there");
    }

    private void Run()
    {
        while (!_stopped)
        {
            try
            {
                using var socket = _listener.Accept();
                _connection.Serve(socket);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException or IOException)
            {
                // The client went away, or the listener closed.
            }
            catch (Exception error)
            {
                _log.Write(LogLevel.Error, "admin-failed", "an admin page failed; traffic is not affected", new LogField("error", error.ToString()));
            }
        }
    }
}
