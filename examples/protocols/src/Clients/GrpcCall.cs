using System.Net;
using System.Net.Http.Headers;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>One call: messages can be written and read in any order.</summary>
internal sealed class GrpcCall : IDisposable
{
    private readonly Outgoing _outgoing = new();
    private readonly HttpRequestMessage _request;
    private readonly Task<HttpResponseMessage> _response;
    private Stream? _answers;

    private GrpcCall(HttpClient http, string method, string? timeout, CancellationToken stop)
    {
        _request = new HttpRequestMessage(
            HttpMethod.Post, $"http://{Setting.Upstream("grpc", 80)}/examples.v1.Protocols/{method}")
        {
            Content = _outgoing,
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        _outgoing.Headers.ContentType = new MediaTypeHeaderValue("application/grpc");
        _request.Headers.TE.ParseAdd("trailers");
        if (timeout is not null)
        {
            _request.Headers.Add("grpc-timeout", timeout);
        }

        _response = http.SendAsync(_request, HttpCompletionOption.ResponseHeadersRead, stop);
    }

    /// <summary>Begins a call; returns when messages can be written.</summary>
    public static async Task<GrpcCall> StartAsync(
        HttpClient http, string method, string? timeout, CancellationToken stop)
    {
        var call = new GrpcCall(http, method, timeout, stop);
        await Task.WhenAny(call._outgoing.Opened, call._response).WaitAsync(stop);
        if (call._response.IsFaulted)
        {
            await call._response;
        }

        return call;
    }

    public async Task WriteAsync(string text, CancellationToken stop)
    {
        if (_outgoing.Opened.IsCompleted)
        {
            await GrpcText.WriteAsync(await _outgoing.Opened, text, stop);
        }
    }

    public void FinishWriting() => _outgoing.Finish();

    /// <summary>The next answer; nothing when there are no more.</summary>
    public async Task<string?> ReadAsync(CancellationToken stop)
    {
        _answers ??= await (await _response).Content.ReadAsStreamAsync(stop);
        return await GrpcText.ReadAsync(_answers, stop);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _outgoing.Finish();
        if (_response.IsCompletedSuccessfully)
        {
            _response.Result.Dispose();
        }

        _request.Dispose();
    }

    /// <summary>A body that is written while the answer is read.</summary>
    private sealed class Outgoing : HttpContent
    {
        private readonly TaskCompletionSource<Stream> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Stream> Opened => _opened.Task;

        public void Finish() => _finished.TrySetResult();

        /// <inheritdoc/>
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            // Sends the request's fields at once.
            await stream.FlushAsync();
            _opened.TrySetResult(stream);
            await _finished.Task;
        }

        /// <inheritdoc/>
        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
