using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Banyan.Bench.Processes;

namespace Banyan.Bench.Load;

/// <summary>What requests on a fixed schedule had to wait, in microseconds: completion minus intended send.</summary>
internal sealed record Latency(int Requests, double P50, double P99, double P999, double Max);

/// <summary>
/// Open loop load: requests leave by the clock, whether or not the ones before were answered. One that finds every
/// connection busy waits, and its wait counts.
/// </summary>
internal static unsafe class OpenLoop
{
    private const int BufferSize = 64 * 1024;
    private const int MaxEvents = 512;
    private const double LastSeconds = 2;

    /// <summary>Runs the generator in a process of its own on the load's CPU.</summary>
    public static Latency Run(BenchRun run, string url, string path, int connections, int rate, int seconds)
    {
        string[] arguments = ["load", new Uri(url).Port.ToString(CultureInfo.InvariantCulture), path, $"{connections}", $"{rate}", $"{seconds}"];
        var text = Child.Run(
            run, BenchRun.LoadCpu, Path.Combine(AppContext.BaseDirectory, "banyan-bench"), arguments, TimeSpan.FromSeconds(seconds + 15));
        return JsonSerializer.Deserialize<Latency>(text)!;
    }

    /// <summary>The generator's process: <c>load PORT PATH CONNECTIONS RATE SECONDS</c>; prints a <see cref="Latency"/>.</summary>
    public static int Generate(string[] arguments)
    {
        int Number(int at) => int.Parse(arguments[at], CultureInfo.InvariantCulture);
        _ = Native.ProcessControl(Native.TimerSlack, 1);
        var waits = new Generator(Number(0), arguments[1], Number(2)).Run(Number(3), Number(4));
        Array.Sort(waits);
        double At(double quantile) => waits[Math.Min(waits.Length - 1, (int)(waits.Length * quantile))] / 1000.0;
        Console.Out.Write(JsonSerializer.Serialize(new Latency(waits.Length, At(0.5), At(0.99), At(0.999), At(1))));
        return 0;
    }

    private sealed class Generator
    {
        private readonly Epoll _epoll = new(MaxEvents);
        private readonly byte[] _request;
        private readonly Connection[] _connections;
        private readonly Stack<Connection> _idle = new();
        private readonly byte[] _buffer = GC.AllocateArray<byte>(BufferSize, pinned: true);
        private readonly long _start = Stopwatch.GetTimestamp();
        private long[] _waits = [];
        private int _done;

        public Generator(int port, string path, int connections)
        {
            _request = Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n");
            _connections = new Connection[connections];
            for (var i = 0; i < connections; i++)
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                socket.Connect(IPAddress.Loopback, port);
                socket.Blocking = false;
                _connections[i] = new Connection(socket);
                _idle.Push(_connections[i]);
                _epoll.Watch((int)socket.Handle, i, Native.EpollIn | Native.EpollRdHup | Native.EpollEdge);
            }
        }

        private long Now => (long)Stopwatch.GetElapsedTime(_start).TotalNanoseconds;

        public long[] Run(int rate, int seconds)
        {
            _waits = new long[rate * seconds];
            var begin = Now + 1_000_000;
            long Intended(int request) => begin + (request * 1_000_000_000L / rate);
            var next = 0;
            var end = Intended(_waits.Length) + (long)(LastSeconds * 1e9);
            while (_done < _waits.Length)
            {
                var now = Now;
                if (now > end)
                {
                    throw new BenchFailure($"{_waits.Length - _done} of {_waits.Length} requests were not answered in time");
                }

                while (next < _waits.Length && _idle.Count > 0 && Intended(next) <= now)
                {
                    Send(_idle.Pop(), Intended(next++));
                }

                // With no connection free the next request waits for an answer, whatever the schedule says.
                var until = next < _waits.Length && _idle.Count > 0 ? Intended(next) : end;
                var count = _epoll.Wait(Math.Max(0, until - Now));
                for (var i = 0; i < count; i++)
                {
                    Receive(_connections[_epoll.Token(i)]);
                }
            }

            return _waits;
        }

        private void Send(Connection connection, long intended)
        {
            connection.Intended = intended;
            fixed (byte* bytes = _request)
            {
                if (Native.Send(connection.Fd, bytes, _request.Length, Native.NoSignal) != _request.Length)
                {
                    throw new BenchFailure("a request could not be sent");
                }
            }
        }

        private void Receive(Connection connection)
        {
            fixed (byte* buffer = _buffer)
            {
                nint got;
                do
                {
                    got = Native.Receive(connection.Fd, buffer, BufferSize, 0);
                    if (got == 0)
                    {
                        throw new BenchFailure("a connection was closed");
                    }

                    if (got > 0 && connection.Take(_buffer.AsSpan(0, (int)got)))
                    {
                        _waits[_done++] = Now - connection.Intended;
                        _idle.Push(connection);
                    }
                }
                while (got == BufferSize);
            }
        }
    }

    private sealed class Connection(Socket socket)
    {
        private byte[] _head = [];
        private long _rest;

        public int Fd { get; } = (int)socket.Handle;

        public long Intended { get; set; }

        /// <summary>Takes received bytes; true when they end an answer.</summary>
        public bool Take(ReadOnlySpan<byte> bytes)
        {
            if (_rest == 0)
            {
                if (_head.Length > 0)
                {
                    bytes = (byte[])[.. _head, .. bytes];
                }

                var end = bytes.IndexOf("\r\n\r\n"u8);
                if (end < 0)
                {
                    _head = bytes.ToArray();
                    return false;
                }

                _head = [];
                _rest = Length(bytes[..(end + 2)]);
                bytes = bytes[(end + 4)..];
            }

            _rest -= bytes.Length;
            return _rest == 0;
        }

        private static long Length(ReadOnlySpan<byte> head)
        {
            if (!head.StartsWith("HTTP/1.1 200 "u8))
            {
                throw new BenchFailure($"not a 200 answer:\n{Encoding.ASCII.GetString(head)}");
            }

            foreach (var line in head.Split("\r\n"u8))
            {
                var field = head[line];
                var colon = field.IndexOf((byte)':');
                if (colon > 0 && Ascii.EqualsIgnoreCase(field[..colon], "content-length"u8)
                    && Utf8Parser.TryParse(field[(colon + 1)..].TrimStart((byte)' '), out long length, out _))
                {
                    return length;
                }
            }

            throw new BenchFailure("an answer without Content-Length");
        }
    }
}
