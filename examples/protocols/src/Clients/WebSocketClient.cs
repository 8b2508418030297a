using System.Net.WebSockets;
using System.Text;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>WebSocket over HTTP/1.1, through the proxy variables: .NET does that by CONNECT.</summary>
internal static class WebSocketClient
{
    private const int Messages = 10;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Loop[] Loops() => [new Loop("chat", Pause, ChatAsync)];

    /// <summary>Answers each message with its own text, and some more so that it has several frames' length.</summary>
    private static async Task ChatAsync(CancellationToken stop)
    {
        using var socket = new ClientWebSocket();
        try
        {
            await socket.ConnectAsync(new Uri("ws://websocket/chat"), stop);
            var buffer = new byte[256];
            for (var i = 0; i < Messages; i++)
            {
                var result = await socket.ReceiveAsync(buffer, stop);
                var text = Encoding.ASCII.GetString(buffer, 0, result.Count);
                var answer = Encoding.ASCII.GetBytes($"{text} {new string('x', 10_000 * i)}");
                await socket.SendAsync(answer, WebSocketMessageType.Text, endOfMessage: true, stop);
            }

            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, stop);
        }
        catch (WebSocketException exception)
        {
            throw new IOException(exception.Message, exception);
        }
    }
}
