using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Banyan.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>
/// An application that speaks everything: Kestrel with HTTP/1.1 on one port, HTTP/2 and gRPC on another, WebSocket on both, and bytes on a
/// third. It checks each byte it gets. It goes away in the middle of whatever it does, and comes back on the same ports.
/// </summary>
internal sealed class SoakBackend(SoakLedger ledger, int seed) : IAsyncDisposable
{
    private static readonly CancellationToken AtOnce = new(canceled: true);

    private readonly ConcurrentDictionary<SoakExchange, byte> _underWay = new();
    private WebApplication? _app;
    private SoakTcpServer? _tcp;
    private int _requests;

    public int Http1Port { get; } = FreePorts.Next();

    public int Http2Port { get; } = FreePorts.Next();

    public int TcpPort { get; } = FreePorts.Next();

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            // The slow are served too.
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Limits.MinResponseDataRate = null;
            kestrel.Listen(IPAddress.Loopback, Http1Port, listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Listen(IPAddress.Loopback, Http2Port, listen => listen.Protocols = HttpProtocols.Http2);
        });
        _app = builder.Build();
        _app.UseWebSockets();
        _app.Run(ServeAsync);
        _tcp = new SoakTcpServer(TcpPort, this);
        await _app.StartAsync();
    }

    /// <summary>Goes away at once and leaves everything unfinished; back when the result is disposed of.</summary>
    public async Task<IAsyncDisposable> TakeAwayAsync()
    {
        var away = ledger.TookAway(_underWay.Keys.Select(exchange => exchange.Id).ToHashSet());
        await StopAsync();
        return new Away(this, away);
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    /// <summary>Serves one exchange: who broke it off is no matter here, but what arrived wrong is.</summary>
    internal async Task ServeAsync(SoakProtocol protocol, string id, Func<long, SoakPace, Task> serve)
    {
        var exchange = new SoakExchange(protocol, SoakExchange.Read(id), TimeSpan.Zero);
        _underWay[exchange] = 0;
        try
        {
            await serve(exchange.Id, SoakPace.Of(new Random(HashCode.Combine(seed, Interlocked.Increment(ref _requests)))));
        }
        catch (WrongByteException error)
        {
            ledger.Wrong(exchange, $"at the backend: {error.Message}");
            throw;
        }
        finally
        {
            _underWay.TryRemove(exchange, out _);
        }
    }

    private async Task ServeAsync(HttpContext context)
    {
        var id = context.Request.Headers[SoakExchange.IdField].ToString();
        var isHttp2 = HttpProtocol.IsHttp2(context.Request.Protocol);
        try
        {
            await (context.WebSockets.IsWebSocketRequest
                    ? ServeAsync(isHttp2 ? SoakProtocol.WebSocketHttp2 : SoakProtocol.WebSocket, id, (number, pace) => SoakWebSocket.ServeAsync(context, number, pace))
                : context.Request.ContentType == SoakGrpc.ContentType ? ServeAsync(SoakProtocol.Grpc, id, (number, pace) => SoakGrpc.ServeAsync(context, number, pace))
                : ServeAsync(isHttp2 ? SoakProtocol.Http2 : SoakProtocol.Http1, id, (number, pace) => HttpAsync(context, number, pace)));
        }
        catch (Exception)
        {
            context.Abort();
        }
    }

    /// <summary>Checks the body, then answers with one of the size that was asked for.</summary>
    private static async Task HttpAsync(HttpContext context, long id, SoakPace pace)
    {
        long Number(string name) => long.Parse(context.Request.Query[name].ToString(), CultureInfo.InvariantCulture);
        await SoakStream.CheckAsync(context.Request.Body, SoakStream.Upload(id), Number("up"), pace, "request", context.RequestAborted);
        var down = Number("down");
        if (context.Request.Query.ContainsKey("length"))
        {
            context.Response.ContentLength = down;
        }

        await SoakStream.WriteAsync(context.Response.Body, SoakStream.Download(id), down, pace, context.RequestAborted);
    }

    private async Task StopAsync()
    {
        if (_app is { } app && _tcp is { } tcp)
        {
            (_app, _tcp) = (null, null);
            await tcp.DisposeAsync();
            try
            {
                await app.StopAsync(AtOnce);
            }
            catch (OperationCanceledException)
            {
                // That is what was asked for.
            }

            await app.DisposeAsync();
        }
    }

    private sealed class Away(SoakBackend backend, IDisposable away) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await backend.StartAsync();
            away.Dispose();
        }
    }
}
