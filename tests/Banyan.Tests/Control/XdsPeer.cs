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

/// <summary>The client's end of one xDS stream, which says exactly what it is told to: HttpClient over plaintext HTTP/2.</summary>
internal abstract class XdsPeer : IAsyncDisposable
{
    private HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private readonly Channel<byte[]> _requests = Channel.CreateUnbounded<byte[]>();
    private readonly CancellationTokenSource _cancel = new();
    private readonly Node _node;
    private HttpResponseMessage? _response;
    private PipeReader? _reader;
    private bool _named;

    protected XdsPeer(Node node) => _node = node;

    /// <summary>The node, for the first request; after that nothing.</summary>
    protected Node? Introduce()
    {
        var node = _named ? null : _node;
        _named = true;
        return node;
    }

    protected Task OpenAsync(IPEndPoint server, string path) => OpenAsync(new Uri($"http://{server}"), path);

    protected async Task OpenAsync(Uri server, string path, HttpClient? client = null)
    {
        if (client is not null)
        {
            _http.Dispose();
            _http = client;
        }

        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new Requests(_requests.Reader),
        };
        _response = await Eventually.WithinAsync(
            _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _cancel.Token), "the stream opens");
        _reader = PipeReader.Create(await _response.Content.ReadAsStreamAsync());
    }

    public HttpResponseMessage Response => _response!;

    public void SendBytes(byte[] bytes) => _requests.Writer.TryWrite(bytes);

    protected void SendMessage(IMessage request)
    {
        var size = request.CalculateSize();
        var frame = new byte[GrpcFrame.PrefixLength + size];
        GrpcFrame.WritePrefix(frame, size);
        request.WriteTo(frame.AsSpan(GrpcFrame.PrefixLength));
        SendBytes(frame);
    }

    protected static Banyan.Xds.Status Error(string message) =>
        new() { Code = (int)GrpcStatusCode.InvalidArgument, Message = message };

    /// <summary>The end of the stream.</summary>
    public async Task<GrpcStatusCode> EndAsync()
    {
        while (await TryReceiveBytesAsync() is not null)
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

    /// <summary>The next answer, or nothing at the end.</summary>
    protected async Task<byte[]?> TryReceiveBytesAsync()
    {
        while (true)
        {
            var result = await Eventually.WithinAsync(_reader!.ReadAsync(_cancel.Token).AsTask(), "an answer");
            var buffer = result.Buffer;
            var status = GrpcFrame.TryRead(ref buffer, out var message);
            if (status == GrpcFrameStatus.Complete)
            {
                var response = message.ToArray();
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
