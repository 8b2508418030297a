using System.Net;
using Banyan.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Banyan.Mesh.Tests.Http2;

/// <summary>Kestrel, speaking one version of HTTP: sends bodies back, and says what it saw.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private EchoServer(bool http2)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Listen(IPAddress.Loopback, Port, listen => listen.Protocols = http2 ? HttpProtocols.Http2 : HttpProtocols.Http1);
        });
        _app = builder.Build();
        _app.Run(EchoAsync);
    }

    public int Port { get; } = FreePorts.Next();

    public string Address => $"127.0.0.1:{Port}";

    public static async Task<EchoServer> StartAsync(bool http2)
    {
        var server = new EchoServer(http2);
        await server._app.StartAsync();
        return server;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task EchoAsync(HttpContext context)
    {
        var response = context.Response;
        response.Headers["x-saw"] = $"{context.Request.Protocol} {context.Request.Method} {context.Request.Path}{context.Request.QueryString} {context.Request.Host}";
        response.Headers["x-length"] = context.Request.ContentLength?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none";
        if (context.Request.Path == "/empty")
        {
            response.StatusCode = 204;
            return;
        }

        if (context.Request.Path == "/large")
        {
            var megabyte = new byte[1024 * 1024];
            for (var i = 0; i < 32; i++)
            {
                await response.Body.WriteAsync(megabyte, context.RequestAborted);
            }

            return;
        }

        if (context.Request.Query.ContainsKey("length"))
        {
            response.ContentLength = context.Request.ContentLength;
        }

        if (response.SupportsTrailers())
        {
            response.DeclareTrailer("x-end");
        }

        // Read first: HttpClient reads nothing of the answer before its body is sent.
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        await response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length));
        if (response.SupportsTrailers())
        {
            response.AppendTrailer("x-end", "sent");
        }
    }
}
