using Banyan.Proxy.Accept;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Http;

/// <summary>Stage "detect", its waiting half: reads until <see cref="Detect"/> can tell. What was read stays in
/// <see cref="Downstream.In"/>.</summary>
internal static class Peek
{
    /// <summary>A client that says too little for this long on an undeclared port waits for the server to speak first.</summary>
    internal const long SilenceMs = 1_000;

    /// <summary>What a new connection speaks: what its listener declares, else what comes.
    /// <see cref="DetectedProtocol.Incomplete"/>: it ended before it said anything.</summary>
    internal static async ReactorTask<DetectedProtocol> Connection(Downstream client)
    {
        var listener = client.Acceptor.Config;
        if (listener.Role == ListenerRole.Outbound || listener.Protocol == PortProtocol.Http)
        {
            return await Declared(client);
        }

        return listener.Protocol == PortProtocol.Tcp
            ? DetectedProtocol.Other
            : await Undeclared(client, listener.Target);
    }

    /// <summary>HTTP is declared: which version.</summary>
    internal static async ReactorTask<DetectedProtocol> Declared(Downstream client)
    {
        if (!await Receive.FirstBytes(client))
        {
            return DetectedProtocol.Incomplete;
        }

        var timeout = (long)client.Acceptor.Config.Http.HeadTimeout.TotalMilliseconds;
        var deadline = timeout == 0 ? long.MaxValue : client.Worker.Loop.NowMs + timeout;
        while (true)
        {
            var verdict = Detect.Version(client.In!.Valid);
            if (verdict != DetectedProtocol.Incomplete)
            {
                return verdict;
            }

            if (await More(client, deadline) != PeekOutcome.Bytes)
            {
                // Half a preface is a malformed request line: HTTP/1 has the words for it.
                return DetectedProtocol.Http1;
            }
        }
    }

    /// <summary>Nothing is declared: the first bytes tell, or their absence.</summary>
    /// <param name="client">The connection.</param>
    /// <param name="target">Where it leads, for the metric of undeclared ports; null when that is not known.</param>
    internal static async ReactorTask<DetectedProtocol> Undeclared(Downstream client, TargetConfig? target)
    {
        var deadline = client.Worker.Loop.NowMs + SilenceMs;
        while (true)
        {
            var verdict = client.In is null ? DetectedProtocol.Incomplete : Detect.Protocol(client.In.Valid);
            if (verdict == DetectedProtocol.Incomplete)
            {
                switch (await More(client, deadline))
                {
                    case PeekOutcome.Bytes:
                        continue;
                    case PeekOutcome.Gone:
                        return DetectedProtocol.Incomplete;
                    default:
                        // Too slow for HTTP, or finished before the server said a word: the server will know.
                        break;
                }
            }

            client.Worker.Metrics.UndeclaredPorts.Of(target?.EdgeLabel ?? 0).Found(verdict);
            return verdict == DetectedProtocol.Incomplete ? DetectedProtocol.Other : verdict;
        }
    }

    /// <summary>Reads more into <see cref="Downstream.In"/>, which grows to 64 KiB.</summary>
    internal static async ReactorTask<PeekOutcome> More(Downstream client, long deadline)
    {
        while (true)
        {
            if (client.Worker.IsOver(client.Acceptor.Config.Role))
            {
                return PeekOutcome.Gone;
            }

            var wait = await client.Sock.Readable(deadline);
            if (wait != Wait.Ready)
            {
                return wait == Wait.TimedOut ? PeekOutcome.Silence : PeekOutcome.Gone;
            }

            var buffer = client.In ?? client.Worker.Buffers.Rent(BufferPool.Small);
            if (buffer.Room.IsEmpty)
            {
                if (client.Worker.Buffers.MakeRoom(buffer) is not { } larger)
                {
                    return PeekOutcome.Silence;
                }

                buffer = larger;
                client.In = larger;
            }

            var n = client.Sock.TryRead(buffer.Room);
            if (n > 0)
            {
                buffer.End += n;
                client.In = buffer;
                return PeekOutcome.Bytes;
            }

            if (client.In is null)
            {
                client.Worker.Buffers.Return(buffer);
            }

            if (n != Sock.WouldBlock)
            {
                return n == 0 ? PeekOutcome.Silence : PeekOutcome.Gone;
            }
        }
    }
}
