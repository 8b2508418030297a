using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Banyan.Testing;

/// <summary>What a backend does with one request.</summary>
public sealed record Reply
{
    /// <summary>Status code.</summary>
    public int Status { get; init; } = 200;

    /// <summary>Body, one byte a character; sent with Content-Length unless <see cref="Chunks"/> is set.</summary>
    public string Body { get; init; } = "";

    /// <summary>Further field lines, without line ends.</summary>
    public IReadOnlyList<string> Fields { get; init; } = [];

    /// <summary>Body in chunks instead of <see cref="Body"/>.</summary>
    public IReadOnlyList<string>? Chunks { get; init; }

    /// <summary>Exact bytes to send instead of everything above: malformed answers, interim responses.</summary>
    public string? Raw { get; init; }

    /// <summary>Wait before the first byte.</summary>
    public TimeSpan Delay { get; init; }

    /// <summary>Wait for this before the first byte: a request held in flight until the test lets go.</summary>
    public Task? Hold { get; init; }

    /// <summary>Send only so many bytes of the answer, then reset the connection; 0 dies before the first.</summary>
    public int? DieAfter { get; init; }

    /// <summary>Close in order after the answer.</summary>
    public bool Close { get; init; }

    /// <summary>A plain 200.</summary>
    public static Reply Ok(string body = "ok") => new() { Body = body };

    internal string ToWire(bool toHead)
    {
        if (Raw is not null)
        {
            return Raw;
        }

        var fields = string.Concat(Fields.Select(field => field + "\r\n"));
        if (Close)
        {
            fields += "Connection: close\r\n";
        }

        var start = $"HTTP/1.1 {Status} {(HttpStatusCode)Status}\r\n";
        if (Chunks is not null)
        {
            var chunks = string.Concat(Chunks.Select(chunk => $"{chunk.Length:x}\r\n{chunk}\r\n"));
            return $"{start}{fields}Transfer-Encoding: chunked\r\n\r\n{(toHead ? "" : chunks + "0\r\n\r\n")}";
        }

        return Status is 204 or 304
            ? $"{start}{fields}\r\n"
            : $"{start}{fields}Content-Length: {Body.Length}\r\n\r\n{(toHead ? "" : Body)}";
    }
}

/// <summary>
/// An HTTP/1.1 application on raw sockets: it counts what reaches it and misbehaves on request, without a server library
/// that would hide either.
/// </summary>
public sealed class TestBackend : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Socket, byte> _open = new();
    private readonly ConcurrentQueue<RawMessage> _requests = new();
    private readonly Func<RawMessage, Reply> _answer;
    private Socket? _listener;
    private int _connections;
    private int _served;
    private long _bytes;

    /// <summary>Starts on a free port; without <paramref name="answer"/> every request gets a plain 200.</summary>
    public TestBackend(Func<RawMessage, Reply>? answer = null, int? port = null)
    {
        _answer = answer ?? (static _ => Reply.Ok());
        Port = port ?? FreePorts.Next();
        Listen();
    }

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>The port as <c>127.0.0.1:PORT</c>.</summary>
    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Connections accepted until now.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Connections open now.</summary>
    public int OpenConnections => _open.Count;

    /// <summary>Requests read whole until now.</summary>
    public int Requests => Volatile.Read(ref _served);

    /// <summary>Bytes received until now, whole request or not.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether the requests themselves are kept in <see cref="Seen"/>; switch off for load.</summary>
    public bool Remember { get; set; } = true;

    /// <summary>The requests, oldest first.</summary>
    public IReadOnlyList<RawMessage> Seen => [.. _requests];

    /// <summary>Stops listening; open connections live on. The port refuses from now on.</summary>
    public void StopListening() => Interlocked.Exchange(ref _listener, null)?.Dispose();

    /// <summary>Listens again on the same port.</summary>
    public void Listen()
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        listener.Listen(1024);
        _listener = listener;
        _ = AcceptAsync(listener);
    }

    /// <summary>Dies like a killed process: refuses from now on, and resets what is open.</summary>
    public void Die()
    {
        StopListening();
        foreach (var socket in _open.Keys)
        {
            Reset(socket);
        }
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        Die();
        return ValueTask.CompletedTask;
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(enable: true, 0);
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        socket.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (true)
        {
            try
            {
                var socket = await listener.AcceptAsync();
                Interlocked.Increment(ref _connections);
                _open[socket] = 0;
                _ = ServeAsync(socket);
            }
            catch (Exception error) when (error is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using var connection = new RawConnection(socket)
        {
            Deadline = TimeSpan.FromMinutes(10),
            OnReceived = count => Interlocked.Add(ref _bytes, count),
        };
        try
        {
            while (true)
            {
                var request = await connection.ReadRequestAsync();
                Interlocked.Increment(ref _served);
                if (Remember)
                {
                    _requests.Enqueue(request);
                }

                var reply = _answer(request);
                if (reply.Hold is not null)
                {
                    await reply.Hold;
                }

                if (reply.Delay > TimeSpan.Zero)
                {
                    await Task.Delay(reply.Delay, TimeProvider.System);
                }

                var wire = reply.ToWire(request.Method is "HEAD");
                if (reply.DieAfter is { } bytes)
                {
                    await connection.SendAsync(wire[..Math.Min(bytes, wire.Length)]);
                    connection.Reset();
                    return;
                }

                await connection.SendAsync(wire);
                if (reply.Close)
                {
                    return;
                }
            }
        }
        catch (Exception error) when (error is IOException or SocketException or ObjectDisposedException
            or InvalidDataException or FormatException or OverflowException or OperationCanceledException or TimeoutException)
        {
            // The caller went away, or sent what is no request: its bytes are counted all the same.
        }
        finally
        {
            _open.TryRemove(socket, out _);
        }
    }
}
