using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Banyan.Control.Api;
using Banyan.Control.Store;
using Banyan.Model;

namespace Banyan.Control.Telemetry;

/// <summary>Asks every sidecar for its counts, through its admin socket.</summary>
internal sealed class TrafficScraper : IDisposable
{
    private const int MaxBytes = 16 * 1024 * 1024;
    private const int AtOnce = 8;

    private static readonly HttpRequestOptionsKey<string> SocketKey = new("socket");
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1);

    private readonly ConfigStore _store;
    private readonly HttpClient _client;

    public TrafficScraper(ConfigStore store)
    {
        _store = store;
        _client = new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = ConnectAsync,
            UseProxy = false,
            AllowAutoRedirect = false,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        })
        {
            Timeout = Timeout,
            MaxResponseContentBufferSize = MaxBytes,
        };
    }

    /// <summary>The merged counts, and the nodes that did not answer.</summary>
    public async Task<(MergedTraffic Merged, List<string> Unreachable)> ScrapeAsync(CancellationToken cancel)
    {
        var merged = new MergedTraffic();
        List<string> unreachable = [];
        var gate = new Lock();
        var instances = _store.View.Instances.Values.Select(entry => entry.Instance)
            .Where(instance => instance.Admin.Length > 0);
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };
        await Parallel.ForEachAsync(instances, options, async (instance, stop) =>
        {
            var report = await AskAsync(instance, stop);
            lock (gate)
            {
                if (report is null)
                {
                    unreachable.Add(instance.NodeId);
                }
                else
                {
                    merged.Add($"{instance.Namespace}/{instance.Workload}", report);
                }
            }
        });
        unreachable.Sort(StringComparer.Ordinal);
        return (merged, unreachable);
    }

    /// <inheritdoc />
    public void Dispose() => _client.Dispose();

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        if (!context.InitialRequestMessage.Options.TryGetValue(SocketKey, out var path)
            || AdminSocket.EndPointOf(path) is not { } target)
        {
            throw new IOException("no admin socket");
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(target, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private async Task<EdgeReport?> AskAsync(WorkloadInstance instance, CancellationToken cancel)
    {
        // Connections are pooled by host name: a name of its own for every socket.
        var host = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(instance.Admin)).AsSpan(0, 16));
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{host}/edges");
        request.Options.Set(SocketKey, instance.Admin);
        try
        {
            using var response = await _client.SendAsync(request, cancel);
            return response.IsSuccessStatusCode
                ? await response.Content.ReadFromJsonAsync(ApiJson.Default.EdgeReport, cancel)
                : null;
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or JsonException
            or SocketException || (exception is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return null;
        }
    }
}
