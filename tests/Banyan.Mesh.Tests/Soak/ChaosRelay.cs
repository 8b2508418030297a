using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>Relays TCP between two hops, and breaks or stalls its connections when it is told to.</summary>
internal sealed class ChaosRelay : IAsyncDisposable
{
    private readonly SoakLedger _ledger;
    private readonly SoakProtocol _protocol;
    private readonly string _leg;
    private readonly IPEndPoint _to;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<Link, Task> _links = new();
    private readonly Task _accepting;

    /// <param name="ledger">Is told before a connection is broken.</param>
    /// <param name="protocol">What goes through.</param>
    /// <param name="leg">Between whom it stands.</param>
    /// <param name="to">Port of the next hop.</param>
    public ChaosRelay(SoakLedger ledger, SoakProtocol protocol, string leg, int to)
    {
        (_ledger, _protocol, _leg, _to) = (ledger, protocol, leg, new IPEndPoint(IPAddress.Loopback, to));
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _listener.Listen(1024);
        _accepting = AcceptAsync();
    }

    public int Port { get; } = FreePorts.Next();

    /// <summary>Changes bytes on the way: what must be found out.</summary>
    public bool Spoils { get; init; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Breaks one connection: with a reset, or by the end of both directions wherever they are.</summary>
    public void Break(Random random, bool reset)
    {
        if (Any(random) is { } link)
        {
            // Of ids in text the last is under way. Those of HTTP/2 nobody can read.
            var id = _protocol is SoakProtocol.Http2 or SoakProtocol.Grpc or SoakProtocol.WebSocketHttp2 ? null : link.Id;
            _ledger.Broke(_protocol, $"breaks of {_protocol}, {_leg}", id is { } known ? new HashSet<long> { known } : null);
            link.Close(reset);
        }
    }

    /// <summary>Nothing moves on one connection for that long.</summary>
    public void Stall(Random random, TimeSpan time)
    {
        if (Any(random) is { } link)
        {
            link.Stall(time);
            _ledger.Count("stalls");
        }
    }

    /// <summary>Ends all connections and takes no more.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var link in _links.Keys)
        {
            link.Close(reset: false);
        }

        await Eventually.WithinAsync(Task.WhenAll(_links.Values), "the end of the relay's connections");
    }

    private Link? Any(Random random)
    {
        var links = _links.Keys.ToArray();
        return links.Length > 0 ? links[random.Next(links.Length)] : null;
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket near;
            try
            {
                near = await _listener.AcceptAsync();
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }

            var link = new Link(near, Spoils);
            var done = link.RunAsync(_to);
            _links[link] = done;
            _ = done.ContinueWith(_ => _links.TryRemove(link, out Task? _), TaskScheduler.Default);
        }
    }

    private sealed class Link(Socket near, bool spoils)
    {
        private const int BufferSize = 64 * 1024;

        // Of what is that long the last byte is hardly a head's.
        private const int LeastSpoiled = 1000;

        private readonly Socket _far = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly IdScanner _scanner = new();
        private long _stalledUntil;

        /// <summary>The exchange that went through last.</summary>
        public long? Id => _scanner.Last;

        public async Task RunAsync(IPEndPoint to)
        {
            near.NoDelay = true;
            try
            {
                await _far.ConnectAsync(to);
                await Task.WhenAll(PumpAsync(near, _far, _scanner), PumpAsync(_far, near, null));
                Close(reset: false);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                // An end that is no end is passed on as such.
                Close(reset: true);
            }
        }

        public void Stall(TimeSpan time) => Volatile.Write(ref _stalledUntil, Environment.TickCount64 + (long)time.TotalMilliseconds);

        public void Close(bool reset)
        {
            foreach (var socket in new[] { near, _far })
            {
                try
                {
                    if (reset)
                    {
                        socket.LingerState = new LingerOption(true, 0);
                    }
                }
                catch (Exception error) when (error is SocketException or ObjectDisposedException)
                {
                    // Already closed.
                }

                socket.Dispose();
            }
        }

        private async Task PumpAsync(Socket from, Socket to, IdScanner? scanner)
        {
            try
            {
                var buffer = new byte[BufferSize];
                for (var count = await from.ReceiveAsync(buffer); count > 0; count = await from.ReceiveAsync(buffer))
                {
                    scanner?.Take(buffer.AsSpan(0, count));
                    buffer[count - 1] ^= (byte)(spoils && count >= LeastSpoiled ? 1 : 0);
                    for (var left = Volatile.Read(ref _stalledUntil) - Environment.TickCount64; left > 0;
                        left = Volatile.Read(ref _stalledUntil) - Environment.TickCount64)
                    {
                        await Task.Delay(TimeSpan.FromMilliseconds(left), TimeProvider.System);
                    }

                    for (var sent = 0; sent < count;)
                    {
                        sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
                    }
                }

                to.Shutdown(SocketShutdown.Send);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                Close(reset: true);
                throw;
            }
        }
    }
}
