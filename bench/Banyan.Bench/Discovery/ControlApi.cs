using System.Net.Sockets;
using System.Text;

namespace Banyan.Bench.Discovery;

/// <summary>The control plane's API on its unix socket.</summary>
internal sealed class ControlApi(string socket) : IDisposable
{
    private const int Connections = 64;

    private readonly HttpClient _client = new(new SocketsHttpHandler
    {
        UseProxy = false,
        MaxConnectionsPerServer = Connections,
        ConnectCallback = async (_, cancel) =>
        {
            var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
            return new NetworkStream(connection, ownsSocket: true);
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
    };

    /// <summary>Registers a replica; answered when it is in effect.</summary>
    public Task RegisterAsync(string node, string instance) => DoAsync(() =>
        _client.PutAsync($"/api/v1/instances/{node}", new StringContent(instance, Encoding.UTF8, "application/json")));

    /// <summary>Applies objects; answered when they are in effect.</summary>
    public Task ApplyAsync(string yaml) => DoAsync(() =>
        _client.PostAsync("/api/v1/apply?by=bench", new StringContent(yaml, Encoding.UTF8, "text/yaml")));

    public void Dispose() => _client.Dispose();

    private static async Task DoAsync(Func<Task<HttpResponseMessage>> call)
    {
        using var response = await call();
        if (!response.IsSuccessStatusCode)
        {
            throw new BenchFailure(
                $"the control plane refused: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
        }
    }
}
