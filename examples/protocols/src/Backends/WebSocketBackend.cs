using System.Net.WebSockets;
using System.Text;

namespace Banyan.Examples.Protocols.Backends;

/// <summary>WebSocket: messages both ways on one connection, and an end that both agree on.</summary>
internal static class WebSocketBackend
{
    private const string Chat = "chat";

    public static Task RunAsync()
    {
        var tally = new Tally().With(Chat, "connections", "messages", "bytes", "returned", "closed");
        var app = Host.Create(tally, ("", Host.Http1), ("WEB", Host.Http1));
        app.UseWebSockets();
        app.Map("/chat", (HttpContext context) => ChatAsync(context, tally));
        return app.RunAsync();
    }

    private static async Task ChatAsync(HttpContext context, Tally tally)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        tally.Add(Chat, "connections");
        try
        {
            await ChatAsync(socket, tally, context.RequestAborted);
        }
        catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
        {
            // The counters say that it did not end in order.
        }
    }

    private static async Task ChatAsync(WebSocket socket, Tally tally, CancellationToken stop)
    {
        var buffer = new byte[4096];
        while (true)
        {
            // The server speaks first: its receipt comes back with the client's message.
            var receipt = Encoding.ASCII.GetBytes(tally.Receipt(Chat));
            await socket.SendAsync(receipt, WebSocketMessageType.Text, endOfMessage: true, stop);
            var (text, isClosed) = await ReadAsync(socket, buffer, stop);
            if (isClosed)
            {
                await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, stop);
                tally.Add(Chat, "closed");
                return;
            }

            tally.Add(Chat, "messages");
            tally.Add(Chat, "bytes", text.Length);
            tally.TakeBack(Chat, "returned", text.Split(' ')[0]);
        }
    }

    private static async Task<(string Text, bool IsClosed)> ReadAsync(
        WebSocket socket, byte[] buffer, CancellationToken stop)
    {
        var text = new StringBuilder();
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer, stop);
            text.Append(Encoding.ASCII.GetString(buffer, 0, result.Count));
            if (result.EndOfMessage || result.MessageType == WebSocketMessageType.Close)
            {
                return ($"{text}", result.MessageType == WebSocketMessageType.Close);
            }
        }
    }
}
