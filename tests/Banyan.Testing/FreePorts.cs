using System.Net;
using System.Net.Sockets;

namespace Banyan.Testing;

/// <summary>
/// Loopback ports from below the ephemeral range, proved free by binding them. Never handed out twice by one process;
/// each process begins somewhere else, so that suites running side by side do not meet.
/// </summary>
public static class FreePorts
{
    private const int First = 20000;
    private const int Count = 12000;

    private static int _next = Random.Shared.Next(Count);

    /// <summary>The next free port.</summary>
    public static int Next()
    {
        for (var tries = 0; tries < Count; tries++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"no free port between {First} and {First + Count}");
    }

    /// <summary>The next free port as <c>127.0.0.1:PORT</c>.</summary>
    public static string NextAddress() => $"127.0.0.1:{Next()}";

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Any, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
