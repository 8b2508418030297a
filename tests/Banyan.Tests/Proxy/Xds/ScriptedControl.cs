using System.Net;
using System.Threading.Channels;
using Banyan.Testing;
using Banyan.Xds;
using Banyan.Xds.Grpc;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Banyan.Tests.Proxy.Xds;

/// <summary>A control plane that says what the test tells it to, over real HTTP/2.</summary>
internal sealed class ScriptedControl : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Channel<ScriptedStream> _streams = Channel.CreateUnbounded<ScriptedStream>();

    private ScriptedControl(int port)
    {
        Port = port;
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
            kestrel.Listen(IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        _app = builder.Build();
        _app.Run(ServeAsync);
    }

    public int Port { get; }

    public Uri Uri => new($"http://127.0.0.1:{Port}");

    /// <summary>The response head leaves only with the first message, as many gRPC servers do it.</summary>
    public bool Lazy { get; set; }

    /// <summary>Answered instead of a stream.</summary>
    public int? RefuseWith { get; set; }

    public static async Task<ScriptedControl> StartAsync(int? port = null)
    {
        var control = new ScriptedControl(port ?? FreePorts.Next());
        await control._app.StartAsync();
        return control;
    }

    /// <summary>The next stream a proxy opens.</summary>
    public Task<ScriptedStream> StreamAsync() =>
        Eventually.WithinAsync(_streams.Reader.ReadAsync().AsTask(), "a proxy opens a stream");

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        if (RefuseWith is { } status)
        {
            context.Response.StatusCode = status;
            return;
        }

        context.Features.GetRequiredFeature<IHttpMinRequestBodyDataRateFeature>().MinDataRate = null;
        context.Response.ContentType = GrpcTrailers.ContentType;
        if (!Lazy)
        {
            await context.Response.Body.FlushAsync();
        }

        var stream = new ScriptedStream(context);
        _streams.Writer.TryWrite(stream);
        await stream.RunAsync();
    }
}

/// <summary>One stream of one proxy.</summary>
internal sealed class ScriptedStream(HttpContext context)
{
    private readonly Channel<DeltaDiscoveryRequest> _requests = Channel.CreateUnbounded<DeltaDiscoveryRequest>();
    private readonly TaskCompletionSource _end = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _nonce;

    public string Path => context.Request.Path;

    public string? ContentType => context.Request.ContentType;

    public async Task RunAsync()
    {
        var reader = context.Request.BodyReader;
        while (true)
        {
            var reading = reader.ReadAsync(context.RequestAborted).AsTask();
            if (await Task.WhenAny(reading, _end.Task) == _end.Task)
            {
                // Kestrel uses the stream again for the next request: a read left behind would take that one's bytes.
                reader.CancelPendingRead();
                await reading;
                return;
            }

            var result = await reading;
            var buffer = result.Buffer;
            while (GrpcFrame.TryRead(ref buffer, out var message) == GrpcFrameStatus.Complete)
            {
                _requests.Writer.TryWrite(DeltaDiscoveryRequest.Parser.ParseFrom(message));
            }

            reader.AdvanceTo(buffer.Start, buffer.End);
            if (result.IsCompleted)
            {
                _requests.Writer.TryComplete();
                return;
            }
        }
    }

    public Task<DeltaDiscoveryRequest> RequestAsync() =>
        Eventually.WithinAsync(_requests.Reader.ReadAsync().AsTask(), "the proxy sends a request");

    /// <summary>The next request that subscribes to something.</summary>
    public async Task<DeltaDiscoveryRequest> SubscriptionAsync()
    {
        while (true)
        {
            var request = await RequestAsync();
            if (request.ResourceNamesSubscribe.Count > 0)
            {
                return request;
            }
        }
    }

    /// <summary>Sends resources and returns the proxy's answer to them.</summary>
    public Task<DeltaDiscoveryRequest> AnswerAsync(params IMessage[] messages)
    {
        var resources = messages.Select(m => Resources.Wrap(m)).ToArray();
        return AnswerAsync(new DeltaDiscoveryResponse { TypeUrl = resources[0].Resource_.TypeUrl, Resources = { resources } });
    }

    /// <summary>Sends a response and returns the proxy's answer to it.</summary>
    public async Task<DeltaDiscoveryRequest> AnswerAsync(DeltaDiscoveryResponse response)
    {
        response.Nonce = $"n{++_nonce}";
        await SendAsync(response);
        while (true)
        {
            var request = await RequestAsync();
            if (request.ResponseNonce == response.Nonce)
            {
                return request;
            }
        }
    }

    public async Task SendAsync(DeltaDiscoveryResponse response)
    {
        var size = response.CalculateSize();
        var frame = new byte[GrpcFrame.PrefixLength + size];
        GrpcFrame.WritePrefix(frame, size);
        response.WriteTo(frame.AsSpan(GrpcFrame.PrefixLength));
        await SendRawAsync(frame);
    }

    public async Task SendRawAsync(byte[] bytes)
    {
        await context.Response.Body.WriteAsync(bytes);
        await context.Response.Body.FlushAsync();
    }

    /// <summary>A destination from its listener to its endpoints.</summary>
    public async Task ServeAsync(string name, params string[] addresses)
    {
        await AnswerAsync(Resources.Api(name));
        await AnswerAsync(Resources.Routes(name, Resources.Forward("default", name)));
        await AnswerAsync(Resources.Eds(name));
        await AnswerAsync(Resources.Endpoints(name, addresses));
    }

    /// <summary>Ends the stream with trailers.</summary>
    public void End(GrpcStatusCode status, string message)
    {
        context.Response.AppendTrailer(GrpcTrailers.Status, GrpcTrailers.FormatStatus(status));
        context.Response.AppendTrailer(GrpcTrailers.Message, GrpcTrailers.EncodeMessage(message));
        _end.TrySetResult();
    }

    /// <summary>Breaks the connection.</summary>
    public void Abort() => context.Abort();
}
