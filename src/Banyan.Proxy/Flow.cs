using Banyan.Proxy.Accept;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Match;
using Banyan.Proxy.Policy;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tcp;
using Banyan.Proxy.Tls;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Proxy;

/// <summary>
/// The way of a request: accept → detect → parse → authorize → match → decide → balance → forward → record.
/// One method per connection, one for its requests, one per exchange; the work is in the stages.
/// </summary>
internal static class Flow
{
    /// <summary>A client's connection from its first byte to its end.</summary>
    internal static async ReactorTask Connection(Downstream client)
    {
        if (!await HopSecurity.Admit(client))
        {
            client.Close(reset: false);
            return;
        }

        var protocol = client.ConnectTarget is { } target ? await Tunnel.Inside(client, target) : await Peek.Connection(client);
        if (protocol == DetectedProtocol.Http1)
        {
            protocol = await Requests(client);
        }

        if (protocol == DetectedProtocol.Http2)
        {
            await Http2Server.Run(client);
        }
        else if (protocol != DetectedProtocol.Incomplete)
        {
            await TcpRelay.Run(client);
        }

        client.Close(client.EndsInReset || client.Sock.IsCutOff);
    }

    /// <summary>Requests until the connection ends (<see cref="DetectedProtocol.Incomplete"/>) or a CONNECT makes it something
    /// else.</summary>
    private static async ReactorTask<DetectedProtocol> Requests(Downstream client)
    {
        var open = true;
        while (open && await Receive.FirstBytes(client))
        {
            client.Idle = false;
            var x = client.Worker.Rent();
            x.Begin(client);
            var failure = Receive.Parse(x, out var complete);
            if (failure == Failure.None && !complete)
            {
                failure = await Receive.RestOfHead(x);
            }

            x.Start();
            var inside = DetectedProtocol.Http1;
            if (failure == Failure.None && x.Request.Method == RequestMethod.Connect)
            {
                inside = await Tunnel.Connect(x);
                open = inside == DetectedProtocol.Http1;
            }
            else
            {
                await Exchange(x, failure);
                open = !x.CloseClient;
            }

            if (x.SwitchesProtocols)
            {
                await Tunnel.Upgraded(x);
                open = false;
            }

            client.EndsInReset = x.ResetClient;
            var linger = !open && x.LeavesBytes;
            client.Worker.Return(x);
            if (inside is DetectedProtocol.Http2 or DetectedProtocol.Tls or DetectedProtocol.Other)
            {
                return inside;
            }

            if (linger)
            {
                await Linger.Drain(client);
            }

            client.Idle = true;
        }

        return DetectedProtocol.Incomplete;
    }

    /// <summary>A request that came on a stream, from its head to the end of the stream.</summary>
    internal static async ReactorTask Stream(Exchange x, Failure failure)
    {
        var stream = x.ClientStream!;
        x.Start();
        if (failure == Failure.None && x.Request.Method == RequestMethod.Connect)
        {
            await Tunnel.OnStream(x);
        }
        else
        {
            await Exchange(x, failure);
        }

        if (x.SwitchesProtocols)
        {
            await Tunnel.Upgraded(x);
        }

        var code = x.ResetCode;
        x.Worker.Return(x);
        ((Http2Server)stream.Connection).Finished(stream, code);
    }

    /// <summary>One request and its response; recorded exactly once, whatever happens.</summary>
    private static async ReactorTask Exchange(Exchange x, Failure failure)
    {
        if (failure == Failure.None)
        {
            failure = x.Canonicalize();
        }

        if (failure == Failure.None)
        {
            failure = Locate.Known(x, out var unknown);
            if (unknown)
            {
                failure = await Locate.Discover(x);
            }
        }

        failure = failure == Failure.None ? Authorize.Request(x) : failure;
        if (failure == Failure.None)
        {
            failure = RouteStage.Match(x);
        }

        if (failure == Failure.None && x.Route!.Action != RouteActionKind.Forward)
        {
            await Answer.Direct(x);
        }
        else
        {
            failure = failure == Failure.None ? await Forwarded(x) : failure;
            if (failure != Failure.None)
            {
                await Answer.Failure(x, failure);
            }
        }

        x.ConsumeRequest();
        Recorder.Record(x, failure);
    }

    /// <summary>Attempts until one answers, then the answer.</summary>
    private static async ReactorTask<Failure> Forwarded(Exchange x)
    {
        var failure = await Once(x);
        while (Retry.Allows(x, failure, out var waitMs))
        {
            failure = await Retry.Prepare(x, failure, waitMs);
            failure = failure == Failure.None ? await Once(x) : failure;
        }

        if (failure == Failure.None)
        {
            failure = await Relay.Response(x);
            if (!x.SwitchesProtocols || failure != Failure.None)
            {
                await Attempt.Finish(x, failure);
            }
        }

        return failure;
    }

    /// <summary>One attempt: an endpoint, and the request to it and the response's head back.</summary>
    private static async ReactorTask<Failure> Once(Exchange x)
    {
        var failure = x.Cluster!.Kind == ClusterKind.External ? await x.Worker.Externals.Balance(x) : Attempt.Balance(x);
        return failure == Failure.None ? await Attempt.Forward(x) : failure;
    }
}
