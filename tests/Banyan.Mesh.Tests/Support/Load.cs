using System.Collections.Concurrent;
using System.Net.Sockets;
using Banyan.Testing;

namespace Banyan.Mesh.Tests.Support;

/// <summary>
/// Steady load that enters through a sidecar: connections that are kept alive, one request after the other on each,
/// every fourth a POST. Whatever is not a whole 200 is a failure, a connection that breaks included.
/// </summary>
internal sealed class Load : IAsyncDisposable
{
    private const string Payload = "amount=4200&currency=EUR";

    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _failures = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _connections;
    private readonly string _path;
    private int _sent;

    private Load(int port, string host, int connections, TimeSpan pause, string path)
    {
        _path = path;
        _connections = Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(() => RunAsync(port, host, pause))));
    }

    /// <summary>Requests sent until now.</summary>
    public int Sent => Volatile.Read(ref _sent);

    /// <summary>Answers until now, by body: the test application says its name.</summary>
    public IReadOnlyDictionary<string, int> Answers => _answers;

    /// <summary>What went wrong until now.</summary>
    public IReadOnlyList<string> Failures => [.. _failures];

    /// <summary>Begins.</summary>
    /// <param name="port">The outbound listener of a sidecar.</param>
    /// <param name="host">The service that is called.</param>
    /// <param name="connections">How many at the same time.</param>
    /// <param name="pause">Between two requests of a connection; 2 ms unless told.</param>
    /// <param name="path">What is asked for.</param>
    public static Load Start(int port, string host, int connections = 8, TimeSpan? pause = null, string path = "/") =>
        new(port, host, connections, pause ?? TimeSpan.FromMilliseconds(2), path);

    /// <summary>Waits until so many more requests were answered: whatever was done before shows by then.</summary>
    public async Task MoreAsync(int requests)
    {
        var goal = Sent + requests;
        await Eventually.TrueAsync(() => Sent >= goal, $"{goal} requests");
    }

    /// <summary>Ends after the requests under way.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await Eventually.WithinAsync(_connections, "the last answers");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync() => await EndAsync();

    private async Task RunAsync(int port, string host, TimeSpan pause)
    {
        var get = $"GET {_path} HTTP/1.1\r\nHost: {host}\r\n\r\n";
        var post = $"POST {_path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {Payload.Length}\r\n\r\n{Payload}";
        using var beat = new PeriodicTimer(pause);
        RawConnection? connection = null;
        for (var i = 0; !_stop.IsCancellationRequested; i++)
        {
            try
            {
                connection ??= await RawConnection.ConnectAsync(port);
                var answer = await connection.ExchangeAsync(i % 4 == 3 ? post : get);
                if (answer.Status == 200)
                {
                    _answers.AddOrUpdate(answer.Body, 1, static (_, count) => count + 1);
                }
                else
                {
                    _failures.Enqueue($"{answer.Status} {answer["x-banyan-error"]}");
                }

                if (answer["Connection"] is "close")
                {
                    connection.Dispose();
                    connection = null;
                }
            }
            catch (Exception error) when (error is IOException or SocketException or InvalidDataException or TimeoutException)
            {
                _failures.Enqueue($"{error.GetType().Name}: {error.Message}");
                connection?.Dispose();
                connection = null;
            }

            Interlocked.Increment(ref _sent);
            await beat.WaitForNextTickAsync(CancellationToken.None);
        }

        connection?.Dispose();
    }
}
