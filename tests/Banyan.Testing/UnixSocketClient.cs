using System.Net.Sockets;

namespace Banyan.Testing;

/// <summary>HTTP clients that speak over a unix socket instead of TCP.</summary>
public static class UnixSocketClient
{
    /// <summary>A client of the server behind that socket; relative addresses are enough.</summary>
    public static HttpClient Create(string path) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        ConnectCallback = async (_, cancel) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        },
    })
    {
        BaseAddress = new Uri("http://localhost"),
    };
}
