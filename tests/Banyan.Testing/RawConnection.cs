using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Banyan.Testing;

/// <summary>
/// One end of a TCP connection that says exactly the bytes it is told to, and reads exactly what came. Text is Latin-1:
/// every byte is one character. Every wait has a deadline.
/// </summary>
public sealed class RawConnection : IDisposable
{
    private readonly Socket _socket;
    private byte[] _buffer = new byte[4096];
    private int _start;
    private int _end;

    internal RawConnection(Socket socket)
    {
        _socket = socket;
        _socket.NoDelay = true;
    }

    /// <summary>For how long a read waits before the test fails.</summary>
    public TimeSpan Deadline { get; init; } = Eventually.Deadline;

    /// <summary>The port at this end.</summary>
    public int LocalPort => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>The port at the other end.</summary>
    public int RemotePort => ((IPEndPoint)_socket.RemoteEndPoint!).Port;

    /// <summary>Bytes received until now.</summary>
    public long Received { get; private set; }

    /// <summary>Told of every byte as it comes.</summary>
    internal Action<int>? OnReceived { get; init; }

    /// <summary>Connects to a loopback port.</summary>
    public static async Task<RawConnection> ConnectAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await Eventually.WithinAsync(socket.ConnectAsync(IPAddress.Loopback, port), $"connecting to port {port}");
            return new RawConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Connects to <c>IP:PORT</c>.</summary>
    public static Task<RawConnection> ConnectAsync(string address) => ConnectAsync(IPEndPoint.Parse(address).Port);

    /// <summary>Sends text, one byte a character.</summary>
    public Task SendAsync(string text) => SendAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Sends bytes.</summary>
    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        using var cancel = new CancellationTokenSource(Deadline);
        while (bytes.Length > 0)
        {
            bytes = bytes[await _socket.SendAsync(bytes, cancel.Token)..];
        }
    }

    /// <summary>Sends text in pieces of <paramref name="size"/> bytes, each in a segment of its own.</summary>
    public async Task SendInPiecesAsync(string text, int size = 1)
    {
        for (var at = 0; at < text.Length; at += size)
        {
            await SendAsync(text.Substring(at, Math.Min(size, text.Length - at)));
            await Task.Yield();
        }
    }

    /// <summary>Reads up to and including <paramref name="mark"/>.</summary>
    public async Task<string> ReadUntilAsync(string mark)
    {
        var bytes = Encoding.Latin1.GetBytes(mark);
        int at;
        while ((at = _buffer.AsSpan(_start, _end - _start).IndexOf(bytes)) < 0)
        {
            if (await FillAsync() == 0)
            {
                throw new EndOfStreamException($"closed before \"{mark}\"; got \"{Take(_end - _start)}\"");
            }
        }

        return Take(at + bytes.Length);
    }

    /// <summary>Reads exactly so many bytes.</summary>
    public async Task<string> ReadExactlyAsync(int count)
    {
        while (_end - _start < count)
        {
            if (await FillAsync() == 0)
            {
                throw new EndOfStreamException($"closed after {_end - _start} of {count} bytes");
            }
        }

        return Take(count);
    }

    /// <summary>Reads until the other end closes; a reset counts as the end too.</summary>
    public async Task<string> ReadToEndAsync()
    {
        try
        {
            while (await FillAsync() > 0)
            {
                // Everything is kept in the buffer.
            }
        }
        catch (SocketException)
        {
            // Reset: what came before it is what there is.
        }

        return Take(_end - _start);
    }

    /// <summary>Reads and drops the given number of bytes, as fast as they come.</summary>
    public async Task DiscardAsync(long count)
    {
        while (count > 0)
        {
            if (_end == _start && await FillAsync() == 0)
            {
                throw new EndOfStreamException($"closed with {count} bytes to come");
            }

            var taken = (int)Math.Min(count, _end - _start);
            _start += taken;
            count -= taken;
        }
    }

    /// <summary>Whether anything can be read now (data or the end).</summary>
    public bool HasMore(TimeSpan wait) => _end > _start || _socket.Poll(wait, SelectMode.SelectRead);

    /// <summary>Fails unless the other end closes (or resets) without another byte.</summary>
    public async Task ExpectClosedAsync()
    {
        var rest = await ReadToEndAsync();
        if (rest.Length > 0)
        {
            throw new InvalidDataException($"expected the end, got \"{rest}\"");
        }
    }

    /// <summary>Reads one request, body included.</summary>
    public async Task<RawMessage> ReadRequestAsync() => await ReadMessageAsync(isResponse: false, bodyless: false);

    /// <summary>Reads one response, body included; interim (1xx) responses are returned like any other.</summary>
    public async Task<RawMessage> ReadResponseAsync(bool toHead = false) => await ReadMessageAsync(isResponse: true, toHead);

    /// <summary>Sends a request and reads its response.</summary>
    public async Task<RawMessage> ExchangeAsync(string request)
    {
        await SendAsync(request);
        return await ReadResponseAsync(request.StartsWith("HEAD ", StringComparison.Ordinal));
    }

    /// <summary>Closes the sending half: the other end sees FIN, and can still answer.</summary>
    public void FinishSending() => _socket.Shutdown(SocketShutdown.Send);

    /// <summary>Closes with RST instead of FIN.</summary>
    public void Reset()
    {
        _socket.LingerState = new LingerOption(enable: true, 0);
        _socket.Close();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private async Task<RawMessage> ReadMessageAsync(bool isResponse, bool bodyless)
    {
        var head = await ReadUntilAsync("\r\n\r\n");
        var message = RawMessage.ParseHead(head);
        var status = isResponse ? message.Status : 0;
        if (bodyless || (isResponse && (status is < 200 or 204 or 304)))
        {
            return message;
        }

        if (message["Transfer-Encoding"] is { } coding && coding.EndsWith("chunked", StringComparison.OrdinalIgnoreCase))
        {
            return await ReadChunksAsync(message);
        }

        if (message["Content-Length"] is { } length)
        {
            return message with { Body = await ReadExactlyAsync(int.Parse(length, CultureInfo.InvariantCulture)) };
        }

        return isResponse ? message with { Body = await ReadToEndAsync() } : message;
    }

    private async Task<RawMessage> ReadChunksAsync(RawMessage message)
    {
        var body = new StringBuilder();
        while (true)
        {
            var line = await ReadUntilAsync("\r\n");
            var size = int.Parse(line.Split(';', '\r')[0].Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (size == 0)
            {
                break;
            }

            body.Append(await ReadExactlyAsync(size));
            if (await ReadExactlyAsync(2) is not "\r\n")
            {
                throw new InvalidDataException("a chunk does not end in CRLF");
            }
        }

        var trailers = new List<KeyValuePair<string, string>>();
        while (await ReadUntilAsync("\r\n") is not "\r\n" and var field)
        {
            trailers.Add(RawMessage.ParseField(field));
        }

        return message with { Body = body.ToString(), Trailers = trailers, Chunked = true };
    }

    private async Task<int> FillAsync()
    {
        if (_start == _end)
        {
            _start = _end = 0;
        }
        else if (_end == _buffer.Length)
        {
            var next = _start > _buffer.Length / 2 ? _buffer : new byte[_buffer.Length * 2];
            Buffer.BlockCopy(_buffer, _start, next, 0, _end - _start);
            (_buffer, _end, _start) = (next, _end - _start, 0);
        }

        using var cancel = new CancellationTokenSource(Deadline);
        int count;
        try
        {
            count = await _socket.ReceiveAsync(_buffer.AsMemory(_end), cancel.Token);
        }
        catch (OperationCanceledException error)
        {
            throw new TimeoutException(
                $"nothing came for {Deadline.TotalSeconds} s; unread: \"{Take(_end - _start)}\"", error);
        }

        _end += count;
        Received += count;
        OnReceived?.Invoke(count);
        return count;
    }

    private string Take(int count)
    {
        var text = Encoding.Latin1.GetString(_buffer, _start, count);
        _start += count;
        return text;
    }
}
