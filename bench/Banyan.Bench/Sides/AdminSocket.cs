using System.Net.Sockets;
using System.Text;

namespace Banyan.Bench.Sides;

/// <summary>The admin listener of a proxy, asked over its unix socket.</summary>
internal sealed class AdminSocket(string path)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>The body of a 200 answer; null for anything else, a listener that is not there yet included.</summary>
    public string? Get(string target)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            {
                ReceiveTimeout = (int)Limit.TotalMilliseconds,
                SendTimeout = (int)Limit.TotalMilliseconds,
            };
            socket.Connect(new UnixDomainSocketEndPoint(path));
            socket.Send(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n"));
            using var answer = new MemoryStream();
            new NetworkStream(socket).CopyTo(answer);
            var text = Encoding.UTF8.GetString(answer.GetBuffer(), 0, (int)answer.Length);
            var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            return end > 0 && text.StartsWith("HTTP/1.1 200", StringComparison.Ordinal) ? text[(end + 4)..] : null;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
    }
}
