using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>
/// The server behind every proxy: one thread, one epoll instance, one prepared answer for each body size.
/// The number at the end of the path is the size of the body.
/// </summary>
/// <remarks>
/// It shares its CPU with the load generator, so it does as little as a server can: no buffer for a connection,
/// one receive and one send for a request.
/// </remarks>
internal static unsafe class Backend
{
    private const int BufferSize = 64 * 1024;
    private const int MaxEvents = 256;

    private static readonly Dictionary<long, Answer> Answers = [];
    private static Connection?[] _connections = new Connection?[4096];

    /// <summary>Serves until it is killed.</summary>
    public static int Run(int[] ports)
    {
        var epoll = new Epoll(MaxEvents);
        var listeners = ports.Select(Listen).ToDictionary(l => (int)l.Handle);
        foreach (var fd in listeners.Keys)
        {
            epoll.Watch(fd, fd, Native.EpollIn | Native.EpollEdge);
        }

        var buffer = (byte*)NativeMemory.AllocZeroed(BufferSize);
        while (true)
        {
            var count = epoll.Wait();
            for (var i = 0; i < count; i++)
            {
                var fd = epoll.Token(i);
                if (_connections.Length > fd && _connections[fd] is { } connection)
                {
                    Serve(connection, buffer);
                }
                else if (listeners.ContainsKey(fd))
                {
                    Accept(epoll, fd);
                }
            }
        }
    }

    private static Socket Listen(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen(4096);
        return socket;
    }

    private static void Accept(Epoll epoll, int listener)
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

            _connections[fd] = new Connection(fd);
            epoll.Watch(fd, fd, Native.EpollIn | Native.EpollOut | Native.EpollRdHup | Native.EpollEdge);
        }
    }

    private static void Serve(Connection connection, byte* buffer)
    {
        if (connection.Rest > 0 && !(Flush(connection) && AnswerAll(connection, buffer, connection.Restore(buffer))))
        {
            return;
        }

        while (true)
        {
            var start = connection.Restore(buffer);
            var got = Native.Receive(connection.Fd, buffer + start, BufferSize - start, 0);
            if (got <= 0)
            {
                connection.Keep(buffer, start);
                if (got == 0 || (Marshal.GetLastSystemError() != Native.Again && Marshal.GetLastSystemError() != Native.Interrupted))
                {
                    _connections[connection.Fd] = null;
                    _ = Native.Close(connection.Fd);
                }

                return;
            }

            var length = start + (int)got;
            if (!AnswerAll(connection, buffer, length) || got < BufferSize - start)
            {
                return;
            }
        }
    }

    /// <summary>Answers every whole head in the buffer; false when the socket takes no more.</summary>
    private static bool AnswerAll(Connection connection, byte* buffer, int length)
    {
        var at = 0;
        while (at < length)
        {
            var rest = new ReadOnlySpan<byte>(buffer + at, length - at);
            var end = rest.IndexOf("\r\n\r\n"u8);
            if (end < 0)
            {
                break;
            }

            var answer = For(rest[..end]);
            connection.Out = answer.Bytes;
            connection.Rest = answer.Length;
            at += end + 4;
            if (!Flush(connection))
            {
                connection.Keep(buffer + at, length - at);
                return false;
            }
        }

        connection.Keep(buffer + at, length - at);
        return true;
    }

    private static Answer For(ReadOnlySpan<byte> head)
    {
        var target = head[(head.IndexOf((byte)' ') + 1)..];
        target = target[..target.IndexOf((byte)' ')];
        var number = target[(target.LastIndexOf((byte)'/') + 1)..];
        var size = Utf8Parser.TryParse(number, out int parsed, out _) ? parsed : 131;
        if (!Answers.TryGetValue(size, out var answer))
        {
            Answers[size] = answer = Answer.OfSize(size);
        }

        return answer;
    }

    private static bool Flush(Connection connection)
    {
        while (connection.Rest > 0)
        {
            var sent = Native.Send(connection.Fd, connection.Out, connection.Rest, Native.NoSignal);
            if (sent < 0)
            {
                return false;
            }

            connection.Out += sent;
            connection.Rest -= sent;
        }

        return true;
    }

    private sealed class Answer(byte* bytes, nint length)
    {
        public byte* Bytes => bytes;

        public nint Length => length;

        public static Answer OfSize(int size)
        {
            var head = Encoding.ASCII.GetBytes(
                $"HTTP/1.1 200 OK\r\nServer: backend\r\nDate: Fri, 21 Nov 2025 10:00:00 GMT\r\nContent-Type: text/plain\r\nContent-Length: {size}\r\n\r\n");
            var bytes = (byte*)NativeMemory.Alloc((nuint)(head.Length + size));
            head.CopyTo(new Span<byte>(bytes, head.Length));
            new Span<byte>(bytes + head.Length, size).Fill((byte)'b');
            return new Answer(bytes, head.Length + size);
        }
    }

    private sealed class Connection(int fd)
    {
        private byte[] _kept = [];

        public int Fd => fd;

        public byte* Out { get; set; }

        public nint Rest { get; set; }

        /// <summary>Keeps the beginning of a head until the rest of it comes.</summary>
        public void Keep(byte* bytes, int length)
        {
            if (length > 0 || _kept.Length > 0)
            {
                _kept = new ReadOnlySpan<byte>(bytes, length).ToArray();
            }
        }

        public int Restore(byte* buffer)
        {
            _kept.CopyTo(new Span<byte>(buffer, BufferSize));
            return _kept.Length;
        }
    }
}
