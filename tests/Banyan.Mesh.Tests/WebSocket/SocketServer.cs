using System.Net;
using System.Net.WebSockets;
using Banyan.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.WebSockets;
using Microsoft.Extensions.DependencyInjection;

namespace Banyan.Mesh.Tests.WebSocket;

/// <summary>What a client speaks to at the far end: Kestrel by HTTP/1.1 or HTTP/2, or the ws package by HTTP/1.1.</summary>
internal sealed class SocketServer : IAsyncDisposable
{
    private readonly WebApplication? _app;
    private readonly TestProcess? _process;

    private SocketServer(int port, WebApplication? app, TestProcess? process)
    {
        Port = port;
        _app = app;
        _process = process;
    }

    public int Port { get; }

    public string Address => $"127.0.0.1:{Port}";

    /// <summary>Starts <c>kestrel1</c>, <c>kestrel2</c> or <c>ws</c>.</summary>
    public static async Task<SocketServer> StartAsync(string kind)
    {
        var port = FreePorts.Next();
        if (kind == "ws")
        {
            return new SocketServer(port, null, await WebSocketPeers.ServeAsync(port));
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddWebSockets(options => options.KeepAliveInterval = TimeSpan.Zero);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, port, listen => listen.Protocols = kind == "kestrel2" ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(ServeAsync);
        await app.StartAsync();
        return new SocketServer(port, app, null);
    }

    /// <summary>A process ends without a word; Kestrel, which lives in this one, aborts what it has.</summary>
    public async Task KillAsync()
    {
        _process?.Kill();
        if (_app is not null)
        {
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await _app.StopAsync(now.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
        {
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await _app.StopAsync(now.Token);
            await _app.DisposeAsync();
        }

        if (_process is not null)
        {
            await _process.DisposeAsync();
        }
    }

    private static async Task ServeAsync(HttpContext context)
    {
        if (context.Request.Path == "/deny" || !context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = context.Request.Path == "/deny" ? 401 : 400;
            context.Response.Headers["x-why"] = "no-key";
            await context.Response.WriteAsync("key?");
            return;
        }

        var protocol = context.WebSockets.WebSocketRequestedProtocols.FirstOrDefault();
        using var socket = await context.WebSockets.AcceptWebSocketAsync(
            new WebSocketAcceptContext
            {
                SubProtocol = protocol,
                KeepAliveInterval = context.Request.Path == "/ping" ? TimeSpan.FromMilliseconds(50) : TimeSpan.Zero,
                KeepAliveTimeout = TimeSpan.FromSeconds(20),
            });
        try
        {
            if (context.Request.Path == "/saw")
            {
                var text = $"{context.Request.Protocol.Split('/')[1]} {context.Request.Host} {context.Request.Headers["x-mark"]} "
                    + context.Request.Headers.SecWebSocketKey.ToString().Length;
                await socket.SendAsync(System.Text.Encoding.ASCII.GetBytes(text), WebSocketMessageType.Text, true, default);
            }

            await EchoAsync(socket, context.Request.Path == "/close");
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or IOException)
        {
            // The client has gone; what it sees of that is for the tests.
        }
    }

    private static async Task EchoAsync(System.Net.WebSockets.WebSocket socket, bool closes)
    {
        var buffer = new byte[64 * 1024];
        while (true)
        {
            var received = await socket.ReceiveAsync(buffer, default);
            if (received.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(received.CloseStatus!.Value, received.CloseStatusDescription, default);
                return;
            }

            if (closes)
            {
                await socket.CloseAsync((WebSocketCloseStatus)4001, "enough", default);
                return;
            }

            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, default);
        }
    }
}
