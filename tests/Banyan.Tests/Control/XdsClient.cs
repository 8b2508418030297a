using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Xunit;

namespace Banyan.Tests.Control;

/// <summary>A delta xDS client that says exactly what it is told to: HttpClient over plaintext HTTP/2.</summary>
internal sealed class XdsClient : IAsyncDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Channel<byte[]> _requests = Channel.CreateUnbounded<byte[]>();
    private readonly CancellationTokenSource _cancel = new();
    private readonly string _node;
    private HttpResponseMessage? _response;
    private PipeReader? _reader;
    private bool _named;

    private XdsClient(string node) => _node = node;

    public static async Task<XdsClient> ConnectAsync(
        IPEndPoint server, string node = "default/client/0", string path = GrpcTrailers.DeltaAggregatedResources)
    {
        var client = new XdsClient(node);
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://{server}{path}")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Requests(client._requests.Reader),
        };
        client._response = await Eventually.WithinAsync(
            client._http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, client._cancel.Token), "the stream opens");
        client._reader = PipeReader.Create(await client._response.Content.ReadAsStreamAsync());
        return client;
    }

    public HttpResponseMessage Response => _response!;

    public void SendBytes(byte[] bytes) => _requests.Writer.TryWrite(bytes);

    public void Send(DeltaDiscoveryRequest request)
    {
        if (!_named)
        {
            request.Node = new Node { Id = _node };
            _named = true;
        }

        var size = request.CalculateSize();
        var frame = new byte[GrpcFrame.PrefixLength + size];
        GrpcFrame.WritePrefix(frame, size);
        request.WriteTo(frame.AsSpan(GrpcFrame.PrefixLength));
        SendBytes(frame);
    }

    public void Subscribe(string type, params string[] names) =>
        Send(new DeltaDiscoveryRequest { TypeUrl = type, ResourceNamesSubscribe = { names } });

    public void Unsubscribe(string type, params string[] names) =>
        Send(new DeltaDiscoveryRequest { TypeUrl = type, ResourceNamesUnsubscribe = { names } });

    public void Ack(DeltaDiscoveryResponse response) =>
        Send(new DeltaDiscoveryRequest { TypeUrl = response.TypeUrl, ResponseNonce = response.Nonce });

    public void Nack(DeltaDiscoveryResponse response, string message) => Send(new DeltaDiscoveryRequest
    {
        TypeUrl = response.TypeUrl,
        ResponseNonce = response.Nonce,
        ErrorDetail = new Banyan.Xds.Status { Code = (int)GrpcStatusCode.InvalidArgument, Message = message },
    });

    /// <summary>The next answer, of whatever type.</summary>
    public async Task<DeltaDiscoveryResponse> ReceiveAsync() =>
        await TryReceiveAsync() ?? throw new EndOfStreamException($"the stream ended: {Status} {StatusMessage}");

    /// <summary>The next answer, which is acknowledged at once.</summary>
    public async Task<DeltaDiscoveryResponse> ReceiveAndAckAsync()
    {
        var response = await ReceiveAsync();
        Ack(response);
        return response;
    }

    /// <summary>
    /// Proves that nothing else was sent until now: asks for a name that cannot exist, and expects that answer next.
    /// </summary>
    public async Task NothingElseAsync()
    {
        var name = $"nothing-{Guid.NewGuid():n}.else:1";
        Subscribe("type.googleapis.com/banyan.test.Nothing", name);
        var response = await ReceiveAsync();
        Assert.Equal([name], response.RemovedResources);
    }

    /// <summary>The end of the stream.</summary>
    public async Task<GrpcStatusCode> EndAsync()
    {
        while (await TryReceiveAsync() is not null)
        {
            // What was on its way.
        }

        return GrpcTrailers.ParseStatus(Status);
    }

    public string Status => Trailer(GrpcTrailers.Status);

    public string StatusMessage => GrpcTrailers.DecodeMessage(Trailer(GrpcTrailers.Message));

    public void HalfClose() => _requests.Writer.TryComplete();

    public async ValueTask DisposeAsync()
    {
        _requests.Writer.TryComplete();
        await _cancel.CancelAsync();
        _response?.Dispose();
        _http.Dispose();
        _cancel.Dispose();
    }

    private string Trailer(string name) =>
        _response!.TrailingHeaders.TryGetValues(name, out var values) || _response.Headers.TryGetValues(name, out values)
            ? values.Single()
            : "";

    private async Task<DeltaDiscoveryResponse?> TryReceiveAsync()
    {
        while (true)
        {
            var result = await Eventually.WithinAsync(_reader!.ReadAsync(_cancel.Token).AsTask(), "an answer");
            var buffer = result.Buffer;
            var status = GrpcFrame.TryRead(ref buffer, out var message);
            if (status == GrpcFrameStatus.Complete)
            {
                var response = DeltaDiscoveryResponse.Parser.ParseFrom(message.ToArray());
                _reader.AdvanceTo(buffer.Start);
                return response;
            }

            Assert.Equal(GrpcFrameStatus.Incomplete, status);
            _reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                return null;
            }
        }
    }

    private sealed class Requests : HttpContent
    {
        private readonly ChannelReader<byte[]> _requests;

        public Requests(ChannelReader<byte[]> requests)
        {
            _requests = requests;
            Headers.ContentType = new System.Net.Http.Headers.MediaTypeHeaderValue(GrpcTrailers.ContentType);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        // Ends when the server ended the stream: else the end of the connection would overwrite the status.
        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.FlushAsync(cancellationToken);
            await foreach (var bytes in _requests.ReadAllAsync(cancellationToken))
            {
                await stream.WriteAsync(bytes, cancellationToken);
                await stream.FlushAsync(cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }
    }
}
