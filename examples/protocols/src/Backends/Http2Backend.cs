using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http.Features;

namespace Banyan.Examples.Protocols.Backends;

/// <summary>
/// HTTP/2 without TLS, by prior knowledge, and nothing else: streams at the same time, trailers; and requests that began
/// as HTTP/1.1.
/// </summary>
internal static class Http2Backend
{
    private const string Multiplexed = "multiplexed";
    private const string Trailers = "trailers";
    private const string Translated = "translated";

    /// <summary>Long enough that requests sent together are here together.</summary>
    private static readonly TimeSpan Stay = TimeSpan.FromMilliseconds(20);

    private static readonly ConcurrentDictionary<string, int> Present = new(StringComparer.Ordinal);

    public static Task RunAsync()
    {
        var tally = new Tally()
            .With(Multiplexed, "requests", "together")
            .With(Trailers, "requests", "returned")
            .With(Translated, "requests", "arrived", "returned");
        var app = Host.Create(
            tally, ("", Host.Http1), ("WEB", Host.Http2), ("TRAILERS", Host.Http2), ("TRANSLATED", Host.Http2));
        app.MapGet("/multiplexed", context => StayAsync(context, tally));
        app.MapPost("/trailers", context => AnswerAsync(context, Trailers, tally));
        app.MapPost("/translated", context => AnswerAsync(context, Translated, tally));
        return app.RunAsync();
    }

    private static async Task StayAsync(HttpContext context, Tally tally)
    {
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        tally.Add(Multiplexed, "requests");
        var connection = context.Connection.Id;
        if (Present.AddOrUpdate(connection, 1, (_, before) => before + 1) > 1)
        {
            tally.Add(Multiplexed, "together");
        }

        await Task.Delay(Stay, TimeProvider.System, CancellationToken.None);
        Present.AddOrUpdate(connection, 0, (_, before) => before - 1);
    }

    /// <summary>Takes the checksum from the request's trailers, and puts a receipt into the response's.</summary>
    private static async Task AnswerAsync(HttpContext context, string group, Tally tally)
    {
        if (!HttpProtocol.IsHttp2(context.Request.Protocol))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        tally.Add(group, "requests");
        tally.TakeBack(group, "returned", context.Request.Headers[Bodies.Receipt]);
        var hash = await Bodies.HashAsync(context.Request);
        if (Bodies.Trailer(context.Request) == hash)
        {
            tally.Add(group, "arrived");
        }

        await context.Response.WriteAsync("read");
        var trailers = context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers;
        trailers[Bodies.Receipt] = tally.Receipt(group);
    }
}
