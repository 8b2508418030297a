using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Match;
using Banyan.Proxy.Policy;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Proxy.Tcp;

/// <summary>The stages match, decide and balance for a connection that is relayed unread: its destination, backend by weight,
/// endpoint, and the connection to it.</summary>
internal static class Dial
{
    /// <summary>Where the connection leads: by its listener, or by the CONNECT around it.</summary>
    internal static async ReactorTask<Failure> Locate(Exchange x)
    {
        var failure = Match.Locate.Known(x, out var unknown);
        return unknown ? await Match.Locate.Discover(x) : failure;
    }

    /// <summary>Connects the located destination. Nothing was delivered yet, so that another endpoint may be tried.
    /// On success the exchange has its <see cref="Exchange.Upstream"/>, and its endpoint one more in flight.</summary>
    internal static async ReactorTask<Failure> Open(Exchange x)
    {
        var failure = x.Target!.ByServerName is null ? Failure.None : await ServerName.Match(x);
        failure = failure == Failure.None ? Route(x) : failure;
        failure = failure == Failure.None ? await Once(x) : failure;
        while (failure != Failure.None && x.Cluster is not null && Retry.Allows(x, failure, out var waitMs))
        {
            failure = await Retry.Prepare(x, failure, waitMs);
            failure = failure == Failure.None ? await Once(x) : failure;
        }

        if (failure != Failure.None)
        {
            x.Worker.Metrics.Tcp.Of(TcpKey.Of(x)).Failed(failure);
        }

        return failure;
    }

    private static Failure Route(Exchange x)
    {
        var failure = x.Route is null ? RouteStage.Default(x) : Failure.None;

        // A request's timeout is no measure for a connection.
        x.Deadline = long.MaxValue;
        if (failure != Failure.None)
        {
            return failure;
        }

        // Redirects and direct responses are words of HTTP; a host outside the mesh needs a CONNECT that names it.
        return x.Route!.Action != RouteActionKind.Forward
            || (x.Cluster!.Kind == ClusterKind.External && x.Client.ConnectAuthority is null && x.Request.Method != RequestMethod.Connect) ? Failure.NoRoute : Failure.None;
    }

    private static async ReactorTask<Failure> Once(Exchange x)
    {
        var failure = x.Cluster!.Kind == ClusterKind.External ? await x.Worker.Externals.Balance(x) : Balance(x);
        if (failure != Failure.None)
        {
            return failure;
        }

        var endpoint = x.Endpoint!;
        var cluster = x.Cluster.Kind == ClusterKind.External ? null : x.Worker.Clusters.Of(x.Cluster);
        endpoint.InFlight++;
        x.Hop = HopPeer.Before(endpoint.Config);
        failure = await Connector.Connect(x, endpoint, cluster, fresh: true);
        x.Hop = x.Upstream?.Peer ?? x.Hop;
        if (failure == Failure.None && x.Aborted != Failure.None)
        {
            failure = x.Aborted;
            x.Upstream!.Close();
            x.Upstream = null;
        }

        if (failure != Failure.None)
        {
            endpoint.InFlight--;
            if (failure.Row().EndpointFault)
            {
                endpoint.Failed();
            }
        }

        return failure;
    }

    private static Failure Balance(Exchange x)
    {
        var loop = x.Worker.Loop;
        var state = x.Worker.Clusters.Of(x.Cluster!);
        if (x.Attempts == 0)
        {
            state.Budget.CountRequest(loop.NowMs);
        }

        x.Endpoint = state.PickFewest(ref loop.Random, x.Attempts > 0 ? x.Endpoint : null);
        x.Attempts++;
        return x.Endpoint is null ? Failure.NoHealthyEndpoint : Failure.None;
    }
}
