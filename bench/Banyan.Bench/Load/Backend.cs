using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>The server behind every proxy: one thread, one epoll instance, one prepared answer for each body size.</summary>
/// <remarks>It shares its CPU with the load generator, so it does as little as a server can.</remarks>
internal static unsafe class Backend
{
    private const int MaxEvents = 256;

    private static AcceptedConnection?[] _connections = new AcceptedConnection?[4096];

    /// <summary>Serves until it is killed: <c>backend PROTOCOL BODY PORT...</c></summary>
    public static int Run(string[] arguments)
    {
        var protocol = Enum.Parse<Protocol>(arguments[0]);
        var accepted = Answering(protocol, int.Parse(arguments[1]));
        var epoll = new Epoll(MaxEvents);
        var listeners = arguments.Skip(2).Select(port => Listen(int.Parse(port))).ToDictionary(l => (int)l.Handle);
        foreach (var fd in listeners.Keys)
        {
            epoll.Watch(fd, fd, Native.EpollIn | Native.EpollEdge);
        }

        var buffer = (byte*)NativeMemory.AllocZeroed(BackendConnection.BufferSize);
        while (true)
        {
            var count = epoll.Wait();
            for (var i = 0; i < count; i++)
            {
                var fd = epoll.Token(i);
                if (_connections.Length > fd && _connections[fd] is { } connection)
                {
                    if (!connection.Serve(buffer))
                    {
                        _connections[fd] = null;
                        _ = Native.Close(fd);
                    }
                }
                else if (listeners.ContainsKey(fd))
                {
                    Accept(epoll, fd, accepted);
                }
            }
        }
    }

    private static Func<int, AcceptedConnection> Answering(Protocol protocol, int body)
    {
        switch (protocol)
        {
            case Protocol.Http1:
                return fd => new Http1Connection(fd);
            case Protocol.Tcp:
                return fd => new TcpConnection(fd);
            default:
                var answer = Http2Answer.Of(protocol, body);
                var stream = protocol == Protocol.Grpc ? Http2Answer.Of(protocol, body, GrpcMessage.Streamed) : null;
                return fd => new Http2Connection(fd, answer, stream);
        }
    }

    private static Socket Listen(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen(4096);
        return socket;
    }

    private static void Accept(Epoll epoll, int listener, Func<int, AcceptedConnection> accepted)
    {
        while (true)
        {
            var fd = Native.Accept(listener, null, null, Native.NonBlocking | Native.CloseOnExec);
            if (fd < 0)
            {
                return;
            }

            var on = 1;
            _ = Native.SetOption(fd, (int)SocketOptionLevel.Tcp, (int)SocketOptionName.NoDelay, &on, sizeof(int));
            if (fd >= _connections.Length)
            {
                Array.Resize(ref _connections, fd * 2);
            }

            _connections[fd] = accepted(fd);
            epoll.Watch(fd, fd, Native.EpollIn | Native.EpollOut | Native.EpollRdHup | Native.EpollEdge);
        }
    }
}
