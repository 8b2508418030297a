using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tcp;

namespace Banyan.Proxy.Forward;

/// <summary>Connections that stop being HTTP: after CONNECT and after a protocol switch. Bytes both ways, half-close kept.</summary>
internal static class Tunnel
{
    private static byte[] ConnectedLine { get; } = "HTTP/1.1 200 Connection Established\r\n\r\n"u8.ToArray();

    /// <summary>Answers CONNECT and says what is spoken inside: requests, or bytes to be relayed.
    /// <see cref="DetectedProtocol.Incomplete"/>: the connection is over.</summary>
    /// <remarks>Where TCP is declared, the destination is connected to before the answer: a failure can still be told.</remarks>
    internal static async ReactorTask<DetectedProtocol> Connect(Exchange x)
    {
        var client = x.Client;
        var failure = x.Listener.Role != ListenerRole.Outbound || client.ConnectAuthority is not null
            ? Failure.NoRoute
            : await Dial.Locate(x);
        if (failure != Failure.None)
        {
            return await Refuse(x, failure);
        }

        var target = x.Target!;
        client.ConnectAuthority = Locate.Authority(x).ToArray();
        if (target.Protocol == PortProtocol.Tcp)
        {
            failure = await Dial.Open(x);
            if (failure != Failure.None)
            {
                return await Refuse(x, failure);
            }

            client.Relay = new TcpRelay(x);
        }

        x.Answered = true;
        x.Status = 200;
        client.Worker.Count(Counter.Tunnels);
        if (!await Send.Range(client.Sock, ConnectedLine, 0, ConnectedLine.Length, x.IdleMs))
        {
            client.Relay?.Abandon();
            return DetectedProtocol.Incomplete;
        }

        client.Consume(client.In!.Start + x.Request.Length);
        return target.Protocol switch
        {
            PortProtocol.Tcp => DetectedProtocol.Other,
            PortProtocol.Http => await Peek.Declared(client),
            _ => await Peek.Undeclared(client, target),
        };
    }

    /// <summary>Relays after a 101 until both sides are done.</summary>
    internal static async ReactorTask Upgraded(Exchange x)
    {
        x.Worker.Count(Counter.Tunnels);
        x.Client.Sock.IdleEvent = null;
        var end = await new BytePump(x.Worker, x.Client.Sock, x.Upstream!.Sock).Run(x.Client.In, x.Upstream.In);
        var reset = end is PumpEnd.LeftReset or PumpEnd.RightReset;
        x.Endpoint!.InFlight--;
        x.Upstream.Close(reset);
        x.Upstream = null;
        x.ResetClient = reset;
    }

    private static async ReactorTask<DetectedProtocol> Refuse(Exchange x, Failure failure)
    {
        await Answer.Failure(x, failure);
        x.CloseClient = true;
        Recorder.Record(x, failure);
        return DetectedProtocol.Incomplete;
    }
}
