using System.Net;
using System.Net.Sockets;
using Banyan.Cli.Client;

namespace Banyan.Cli.Up;

/// <summary>Asks processes whether they are ready. Each answers nothing when yes, else what is missing.</summary>
internal static class Probes
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private static readonly HttpClient Direct = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
    {
        Timeout = Patience,
    };

    /// <summary>GET on a loopback port, by the path the workload names; 2xx and 3xx are ready.</summary>
    public static Task<string?> HttpAsync(int port, string path, CancellationToken stop) =>
        GetAsync(Direct, $"http://127.0.0.1:{port}/{path.TrimStart('/')}", stop);

    /// <summary>GET over a unix socket.</summary>
    public static async Task<string?> UnixAsync(string socketPath, string path, CancellationToken stop)
    {
        using var client = UnixHttp.Create(socketPath, Patience);
        return await GetAsync(client, path, stop);
    }

    /// <summary>Whether something accepts connections on a loopback port.</summary>
    public static async Task<string?> TcpAsync(int port, CancellationToken stop)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), stop);

            // A connection to a closed port may connect to itself when the kernel picks that very port for this end.
            return socket.LocalEndPoint!.Equals(socket.RemoteEndPoint) ? $"port {port} is closed" : null;
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            return $"nothing listens on 127.0.0.1:{port} (is the port taken from the variable PORT?)";
        }
    }

    private static async Task<string?> GetAsync(HttpClient client, string url, CancellationToken stop)
    {
        try
        {
            using var response = await client.GetAsync(new Uri(url, UriKind.RelativeOrAbsolute), stop);
            return (int)response.StatusCode is >= 200 and < 400 ? null : $"GET {url} answers {(int)response.StatusCode}";
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException)
        {
            return $"GET {url} is not answered (is the port taken from the variable PORT?)";
        }
    }
}
