namespace Banyan.Examples.Protocols.Backends;

/// <summary>HTTP/1.1: kept connections, bodies in chunks, trailers; and requests that began as HTTP/2.</summary>
internal static class Http1Backend
{
    private const string KeepAlive = "keepAlive";
    private const string Chunked = "chunked";
    private const string Trailers = "trailers";
    private const string Translated = "translated";

    public static Task RunAsync()
    {
        var tally = new Tally()
            .With(KeepAlive, "requests", "connections")
            .With(Chunked, "intact", "damaged", "notChunked")
            .With(Trailers, "requests", "arrived", "returned")
            .With(Translated, "intact", "damaged", "returned");
        var app = Host.Create(tally, ("", Host.Http1), ("TRANSLATED", Host.Http1));
        app.MapGet("/keep-alive", (HttpContext context) => Keep(context, tally));
        app.MapPost("/chunked", (HttpContext context) => ChunksAsync(context, tally));
        app.MapPost("/trailers", (HttpContext context) => TrailersAsync(context, tally));
        app.MapPost("/translated", (HttpContext context) => TranslatedAsync(context, tally));
        return app.RunAsync();
    }

    private static string Keep(HttpContext context, Tally tally)
    {
        tally.Add(KeepAlive, "requests");
        tally.AddNew(KeepAlive, "connections", context.Connection.Id);
        return "kept";
    }

    private static async Task ChunksAsync(HttpContext context, Tally tally)
    {
        var request = context.Request;
        var hash = await Bodies.HashAsync(request);
        var isChunked = request.ContentLength is null && request.Headers.TransferEncoding == "chunked";
        tally.Add(Chunked, !isChunked ? "notChunked" : hash == request.Headers[Bodies.Checksum] ? "intact" : "damaged");

        // Without a length the answer is chunked too.
        await context.Response.StartAsync();
        await context.Response.WriteAsync(hash);
    }

    /// <summary>
    /// A trailer of the request has the body's checksum; one of the response a receipt that comes back with the next
    /// request.
    /// </summary>
    private static async Task TrailersAsync(HttpContext context, Tally tally)
    {
        tally.Add(Trailers, "requests");
        tally.TakeBack(Trailers, "returned", context.Request.Headers[Bodies.Receipt]);
        var hash = await Bodies.HashAsync(context.Request);
        if (Bodies.Trailer(context.Request) == hash)
        {
            tally.Add(Trailers, "arrived");
        }

        await Bodies.AnswerInChunksAsync(context.Response, tally.Receipt(Trailers));
    }

    private static async Task TranslatedAsync(HttpContext context, Tally tally)
    {
        tally.TakeBack(Translated, "returned", context.Request.Headers[Bodies.Receipt]);
        var hash = await Bodies.HashAsync(context.Request);
        tally.Add(Translated, hash == context.Request.Headers[Bodies.Checksum] ? "intact" : "damaged");
        await Bodies.AnswerInChunksAsync(context.Response, tally.Receipt(Translated));
    }
}
