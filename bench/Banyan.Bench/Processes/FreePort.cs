using System.Net;
using System.Net.Sockets;

namespace Banyan.Bench.Processes;

/// <summary>Ports below the ephemeral range that nobody has bound.</summary>
internal static class FreePort
{
    private const int First = 18000, Last = 19999;
    private static int _next = First + Random.Shared.Next(Last - First);

    public static int Next()
    {
        for (var tries = 0; tries < Last - First; tries++)
        {
            _next = _next == Last ? First : _next + 1;
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, _next));
                return _next;
            }
            catch (SocketException)
            {
                // Taken: the next one.
            }
        }

        throw new BenchFailure($"no free port from {First} to {Last}");
    }
}
