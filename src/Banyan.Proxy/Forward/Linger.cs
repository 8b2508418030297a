using Banyan.Proxy.Accept;
using Banyan.Proxy.Reactor;

namespace Banyan.Proxy.Forward;

/// <summary>Ends a connection whose client still sends: a close with unread bytes would reset it and take the answer away
/// before it is read (RFC 9112 §9.6).</summary>
internal static class Linger
{
    private const long TimeoutMs = 2_000;
    private const int MaxBytes = 1024 * 1024;

    internal static async ReactorTask Drain(Downstream client)
    {
        client.Sock.ShutdownWrite();
        var deadline = client.Worker.Loop.NowMs + TimeoutMs;
        var left = MaxBytes;
        while (left > 0 && await client.Sock.Readable(deadline) == Wait.Ready)
        {
            var n = client.Sock.TryRead(client.Worker.Scratch);
            if (n is 0 or Sock.Failed)
            {
                return;
            }

            left -= Math.Max(n, 0);
        }
    }
}
