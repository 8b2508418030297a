using System.Net;
using System.Net.Sockets;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>A client that does one thing after the other, over connections of its own.</summary>
internal abstract class SoakClient(SoakLedger ledger, SoakProtocol protocol, int port, int seed) : IDisposable
{
    private protected SoakLedger Ledger => ledger;

    /// <summary>Nothing that moves takes so long, however loaded the machine is.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int MostPauseMilliseconds = 30;

    protected int Port => port;

    protected Random Random { get; } = new(seed);

    public static IEnumerable<SoakClient> Some(SoakLedger ledger, SoakProtocol protocol, int port, int seed, int count) =>
        Enumerable.Range(0, count).Select(i => protocol switch
        {
            SoakProtocol.Http1 or SoakProtocol.Http2 => (SoakClient)new HttpSoakClient(ledger, protocol, port, HashCode.Combine(seed, i)),
            SoakProtocol.Grpc => new GrpcSoakClient(ledger, port, HashCode.Combine(seed, i)),
            SoakProtocol.WebSocket or SoakProtocol.WebSocketHttp2 => new WebSocketSoakClient(ledger, protocol, port, HashCode.Combine(seed, i)),
            _ => new TcpSoakClient(ledger, port, HashCode.Combine(seed, i)),
        });

    /// <summary>Goes on until it is told to stop, and finishes what it has begun.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            await OneAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(Random.Next(MostPauseMilliseconds)), TimeProvider.System, CancellationToken.None);
        }
    }

    public virtual void Dispose()
    {
    }

    protected abstract Task ExchangeAsync(SoakExchange exchange, CancellationToken stop);

    private async Task OneAsync()
    {
        var exchange = ledger.Begin(protocol);
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await ExchangeAsync(exchange, patience.Token);
            ledger.Done(exchange);
        }
        catch (WrongByteException error)
        {
            ledger.Wrong(exchange, error.Message);
        }
        catch (Exception error)
        {
            if (patience.IsCancellationRequested)
            {
                ledger.Hung(exchange);
            }
            else
            {
                ledger.Failed(exchange, Describe(error));
            }
        }
    }

    private static string Describe(Exception error) =>
        error.InnerException is { } inner ? $"{error.GetType().Name} {error.Message} < {Describe(inner)}" : $"{error.GetType().Name} {error.Message}";
}

/// <summary>GET and POST with bodies both ways.</summary>
internal sealed class HttpSoakClient(SoakLedger ledger, SoakProtocol protocol, int port, int seed) : SoakClient(ledger, protocol, port, seed)
{
    private readonly HttpClient _http = Client(port);
    private readonly Version _version = protocol == SoakProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20;

    public static HttpClient Client(int port) => new(new SocketsHttpHandler { UseProxy = false })
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public override void Dispose() => _http.Dispose();

    protected override async Task ExchangeAsync(SoakExchange exchange, CancellationToken stop)
    {
        var (up, down) = (Random.Next(2) == 0 ? 0 : SoakStream.Size(Random), SoakStream.Size(Random));
        var length = Random.Next(2) == 0 ? "&length" : "";
        using var request = new HttpRequestMessage(up == 0 ? HttpMethod.Get : HttpMethod.Post, $"/bytes?up={up}&down={down}{length}")
        {
            Version = _version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = up == 0 ? null : new Upload(exchange, up, Random.Next(2) == 0, SoakPace.Of(Random), Ledger, stop),
        };
        request.Headers.Add(SoakExchange.IdField, exchange.IdText);
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var code = response.Headers.TryGetValues("x-banyan-error", out var values) ? values.First() : "not of a sidecar";
            throw new HttpRequestException($"{(int)response.StatusCode} {code}");
        }

        var body = await response.Content.ReadAsStreamAsync(stop);
        await SoakStream.CheckAsync(body, SoakStream.Download(exchange.Id), down, SoakPace.Of(Random), "response", stop);
    }

    /// <summary>A body with a length, or in chunks.</summary>
    private sealed class Upload(SoakExchange exchange, int size, bool hasLength, SoakPace pace, SoakLedger ledger, CancellationToken stop) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            try
            {
                await SoakStream.WriteAsync(stream, SoakStream.Upload(exchange.Id), size, pace, stop);
            }
            finally
            {
                ledger.Listens(exchange);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = size;
            return hasLength;
        }
    }
}

/// <summary>Calls of gRPC that stream.</summary>
internal sealed class GrpcSoakClient(SoakLedger ledger, int port, int seed) : SoakClient(ledger, SoakProtocol.Grpc, port, seed)
{
    private readonly HttpClient _http = HttpSoakClient.Client(port);

    public override void Dispose() => _http.Dispose();

    protected override Task ExchangeAsync(SoakExchange exchange, CancellationToken stop) => SoakGrpc.CallAsync(_http, Random, exchange, stop);
}

/// <summary>Sessions of WebSocket; those by HTTP/2 share a connection while it lasts.</summary>
internal sealed class WebSocketSoakClient(SoakLedger ledger, SoakProtocol protocol, int port, int seed) : SoakClient(ledger, protocol, port, seed)
{
    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler { UseProxy = false });

    public override void Dispose() => _http.Dispose();

    protected override Task ExchangeAsync(SoakExchange exchange, CancellationToken stop) =>
        SoakWebSocket.TalkAsync(Port, _http, Random, exchange, stop);
}

/// <summary>Connections of bytes, both ways at once.</summary>
internal sealed class TcpSoakClient(SoakLedger ledger, int port, int seed) : SoakClient(ledger, SoakProtocol.Tcp, port, seed)
{
    protected override async Task ExchangeAsync(SoakExchange exchange, CancellationToken stop)
    {
        var (up, down) = (SoakStream.Size(Random), SoakStream.Size(Random));
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Port, stop);
        await using var stream = new NetworkStream(socket, ownsSocket: false);
        await stream.WriteAsync(SoakTcpServer.Greeting(exchange, up, down), stop);
        await BothWays.RunAsync(
            socket,
            SoakStream.CheckAsync(stream, SoakStream.Download(exchange.Id), down, SoakPace.Of(Random), "received bytes", stop, framed: false),
            SoakStream.WriteAsync(stream, SoakStream.Upload(exchange.Id), up, SoakPace.Of(Random), stop));
    }
}
