using Microsoft.AspNetCore.Http.Features;

namespace Banyan.Examples.Protocols.Backends;

/// <summary>gRPC: each shape of a call, deadlines, and an error without a message.</summary>
internal static class GrpcBackend
{
    private const string Unary = "unary";
    private const string ServerStreaming = "serverStreaming";
    private const string ClientStreaming = "clientStreaming";
    private const string Bidirectional = "bidirectional";
    private const string Late = "late";
    private const string Missing = "missing";
    private const string NotFound = "5";

    /// <summary>Messages of one answer.</summary>
    private const int Messages = 20;

    private static readonly TimeSpan TooLong = TimeSpan.FromSeconds(30);

    public static Task RunAsync()
    {
        var tally = new Tally()
            .With(Unary, "calls", "returned")
            .With(ServerStreaming, "calls", "messages", "returned")
            .With(ClientStreaming, "calls", "messages", "returned")
            .With(Bidirectional, "calls", "messages", "returned")
            .With(Late, "calls", "bounded", "ended")
            .With(Missing, "calls");
        var app = Host.Create(tally, ("", Host.Http1), ("WEB", Host.Http2));
        Map(app, "Unary", context => UnaryAsync(context, tally));
        Map(app, "ServerStreaming", context => ServerStreamingAsync(context, tally));
        Map(app, "ClientStreaming", context => ClientStreamingAsync(context, tally));
        Map(app, "Bidirectional", context => BidirectionalAsync(context, tally));
        Map(app, "Late", context => LateAsync(context, tally));
        Map(app, "Missing", context => MissingAsync(context, tally));
        return app.RunAsync();
    }

    private static void Map(WebApplication app, string method, Func<HttpContext, Task> answer) =>
        app.MapPost($"/examples.v1.Protocols/{method}", async context =>
        {
            context.Response.ContentType = "application/grpc";
            await answer(context);
        });

    private static async Task UnaryAsync(HttpContext context, Tally tally)
    {
        tally.Add(Unary, "calls");
        tally.TakeBack(Unary, "returned", await ReadAsync(context));
        await FinishAsync(context, tally.Receipt(Unary));
    }

    private static async Task ServerStreamingAsync(HttpContext context, Tally tally)
    {
        tally.Add(ServerStreaming, "calls");
        tally.TakeBack(ServerStreaming, "returned", await ReadAsync(context));
        for (var i = 1; i < Messages; i++)
        {
            await GrpcText.WriteAsync(context.Response.Body, $"{i}", context.RequestAborted);
            tally.Add(ServerStreaming, "messages");
        }

        await FinishAsync(context, tally.Receipt(ServerStreaming));
    }

    private static async Task ClientStreamingAsync(HttpContext context, Tally tally)
    {
        tally.Add(ClientStreaming, "calls");
        while (await ReadAsync(context) is { } text)
        {
            tally.Add(ClientStreaming, "messages");
            tally.TakeBack(ClientStreaming, "returned", text);
        }

        await FinishAsync(context, tally.Receipt(ClientStreaming));
    }

    /// <summary>Each answer's receipt comes back with the next message: nobody waited for the other's end.</summary>
    private static async Task BidirectionalAsync(HttpContext context, Tally tally)
    {
        tally.Add(Bidirectional, "calls");
        while (await ReadAsync(context) is { } text)
        {
            tally.Add(Bidirectional, "messages");
            tally.TakeBack(Bidirectional, "returned", text);
            await GrpcText.WriteAsync(context.Response.Body, tally.Receipt(Bidirectional), context.RequestAborted);
        }

        Status(context, "0");
    }

    /// <summary>Answers nothing, until it is told that nobody waits any more.</summary>
    private static async Task LateAsync(HttpContext context, Tally tally)
    {
        tally.Add(Late, "calls");
        if (Timeout(context.Request.Headers["grpc-timeout"]) is { } left
            && int.TryParse(await ReadAsync(context), out var asked)
            && left <= TimeSpan.FromMilliseconds(asked))
        {
            tally.Add(Late, "bounded");
        }

        try
        {
            await Task.Delay(TooLong, TimeProvider.System, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            tally.Add(Late, "ended");
        }
    }

    private static async Task MissingAsync(HttpContext context, Tally tally)
    {
        tally.Add(Missing, "calls");
        await ReadAsync(context);

        // No body: the status is in the only block of fields.
        context.Response.Headers["grpc-status"] = NotFound;
        context.Response.Headers["grpc-message"] = "nothing here";
    }

    private static Task<string?> ReadAsync(HttpContext context) =>
        GrpcText.ReadAsync(context.Request.Body, context.RequestAborted);

    private static async Task FinishAsync(HttpContext context, string text)
    {
        await GrpcText.WriteAsync(context.Response.Body, text, context.RequestAborted);
        Status(context, "0");
    }

    private static void Status(HttpContext context, string status) =>
        context.Features.GetRequiredFeature<IHttpResponseTrailersFeature>().Trailers["grpc-status"] = status;

    /// <summary>Reads <c>grpc-timeout</c>: digits and a unit.</summary>
    private static TimeSpan? Timeout(string? text)
    {
        if (text is not { Length: > 1 } || !long.TryParse(text.AsSpan(0, text.Length - 1), out var number))
        {
            return null;
        }

        return text[^1] switch
        {
            'H' => TimeSpan.FromHours(number),
            'M' => TimeSpan.FromMinutes(number),
            'S' => TimeSpan.FromSeconds(number),
            'm' => TimeSpan.FromMilliseconds(number),
            'u' => TimeSpan.FromMicroseconds(number),
            'n' => TimeSpan.FromMicroseconds(number / 1000.0),
            _ => null,
        };
    }
}
