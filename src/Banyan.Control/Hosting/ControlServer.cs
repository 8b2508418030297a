using System.Net;
using Banyan.Control.Api;
using Banyan.Control.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Hosting;

/// <summary>
/// Kestrel with its doors: xDS, the API on loopback TCP, the API on the unix socket, and xDS over TLS where it is
/// wanted.
/// </summary>
internal sealed class ControlServer : IAsyncDisposable
{
    private const int Backlog = 4096;

    /// <summary>Requests of the API that are answered at once; streams of proxies and of events do not count.</summary>
    private const int MostRequests = 128;

    private const UnixFileMode SocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly object ListenerKey = new();
    private static readonly TimeSpan PingAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(5);

    private readonly WebApplication _app;
    private readonly string _socket;
    private readonly ListenOptions?[] _listeners;

    private ControlServer(WebApplication app, string socket, ListenOptions?[] listeners)
    {
        _app = app;
        _socket = socket;
        _listeners = listeners;
    }

    /// <summary>Where the xDS listener is bound.</summary>
    public IPEndPoint XdsEndPoint => _listeners[0]!.IPEndPoint!;

    /// <summary>Where the xDS listener over TLS is bound; null without one.</summary>
    public IPEndPoint? XdsTlsEndPoint => _listeners[(int)Listener.XdsTls]?.IPEndPoint;

    /// <summary>Where the TCP API is bound.</summary>
    public IPEndPoint ApiEndPoint => _listeners[1]!.IPEndPoint!;

    /// <summary>What the API's doors lead to: method and pattern.</summary>
    public IEnumerable<string> Routes => ((IEndpointRouteBuilder)_app).DataSources.SelectMany(each => each.Endpoints)
        .OfType<RouteEndpoint>()
        .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])
            .Select(method => $"{method} {endpoint.RoutePattern.RawText}"));

    /// <summary>Binds all doors; what is behind them is given.</summary>
    public static async Task<ControlServer> StartAsync(
        ControlPlaneOptions options,
        string socket,
        ProxyServices proxies,
        Func<HttpContext, Listener, Task<bool>> admit,
        Action<IEndpointRouteBuilder> routes,
        ILoggerFactory logs,
        CancellationToken cancel)
    {
        var log = logs.CreateLogger("Banyan.Control.Api");
        var listeners = new ListenOptions[4];
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "banyan" });
        builder.Services.AddSingleton(logs);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.UseSockets(sockets =>
        {
            // A push passes three queues less. What runs on the sockets' threads never blocks: streams take short
            // locks, and the API hands its work to the store's thread.
            sockets.UnsafePreferInlineScheduling = true;

            // All proxies come back at once after an outage; who finds the queue full tries again a second later.
            sockets.Backlog = Backlog;
        });
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            Limit(kestrel);
            kestrel.Listen(options.Xds, listen => Open(listeners, listen, Listener.Xds, HttpProtocols.Http2, log));
            kestrel.Listen(options.Api, listen => Open(listeners, listen, Listener.Tcp, HttpProtocols.Http1, log));
            kestrel.ListenUnixSocket(
                socket, listen => Open(listeners, listen, Listener.Socket, HttpProtocols.Http1, log));
            if (options.XdsTls is { } secured)
            {
                kestrel.Listen(secured, listen =>
                {
                    Open(listeners, listen, Listener.XdsTls, HttpProtocols.Http2, log);
                    proxies.Handshakes.Begin(listen);
                    listen.UseIdentity(proxies.Server);
                    HandshakeQueue.End(listen);
                });
            }
        });

        var app = builder.Build();
        var limit = new RequestLimit(MostRequests);
        app.Use((context, next) => DispatchAsync(context, next, proxies, admit, limit, log));
        app.UseRouting();
        routes(app);
        try
        {
            await app.StartAsync(cancel);
            File.SetUnixFileMode(socket, SocketMode);
        }
        catch (IOException exception)
        {
            await app.DisposeAsync();
            throw new ControlPlaneException(
                $"cannot listen: {exception.Message}; choose other addresses with --xds, --xds-tls, --api and --socket",
                exception);
        }

        return new ControlServer(app, socket, listeners);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        using (var deadline = new CancellationTokenSource(StopTimeout))
        {
            try
            {
                await _app.StopAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                // Somebody keeps a request open; it ends with the listener.
            }
        }

        await _app.DisposeAsync();
        File.Delete(_socket);
    }

    /// <summary>Through which door a request came.</summary>
    internal static Listener ListenerOf(HttpContext context) =>
        (Listener)context.Features.GetRequiredFeature<IConnectionItemsFeature>().Items[ListenerKey]!;

    private static void Limit(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;

        // Bounded where bodies are read (RequestBody); the streams of proxies live as long as the proxy.
        kestrel.Limits.MaxRequestBodySize = null;

        // A proxy that is stopped in a debugger reads nothing for minutes; its stream holds up nobody.
        kestrel.Limits.MinResponseDataRate = null;
        kestrel.Limits.Http2.KeepAlivePingDelay = PingAfter;
    }

    private static void Open(
        ListenOptions[] listeners, ListenOptions listen, Listener listener, HttpProtocols protocols, ILogger log)
    {
        listeners[(int)listener] = listen;
        listen.Protocols = protocols;

        // Items of TLS's connection are those of the one below.
        listen.Use(next => async connection =>
        {
            if (listener == Listener.Socket
                && !PeerCheck.IsTrusted(connection.Features.Get<IConnectionSocketFeature>()?.Socket, out var user))
            {
                Api.Log.ForeignUser(log, user);
                return;
            }

            connection.Items[ListenerKey] = listener;
            try
            {
                await next(connection);
            }
            finally
            {
                PeerChain.Of(connection.Items)?.Dispose();
            }
        });
    }

    private static async Task DispatchAsync(
        HttpContext context,
        RequestDelegate next,
        ProxyServices proxies,
        Func<HttpContext, Listener, Task<bool>> admit,
        RequestLimit limit,
        ILogger log)
    {
        var listener = ListenerOf(context);
        if (listener is Listener.Xds or Listener.XdsTls)
        {
            await proxies.ServeAsync(context, listener);
            return;
        }

        if (await admit(context, listener))
        {
            await ErrorAnswers.InvokeAsync(context, inner => limit.InvokeAsync(inner, next), log);
        }
    }

    /// <summary>Signals belong to the process, which is not ours.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
