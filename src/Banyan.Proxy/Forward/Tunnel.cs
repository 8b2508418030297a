using Banyan.Proxy.Accept;
using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tcp;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Forward;

/// <summary>Connections and streams that stop being HTTP: after CONNECT and after a protocol switch. Bytes both ways, half-close kept.</summary>
internal static class Tunnel
{
    private static byte[] ConnectedLine { get; } = "HTTP/1.1 200 Connection Established\r\n\r\n"u8.ToArray();

    /// <summary>Answers CONNECT and says what is spoken inside: requests, or bytes to be relayed.
    /// <see cref="DetectedProtocol.Incomplete"/>: the connection is over.</summary>
    internal static async ReactorTask<DetectedProtocol> Connect(Exchange x)
    {
        var client = x.Client;
        var failure = await Open(x);
        if (failure != Failure.None)
        {
            x.CloseClient = true;
            return DetectedProtocol.Incomplete;
        }

        var target = x.Target!;
        client.ConnectAuthority = Locate.Authority(x).ToArray();
        client.Relay = DialsFirst(target) ? new TcpRelay(x, client) : null;
        if (!await Send.Range(client.Sock, ConnectedLine, 0, ConnectedLine.Length, x.IdleMs))
        {
            client.Relay?.Abandon();
            return DetectedProtocol.Incomplete;
        }

        client.Consume(client.In!.Start + x.Request.Length);
        return await Inside(client, target);
    }

    /// <summary>Answers CONNECT on a stream and serves what is spoken inside, until both sides are done. The stream is given a
    /// connection of its own, whose other end is served like any client's.</summary>
    internal static async ReactorTask OnStream(Exchange x)
    {
        var outer = x.Client;
        var stream = x.ClientStream!;
        if (await Open(x) != Failure.None)
        {
            return;
        }

        if (SockPair.TryOpen(x.Worker.Loop) is not var (near, far))
        {
            if (DialsFirst(x.Target!))
            {
                new TcpRelay(x, outer).Abandon();
            }

            x.ResetCode = ErrorCode.ConnectError;
            return;
        }

        var inner = new Downstream(x.Worker, outer.Acceptor, far)
        {
            ConnectAuthority = Locate.Authority(x).ToArray(),
            ConnectTarget = x.Target,
        };
        inner.Relay = DialsFirst(x.Target!) ? new TcpRelay(x, inner) : null;
        x.Worker.Opened(inner);
        stream.Connection.SendHead(stream, ConnectedLine, end: false, request: false);
        stream.Forget();
        Flow.Connection(inner).Forget();

        // What is inside has limits of its own, time among them.
        var pump = new StreamPump(x.Worker, new TunnelEnd(null, stream), new TunnelEnd(near, null), observer: null, int.MaxValue);
        if (await pump.Run(null, null) == PumpEnd.Finished)
        {
            near.Close();
        }
        else
        {
            near.Abort();
            stream.Connection.SendReset(stream, ErrorCode.ConnectError);
        }
    }

    /// <summary>What is spoken inside a CONNECT to that destination.</summary>
    internal static async ReactorTask<DetectedProtocol> Inside(Downstream client, TargetConfig target) => target.Protocol switch
    {
        PortProtocol.Tcp => DetectedProtocol.Other,
        PortProtocol.Http => await Peek.Declared(client),
        _ => await Peek.Undeclared(client, target),
    };

    /// <summary>Relays after a protocol switch until both sides are done.</summary>
    internal static async ReactorTask Upgraded(Exchange x)
    {
        var worker = x.Worker;
        var endpoint = x.Endpoint!;
        var bytes = new TunnelBytes(worker);
        worker.Count(Counter.Tunnels);
        worker.Count(Counter.TunnelsActive);
        endpoint.Spoke();
        PumpEnd end;
        if (x.ClientStream is null && x.UpstreamStream is null)
        {
            end = await new BytePump(worker, x.Client.Sock, x.Upstream!.Sock, bytes, x.IdleMs).Run(x.Client.In, x.Upstream.In);
        }
        else
        {
            x.ClientStream?.Forget();
            var left = new TunnelEnd(x.ClientStream is null ? x.Client.Sock : null, x.ClientStream);
            var right = new TunnelEnd(x.Upstream?.Sock, x.UpstreamStream);
            var fromLeft = x.ClientStream is null ? x.Client.In : null;
            end = await new StreamPump(worker, left, right, bytes, x.IdleMs).Run(fromLeft, x.Upstream?.In);
        }

        worker.Count(Counter.TunnelsActive, -1);
        Recorder.CountFailure(worker, end == PumpEnd.Idle ? Failure.StreamIdle : Failure.None);
        endpoint.InFlight--;
        Close(x, end);
    }

    /// <summary>A side that did not end by itself hears a reset, as RST or RST_STREAM (RFC 8441 §5).</summary>
    private static void Close(Exchange x, PumpEnd end)
    {
        var reset = end is PumpEnd.LeftReset or PumpEnd.RightReset;
        if (x.ClientStream is { } client && end != PumpEnd.Finished)
        {
            var code = x.UpstreamStream is { ResetByPeer: true } right ? right.ResetCode : ErrorCode.Cancel;
            client.Connection.SendReset(client, code);
        }

        if (x.UpstreamStream is { } stream)
        {
            x.UpstreamStream = null;
            stream.Connection.CloseStream(stream, ErrorCode.Cancel);
        }

        x.Upstream?.Close(reset);
        x.Upstream = null;
        x.ResetClient = reset;
    }

    /// <summary>Where TCP is declared, the destination is connected to before the answer: a failure can still be told. Not so
    /// where the client's first bytes decide, which it sends after the answer.</summary>
    private static bool DialsFirst(TargetConfig target) => target.Protocol == PortProtocol.Tcp && target.ByServerName is null;

    /// <summary>Finds the destination and connects to it where that comes first. A failure has been answered and recorded.</summary>
    private static async ReactorTask<Failure> Open(Exchange x)
    {
        var failure = x.Listener.Role != ListenerRole.Outbound || x.Client.ConnectAuthority is not null
            ? Failure.NoRoute
            : await Dial.Locate(x);
        if (failure == Failure.None && DialsFirst(x.Target!))
        {
            failure = await Dial.Open(x);
        }

        if (failure != Failure.None)
        {
            await Answer.Failure(x, failure);
            Recorder.Record(x, failure);
            return failure;
        }

        x.Answered = true;
        x.Status = 200;
        x.Worker.Count(Counter.Tunnels);
        return Failure.None;
    }

    /// <summary>Counts what an upgraded connection moves.</summary>
    private sealed class TunnelBytes(Worker worker) : IPumpObserver
    {
        public void Moved(bool toRight, int bytes) =>
            worker.Count(toRight ? Counter.TunnelBytesToDestination : Counter.TunnelBytesToSource, bytes);
    }
}
