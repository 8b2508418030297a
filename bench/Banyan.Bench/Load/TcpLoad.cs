using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>
/// Closed loop load of TCP: on each connection a message is sent, as many bytes are awaited, and then the next is sent. At the
/// end what is under way is finished, so that every byte that was relayed is counted.
/// </summary>
internal static unsafe class TcpLoad
{
    private const int MaxEvents = 512;
    private const int EndLimitSeconds = 5;

    /// <summary>Runs the generator in a process of its own on the load's CPU.</summary>
    public static LoadResult Run(BenchRun run, string url, LoadShape load, int seconds, Action? meanwhile = null)
    {
        string[] arguments =
        [
            "tcp-load", new Uri(url).Port.ToString(CultureInfo.InvariantCulture), $"{load.Connections}", $"{load.Body}", $"{load.IsChurn}", $"{seconds}",
        ];
        var text = Child.Run(
            run, BenchRun.LoadCpu, Path.Combine(AppContext.BaseDirectory, "banyan-bench"), arguments, TimeSpan.FromSeconds(seconds + 15),
            meanwhile: meanwhile);
        var done = JsonSerializer.Deserialize<LoadResult>(text)!;
        return done.Requests > 0 ? done : throw new BenchFailure($"nothing came back from {url}");
    }

    /// <summary>The generator's process: <c>tcp-load PORT CONNECTIONS BYTES CHURN SECONDS</c>; prints a <see cref="LoadResult"/>.</summary>
    public static int Generate(string[] arguments)
    {
        int Number(int at) => int.Parse(arguments[at], CultureInfo.InvariantCulture);
        var generator = new Generator(Number(0), Number(2), bool.Parse(arguments[3]));
        Console.Out.Write(JsonSerializer.Serialize(generator.Run(Number(1), Number(4))));
        return 0;
    }

    private sealed class Generator(int port, int size, bool churns)
    {
        private readonly Epoll _epoll = new(MaxEvents);
        private readonly Dictionary<int, Connection> _connections = [];
        private long _end;
        private long _done;
        private int _busy;

        public LoadResult Run(int connections, int seconds)
        {
            var start = Stopwatch.GetTimestamp();
            _end = start + (seconds * Stopwatch.Frequency);
            for (_busy = 0; _busy < connections; _busy++)
            {
                Begin(Open());
            }

            while (_busy > 0)
            {
                var count = _epoll.Wait(1_000_000_000);
                for (var i = 0; i < count; i++)
                {
                    // What was closed in this turn may have been replaced under the same number; it is not harmed.
                    if (_connections.TryGetValue(_epoll.Token(i), out var connection))
                    {
                        Serve(connection);
                    }
                }

                if (Stopwatch.GetTimestamp() > _end + (EndLimitSeconds * Stopwatch.Frequency))
                {
                    throw new BenchFailure($"{_busy} of {connections} connections got no answer within {EndLimitSeconds} s");
                }
            }

            return new LoadResult(_done, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        private Connection Open()
        {
            var fd = Native.Socket((int)AddressFamily.InterNetwork, (int)SocketType.Stream | Native.CloseOnExec, 0);
            var on = 1;
            _ = Native.SetOption(fd, (int)SocketOptionLevel.Tcp, (int)SocketOptionName.NoDelay, &on, sizeof(int));
            var address = stackalloc byte[16];
            new Span<byte>(address, 16).Clear();
            *(ushort*)address = (ushort)AddressFamily.InterNetwork;
            *(ushort*)(address + 2) = (ushort)IPAddress.HostToNetworkOrder((short)port);
            *(int*)(address + 4) = IPAddress.HostToNetworkOrder(0x7f000001);

            // On the loopback it is done before the call returns.
            if (Native.Connect(fd, address, 16) != 0)
            {
                throw new BenchFailure($"connecting to port {port} failed with {Marshal.GetLastSystemError()}");
            }

            var connection = _connections[fd] = new Connection(fd);
            _epoll.Watch(fd, fd, Native.EpollIn | Native.EpollOut | Native.EpollRdHup | Native.EpollEdge);
            return connection;
        }

        private void Begin(Connection connection)
        {
            connection.ToSend = connection.ToReceive = size;
            connection.Send();
        }

        private void Serve(Connection connection)
        {
            while (connection.ToReceive > 0)
            {
                var received = connection.Receive();
                connection.Send();
                if (connection.ToReceive > 0)
                {
                    if (!received)
                    {
                        return;
                    }

                    continue;
                }

                _done++;
                var goesOn = Stopwatch.GetTimestamp() < _end;
                if (churns || !goesOn)
                {
                    _connections.Remove(connection.Fd);
                    _ = Native.Close(connection.Fd);
                    connection = goesOn ? Open() : connection;
                }

                if (!goesOn)
                {
                    _busy--;
                    return;
                }

                Begin(connection);
                if (connection.ToSend == 0)
                {
                    // The answer cannot be there yet.
                    return;
                }
            }
        }
    }

    private sealed class Connection(int fd)
    {
        private long _sent;

        public int Fd => fd;

        public int ToSend { get; set; }

        public int ToReceive { get; set; }

        /// <summary>Sends until all is sent or the socket takes no more.</summary>
        public void Send()
        {
            while (ToSend > 0)
            {
                var sent = Native.Send(fd, TcpPattern.From(_sent), Math.Min(ToSend, TcpPattern.Block), Native.NoSignal | Native.DontWait);
                if (sent < 0)
                {
                    Check("sending");
                    return;
                }

                _sent += sent;
                ToSend -= (int)sent;
            }
        }

        /// <summary>Drops what has come; false when there was nothing.</summary>
        public bool Receive()
        {
            var got = Native.Receive(fd, null, ToReceive, Native.Truncate | Native.DontWait);
            if (got == 0)
            {
                throw new BenchFailure($"a connection was closed with {ToReceive} bytes missing");
            }

            if (got < 0)
            {
                Check("receiving");
                return false;
            }

            ToReceive -= (int)got;
            return true;
        }

        private static void Check(string what)
        {
            if (Marshal.GetLastSystemError() is not (Native.Again or Native.Interrupted) and var error)
            {
                throw new BenchFailure($"{what} failed with {error}");
            }
        }
    }
}
