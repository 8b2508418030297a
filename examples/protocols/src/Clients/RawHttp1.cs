using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>One exchange of HTTP/1.1 in its own words, for what HttpClient does not say.</summary>
internal sealed class RawHttp1 : IAsyncDisposable
{
    private readonly TcpClient _client = new() { NoDelay = true };
    private Stream _stream = Stream.Null;

    private RawHttp1()
    {
    }

    public static async Task<RawHttp1> ConnectAsync(Uri proxy, CancellationToken stop)
    {
        var connection = new RawHttp1();
        await connection._client.ConnectAsync(proxy.Host, proxy.Port, stop);
        connection._stream = connection._client.GetStream();
        return connection;
    }

    public Task SendAsync(string text, CancellationToken stop) =>
        _stream.WriteAsync(Encoding.ASCII.GetBytes(text), stop).AsTask();

    public async Task SendChunkAsync(ReadOnlyMemory<byte> data, CancellationToken stop)
    {
        await SendAsync(data.Length.ToString("x", CultureInfo.InvariantCulture) + "\r\n", stop);
        await _stream.WriteAsync(data, stop);
        await SendAsync("\r\n", stop);
    }

    /// <summary>Reads the answer to the connection's end, and a field from behind its last chunk.</summary>
    /// <exception cref="InvalidDataException">It is not 200, or there is no such trailer.</exception>
    public async Task<string> ReadTrailerAsync(string name, CancellationToken stop)
    {
        using var reader = new StreamReader(_stream, Encoding.ASCII, leaveOpen: true);
        var answer = await reader.ReadToEndAsync(stop);
        if (!answer.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal))
        {
            throw new InvalidDataException($"answered {answer.Split('\r')[0]}");
        }

        var trailers = answer[Math.Max(answer.LastIndexOf("\r\n0\r\n", StringComparison.Ordinal), 0)..];
        var found = trailers.Split("\r\n")
            .FirstOrDefault(line => line.StartsWith($"{name}: ", StringComparison.OrdinalIgnoreCase));
        return found is not null
            ? found[(name.Length + 2)..]
            : throw new InvalidDataException($"no trailer {name} came");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _client.Dispose();
        return _stream.DisposeAsync();
    }
}
