using System.Net;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Banyan.Examples.Protocols.Backends;

/// <summary>What all backends have in common: ports on loopback, and a page with their counters.</summary>
internal static class Host
{
    /// <summary>A server that listens where <c>banyan up</c> says.</summary>
    /// <param name="tally">The counters.</param>
    /// <param name="ports">What stands behind <c>PORT_</c> in its variable, or nothing; and what it speaks.</param>
    public static WebApplication Create(Tally tally, params (string Name, Action<ListenOptions> Listen)[] ports)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            foreach (var (name, listen) in ports)
            {
                kestrel.Listen(IPAddress.Loopback, Port(name), listen);
            }
        });
        var app = builder.Build();
        app.MapGet("/healthz", () => "ok");
        app.MapGet("/counters", () => tally.Read());
        return app;
    }

    /// <summary>HTTP/1.1.</summary>
    public static void Http1(ListenOptions options) => options.Protocols = HttpProtocols.Http1;

    /// <summary>HTTP/2 without TLS, by prior knowledge.</summary>
    public static void Http2(ListenOptions options) => options.Protocols = HttpProtocols.Http2;

    /// <summary>A port of the environment.</summary>
    public static int Port(string name)
    {
        var variable = name.Length == 0 ? "PORT" : $"PORT_{name}";
        return int.TryParse(Environment.GetEnvironmentVariable(variable), out var port)
            ? port
            : throw new InvalidOperationException($"{variable} is not set: 'banyan up' sets it");
    }
}
