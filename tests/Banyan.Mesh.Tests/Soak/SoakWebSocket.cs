using System.Net;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Banyan.Mesh.Tests.Soak;

/// <summary>Sessions of WebSocket: the client sends messages, the server sends each back with bytes of its own, and the client ends it.</summary>
internal static class SoakWebSocket
{
    private const int MostMessages = 30, MostBytes = 100_000;

    /// <summary>The server's half.</summary>
    public static async Task ServeAsync(HttpContext context, long id, SoakPace pace)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        for (long at = 0; ; )
        {
            if (await ReceiveAsync(socket, SoakStream.Upload(id), at, context.RequestAborted) is not { } count)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, context.RequestAborted);
                return;
            }

            await pace.PauseAsync(context.RequestAborted);
            await SendAsync(socket, SoakStream.Download(id), at, count, context.RequestAborted);
            at += count;
        }
    }

    /// <summary>The client's half: a session from the handshake to its end.</summary>
    public static async Task TalkAsync(int port, HttpMessageInvoker http, Random random, SoakExchange exchange, CancellationToken stop)
    {
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader(SoakExchange.IdField, exchange.IdText);
        socket.Options.HttpVersion = exchange.Protocol == SoakProtocol.WebSocketHttp2 ? HttpVersion.Version20 : HttpVersion.Version11;
        socket.Options.HttpVersionPolicy = HttpVersionPolicy.RequestVersionExact;
        socket.Options.CollectHttpResponseDetails = true;
        try
        {
            await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port}/socket"), http, stop);
        }
        catch (WebSocketException error) when (socket.HttpStatusCode != 0)
        {
            var code = socket.HttpResponseHeaders?.TryGetValue("x-banyan-error", out var values) == true ? values.First() : "not of a sidecar";
            throw new HttpRequestException($"{(int)socket.HttpStatusCode} {code}", error);
        }

        var pace = SoakPace.Of(random);
        long at = 0;
        for (var message = random.Next(1, MostMessages); message > 0; message--)
        {
            var size = random.Next(MostBytes);
            var answer = ReceiveAsync(socket, SoakStream.Download(exchange.Id), at, stop);
            await SendWhileReceivingAsync(SendAsync(socket, SoakStream.Upload(exchange.Id), at, size, stop), answer);
            if (await answer is var count && count != size)
            {
                throw new WrongByteException($"a message of {count?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "no"} instead of {size} bytes");
            }

            at += size;
            await pace.PauseAsync(stop);
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, stop);
    }

    /// <summary>Sends to the end, or until receiving failed.</summary>
    /// <remarks>
    /// Over HTTP/2 a .NET client that waits for credit to send is not woken by the RST_STREAM of its stream, only who receives is told.
    /// </remarks>
    private static async Task SendWhileReceivingAsync(Task sending, Task answer)
    {
        if (await Task.WhenAny(sending, answer) == answer && !answer.IsCompletedSuccessfully)
        {
            // With the socket ends what is left of it.
            _ = sending.ContinueWith(static sent => sent.Exception, TaskScheduler.Default);
            await answer;
        }

        await sending;
    }

    private static async Task SendAsync(System.Net.WebSockets.WebSocket socket, long number, long at, int size, CancellationToken stop)
    {
        var bytes = new byte[size];
        SoakBytes.Fill(bytes, number, at);
        await socket.SendAsync(bytes, WebSocketMessageType.Binary, endOfMessage: true, stop);
    }

    /// <summary>The size of the next message; null when the peer closes in order.</summary>
    private static async Task<int?> ReceiveAsync(System.Net.WebSockets.WebSocket socket, long number, long at, CancellationToken stop)
    {
        var buffer = new byte[16 * 1024];
        var size = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), stop);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            SoakBytes.Check(buffer.AsSpan(0, part.Count), number, at + size, "message");
            size += part.Count;
            if (part.EndOfMessage)
            {
                return size;
            }
        }
    }
}
