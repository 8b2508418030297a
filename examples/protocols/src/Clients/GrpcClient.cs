using System.Net;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>gRPC over HTTP/2 without TLS, to a fixed local port; protocols.proto has the methods.</summary>
internal static class GrpcClient
{
    private const int Messages = 20;
    private const int TimeoutMilliseconds = 250;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Loop[] Loops()
    {
        var http = new HttpClient();
        var (unary, server, client) = ("", "", "");
        return
        [
            new Loop("Unary", Pause, async stop => unary = await LastAsync(http, "Unary", [unary], stop)),
            new Loop("ServerStreaming", Pause, async stop =>
                server = await LastAsync(http, "ServerStreaming", [server], stop)),
            new Loop("ClientStreaming", Pause, async stop => client = await LastAsync(
                http, "ClientStreaming", [client, .. Enumerable.Range(1, Messages).Select(i => $"{i}")], stop)),
            new Loop("Bidirectional", Pause, stop => BidirectionalAsync(http, stop)),
            new Loop("Late", Pause, stop => LateAsync(http, stop)),
            new Loop("Missing", Pause, stop => ReadAsync(http, "Missing", ["?"], stop)),
        ];
    }

    private static async Task<string> LastAsync(
        HttpClient http, string method, string[] texts, CancellationToken stop) =>
        (await ReadAsync(http, method, texts, stop)).LastOrDefault("");

    private static async Task<List<string>> ReadAsync(
        HttpClient http, string method, string[] texts, CancellationToken stop)
    {
        using var call = await GrpcCall.StartAsync(http, method, timeout: null, stop);
        foreach (var text in texts)
        {
            await call.WriteAsync(text, stop);
        }

        call.FinishWriting();
        List<string> answers = [];
        while (await call.ReadAsync(stop) is { } text)
        {
            answers.Add(text);
        }

        return answers;
    }

    /// <summary>Every message but the first brings back what the answer to the last one said.</summary>
    private static async Task BidirectionalAsync(HttpClient http, CancellationToken stop)
    {
        using var call = await GrpcCall.StartAsync(http, "Bidirectional", timeout: null, stop);
        var text = "";
        for (var i = 0; i < Messages; i++)
        {
            await call.WriteAsync(text, stop);
            text = await call.ReadAsync(stop) ?? throw new InvalidDataException("the answers ended early");
        }

        call.FinishWriting();
        while (await call.ReadAsync(stop) is not null)
        {
            // The end of the stream is the end of the call.
        }
    }

    /// <summary>Says how long it would wait, and leaves it to the sidecar to end the call then.</summary>
    private static async Task LateAsync(HttpClient http, CancellationToken stop)
    {
        using var call = await GrpcCall.StartAsync(http, "Late", $"{TimeoutMilliseconds}m", stop);
        await call.WriteAsync($"{TimeoutMilliseconds}", stop);
        call.FinishWriting();
        await call.ReadAsync(stop);
    }
}
