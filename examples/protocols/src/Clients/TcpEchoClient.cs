using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Banyan.Examples.Protocols.Clients;

/// <summary>Bytes that are no HTTP, to fixed local ports.</summary>
internal static class TcpEchoClient
{
    private const int ReceiptLength = 32;
    private const int MostBytes = 500_000;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    public static Loop[] Loops()
    {
        var receipt = new string('0', ReceiptLength);
        return
        [
            new Loop("echo", Pause, async stop => receipt = await EchoAsync(receipt, stop)),
            new Loop("greet", Pause, GreetAsync),
        ];
    }

    /// <summary>Says all, says that it was all, and only then hears the same again with a receipt before it.</summary>
    private static async Task<string> EchoAsync(string receipt, CancellationToken stop)
    {
        var bytes = RandomNumberGenerator.GetBytes(RandomNumberGenerator.GetInt32(MostBytes));
        using var client = await ConnectAsync(9000, stop);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(receipt), stop);
        await stream.WriteAsync(SHA256.HashData(bytes), stop);
        await stream.WriteAsync(bytes, stop);
        client.Client.Shutdown(SocketShutdown.Send);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, stop);
        var echo = answer.ToArray();
        return echo.AsSpan(Math.Min(ReceiptLength, echo.Length)).SequenceEqual(bytes)
            ? Encoding.ASCII.GetString(echo, 0, ReceiptLength)
            : throw new InvalidDataException("the echo is not what was said");
    }

    private static async Task GreetAsync(CancellationToken stop)
    {
        using var client = await ConnectAsync(9001, stop);
        await using var stream = client.GetStream();
        var greeting = new byte[ReceiptLength];
        await stream.ReadExactlyAsync(greeting, stop);
        await stream.WriteAsync(greeting, stop);
    }

    private static async Task<TcpClient> ConnectAsync(int port, CancellationToken stop)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPEndPoint.Parse(Setting.Upstream("tcp", port)), stop);
        return client;
    }
}
