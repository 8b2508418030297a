using Banyan.Proxy.Accept;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Policy;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Proxy;

/// <summary>
/// The way of a request: accept → detect → parse → match → decide → balance → forward → record.
/// One method per connection, one per exchange; the work is in the stages.
/// </summary>
internal static class Flow
{
    /// <summary>A client's connection from its first byte to its end.</summary>
    internal static async ReactorTask Connection(Downstream client)
    {
        var reset = false;
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
            if (failure == Failure.None && x.Request.Method == RequestMethod.Connect)
            {
                open = await Tunnel.Connect(x);
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

            reset = x.ResetClient;
            var linger = !open && x.LeavesBytes;
            client.Worker.Return(x);
            if (linger)
            {
                await Linger.Drain(client);
            }

            client.Idle = true;
        }

        client.Close(reset);
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
