using Banyan.Proxy.Accept;
using Banyan.Proxy.Http;
using Banyan.Proxy.Identity;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Snapshot;
using Banyan.Wire.Tls;

namespace Banyan.Proxy.Tls;

/// <summary>Tells other sidecars, who offer an application protocol of ours, from all else that calls on a permissive listener.</summary>
/// <remarks>Looks at the bytes and leaves them in the socket: whoever is next, TLS or the application's protocol, begins with them.</remarks>
internal static class HopHello
{
    /// <summary>Who calls.</summary>
    internal enum Verdict : byte
    {
        /// <summary>Another sidecar.</summary>
        Sidecar,

        /// <summary>Anything else, TLS of the application's own too.</summary>
        Plaintext,

        /// <summary>The connection is over.</summary>
        Gone,
    }

    /// <summary>A connection without a word, milliseconds.</summary>
    private const long IdleMs = 300_000;

    private static byte[][] Protocols { get; } = [.. IdentityHolder.HopProtocols.Select(System.Text.Encoding.ASCII.GetBytes)];

    /// <summary>Waits for the first bytes as long as the port's protocol allows, and tells.</summary>
    internal static async ReactorTask<Verdict> Look(Downstream client)
    {
        var loop = client.Worker.Loop;
        var sock = client.Sock;
        var listener = client.Acceptor.Config;
        var isHttp = listener.Protocol == PortProtocol.Http;
        var timeout = (long)listener.Http.HeadTimeout.TotalMilliseconds;

        // Where the server may speak first, silence means that it is waited for.
        var deadline = loop.NowMs + (isHttp ? IdleMs : Peek.SilenceMs);
        var begun = false;
        while (!client.Worker.IsOver(listener.Role))
        {
            var wait = await sock.Readable(deadline);
            if (wait == Wait.TimedOut)
            {
                // What came is still there.
                sock.RecallReadable();
                return Verdict.Plaintext;
            }

            if (wait != Wait.Ready)
            {
                return Verdict.Gone;
            }

            var status = Judge(client, out var seen);
            if (status != ClientHelloStatus.Incomplete || sock.PeerFinished)
            {
                return status == ClientHelloStatus.Complete ? Verdict.Sidecar : Verdict.Plaintext;
            }

            if (seen > 0 && !begun)
            {
                begun = true;
                deadline = isHttp && timeout > 0 ? loop.NowMs + timeout : deadline;
            }

            // The next bytes wake it: those that are there stay.
            sock.ForgetReadable();
        }

        return Verdict.Gone;
    }

    /// <summary>Complete: a ClientHello of another sidecar. Incomplete: it may become one.</summary>
    private static ClientHelloStatus Judge(Downstream client, out int seen)
    {
        var scratch = client.Worker.Scratch.AsSpan();
        var input = scratch.Slice(ClientHello.ScratchSize, ClientHello.MaxInput);
        seen = Math.Max(0, client.Sock.TryPeek(input));
        if (seen == 0)
        {
            return ClientHelloStatus.Incomplete;
        }

        var status = ClientHello.Read(input[..seen], scratch[..ClientHello.ScratchSize], out var hello, out _);
        return status == ClientHelloStatus.Complete && !IsOurs(hello.Protocols) ? ClientHelloStatus.NotTls : status;
    }

    private static bool IsOurs(ReadOnlySpan<byte> offered)
    {
        for (var at = 0; at < offered.Length; at += offered[at] + 1)
        {
            var name = offered.Slice(at + 1, offered[at]);
            foreach (var ours in Protocols)
            {
                if (name.SequenceEqual(ours))
                {
                    return true;
                }
            }
        }

        return false;
    }
}
