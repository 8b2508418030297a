using System.Net;
using System.Net.Http.Headers;
using System.Threading.Channels;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;

namespace Banyan.Proxy.Xds;

/// <summary>What happens on the way to the control plane. Called from the thread pool, one at a time, in order.</summary>
internal interface IAdsEvents
{
    /// <summary>A stream was begun; requests go into the writer.</summary>
    void Opened(ChannelWriter<DeltaDiscoveryRequest> requests);

    /// <summary>The other end accepted the stream.</summary>
    void Confirmed();

    /// <summary>A whole message came.</summary>
    void Received(byte[] message);

    /// <summary>The stream, or the attempt to open one, ended.</summary>
    void Closed(string reason);
}

/// <summary>One delta ADS stream after another over HTTP/2, with back-off between them.</summary>
internal sealed class AdsTransport : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Uri _uri;
    private readonly IAdsEvents _events;
    private readonly TimeProvider _time;
    private readonly HttpMessageInvoker _http;
    private readonly CancellationTokenSource _stop = new();

    public AdsTransport(Uri control, IAdsEvents events, TimeProvider time)
    {
        _uri = new Uri(control, GrpcTrailers.DeltaAggregatedResources);
        _events = events;
        _time = time;
        var handler = new SocketsHttpHandler
        {
            // The variables that send applications through this proxy must not send the proxy through itself.
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromSeconds(2),

            // Notices a control plane whose host is gone; one that ends closes its connections.
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            KeepAlivePingDelay = TimeSpan.FromSeconds(20),
            KeepAlivePingTimeout = TimeSpan.FromSeconds(10),
        };
        _http = new HttpMessageInvoker(handler, disposeHandler: true);
    }

    /// <summary>Runs until disposed.</summary>
    public async Task RunAsync()
    {
        var failures = 0;
        while (!_stop.IsCancellationRequested)
        {
            var (reason, answered) = await RunStreamAsync();
            _events.Closed(reason);
            failures = answered ? 0 : failures + 1;
            try
            {
                await Task.Delay(PauseAfter(failures), _time, _stop.Token);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _http.Dispose();
    }

    /// <summary>100 ms doubling to 5 s, half of it random, so that a fleet does not come back as one.</summary>
    internal static TimeSpan PauseAfter(int failures)
    {
        var full = FirstPause * Math.Pow(2, Math.Min(failures, 10));
        var capped = full < LongestPause ? full : LongestPause;
        return capped * (0.5 + (Random.Shared.NextDouble() / 2));
    }

    private async Task<(string Reason, bool Answered)> RunStreamAsync()
    {
        var answered = false;
        var requests = Channel.CreateUnbounded<DeltaDiscoveryRequest>(new UnboundedChannelOptions { SingleReader = true });
        using var request = new HttpRequestMessage(HttpMethod.Post, _uri)
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new RequestStream(requests, _events),
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        try
        {
            using var response = await _http.SendAsync(request, _stop.Token);
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return ($"the control plane answered {(int)response.StatusCode}", answered);
            }

            if (response.Headers.Contains(GrpcTrailers.Status))
            {
                return (Describe(response.Headers), answered);
            }

            _events.Confirmed();
            var body = await response.Content.ReadAsStreamAsync(_stop.Token);
            await foreach (var message in MessageReader.ReadAsync(body, _stop.Token))
            {
                answered = true;
                _events.Received(message);
            }

            return (Describe(response.TrailingHeaders), answered);
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or InvalidDataException)
        {
            return (error.InnerException?.Message ?? error.Message, answered);
        }
        finally
        {
            requests.Writer.TryComplete();
        }
    }

    private static string Describe(HttpResponseHeaders trailers)
    {
        var status = trailers.TryGetValues(GrpcTrailers.Status, out var statuses) ? statuses.First() : "";
        var message = trailers.TryGetValues(GrpcTrailers.Message, out var messages) ? messages.First() : "";
        return $"the control plane ended the stream: {GrpcTrailers.ParseStatus(status)} {GrpcTrailers.DecodeMessage(message)}".TrimEnd();
    }

    // The request body: one gRPC message for each request, for as long as the stream lives.
    private sealed class RequestStream : HttpContent
    {
        private readonly Channel<DeltaDiscoveryRequest> _requests;
        private readonly IAdsEvents _events;

        public RequestStream(Channel<DeltaDiscoveryRequest> requests, IAdsEvents events)
        {
            _requests = requests;
            _events = events;
            Headers.ContentType = new MediaTypeHeaderValue(GrpcTrailers.ContentType);
        }

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            // Connected, and the head is on its way. Many servers send theirs only with their first message: waiting for it
            // before asking would be waiting for ever.
            _events.Opened(_requests.Writer);
            await foreach (var request in _requests.Reader.ReadAllAsync(cancellationToken))
            {
                await stream.WriteAsync(Frame(request), cancellationToken);
                await stream.FlushAsync(cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = -1;
            return false;
        }

        private static byte[] Frame(DeltaDiscoveryRequest request)
        {
            var size = request.CalculateSize();
            var frame = new byte[GrpcFrame.PrefixLength + size];
            GrpcFrame.WritePrefix(frame, size);
            request.WriteTo(frame.AsSpan(GrpcFrame.PrefixLength));
            return frame;
        }
    }
}
