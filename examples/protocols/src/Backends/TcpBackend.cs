using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace Banyan.Examples.Protocols.Backends;

/// <summary>Bytes that are no HTTP: an echo behind the client's half-close, and a server that speaks first.</summary>
internal static class TcpBackend
{
    private const string Echo = "echo";
    private const string Greet = "greet";

    /// <summary>Length of a receipt in hexadecimal digits, and of a SHA-256 in bytes.</summary>
    private const int FieldLength = 32;

    public static async Task RunAsync()
    {
        var tally = new Tally()
            .With(Echo, "connections", "bytes", "intact", "damaged", "returned")
            .With(Greet, "connections", "returned");
        await using var app = Host.Create(tally, ("", Host.Http1));
        using var echo = new TcpListener(IPAddress.Loopback, Host.Port("ECHO"));
        using var greet = new TcpListener(IPAddress.Loopback, Host.Port("GREET"));
        var stop = app.Lifetime.ApplicationStopping;
        var accepting = Task.WhenAll(
            AcceptAsync(echo, socket => EchoAsync(socket, tally, stop), stop),
            AcceptAsync(greet, socket => GreetAsync(socket, tally, stop), stop));
        await app.RunAsync();
        await accepting;
    }

    private static async Task AcceptAsync(TcpListener listener, Func<Socket, Task> serve, CancellationToken stop)
    {
        listener.Start();
        while (!stop.IsCancellationRequested)
        {
            try
            {
                _ = ServeAsync(await listener.AcceptSocketAsync(stop), serve);
            }
            catch (OperationCanceledException)
            {
                // Told to stop.
            }
        }
    }

    private static async Task ServeAsync(Socket socket, Func<Socket, Task> serve)
    {
        using var owned = socket;
        try
        {
            await serve(socket);
        }
        catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
        {
            // The counters say what did not happen.
        }
    }

    /// <summary>
    /// Reads until the client has said all: a receipt from before, the SHA-256 of the rest, the rest. Only then a new
    /// receipt and the same bytes go back, so an echo that arrives has passed a half-closed connection.
    /// </summary>
    private static async Task EchoAsync(Socket socket, Tally tally, CancellationToken stop)
    {
        tally.Add(Echo, "connections");
        using var all = new MemoryStream();
        await using var stream = new NetworkStream(socket);
        await stream.CopyToAsync(all, stop);
        var bytes = all.ToArray();
        tally.Add(Echo, "bytes", bytes.Length);
        if (bytes.Length < 2 * FieldLength
            || !SHA256.HashData(bytes.AsSpan(2 * FieldLength)).SequenceEqual(bytes[FieldLength..(2 * FieldLength)]))
        {
            tally.Add(Echo, "damaged");
            return;
        }

        tally.Add(Echo, "intact");
        tally.TakeBack(Echo, "returned", Encoding.ASCII.GetString(bytes, 0, FieldLength));
        await stream.WriteAsync(Encoding.ASCII.GetBytes(tally.Receipt(Echo)), stop);
        await stream.WriteAsync(bytes.AsMemory(2 * FieldLength), stop);
    }

    /// <summary>The client has nothing to say before it has heard the greeting.</summary>
    private static async Task GreetAsync(Socket socket, Tally tally, CancellationToken stop)
    {
        tally.Add(Greet, "connections");
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Encoding.ASCII.GetBytes(tally.Receipt(Greet)), stop);
        var answer = new byte[FieldLength];
        await stream.ReadExactlyAsync(answer, stop);
        tally.TakeBack(Greet, "returned", Encoding.ASCII.GetString(answer));
    }
}
