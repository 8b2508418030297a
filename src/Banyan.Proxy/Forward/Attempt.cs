using Banyan.Proxy.Balance;
using Banyan.Proxy.Http;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Wire.Http1;
using Banyan.Wire.Http2;

namespace Banyan.Proxy.Forward;

/// <summary>One attempt: endpoint, connection, request out, response head in. Ends the attempt's traces when it fails.</summary>
internal static class Attempt
{
    /// <summary>Stage "balance": the endpoint of this attempt.</summary>
    internal static Failure Balance(Exchange x)
    {
        var worker = x.Worker;
        var state = worker.Clusters.Of(x.Cluster!);
        var avoid = x.Attempts > 0 ? x.Endpoint : null;
        if (x.Attempts == 0)
        {
            state.Budget.CountRequest(worker.Loop.NowMs);
        }

        x.Attempts++;
        if (x.StaleConnection)
        {
            // Its connection was dead, which says nothing about the endpoint.
            x.StaleConnection = false;
            return Failure.None;
        }

        x.Endpoint = state.Pick(ref worker.Loop.Random, avoid);
        if (x.Endpoint is null && x.Listener.Role == ListenerRole.Inbound)
        {
            // The application is unhealthy: its caller's proxy may send the request to another replica.
            return Failure.NotDelivered;
        }

        return x.Endpoint is null ? Failure.NoHealthyEndpoint : Failure.None;
    }

    /// <summary>Stage "forward" up to the response head.</summary>
    internal static async ReactorTask<Failure> Forward(Exchange x)
    {
        var endpoint = x.Endpoint!;
        endpoint.InFlight++;
        x.Hop = HopPeer.Before(endpoint.Config);
        x.TryDeadline = TryDeadline(x);
        var failure = Failure.None;
        var http2 = SpeaksHttp2(x);
        x.Upstream = http2 ? null : endpoint.TakeIdle(x.Worker.Loop.NowMs);
        if (x.Upstream is null)
        {
            var cluster = x.Cluster!.Kind == ClusterKind.External ? null : x.Worker.Clusters.Of(x.Cluster);
            failure = http2 ? await OpenStream(x, endpoint, cluster) : await Connector.Connect(x, endpoint, cluster);
        }
        else
        {
            x.Worker.Count(Counter.UpstreamReuses);
        }

        if (failure == Failure.None)
        {
            x.Hop = x.UpstreamStream is { } stream ? ((Http2Client)stream.Connection).Peer : x.Upstream!.Peer;
            failure = TooLate(x);
        }

        if (failure == Failure.None)
        {
            failure = await SendRequest.Head(x);
        }

        if (failure == Failure.None)
        {
            failure = await AwaitResponse.Head(x);
        }

        if (failure == Failure.None && IsNotDelivered(x))
        {
            failure = Failure.NotDelivered;
        }

        if (failure is Failure.ConnectFailed or Failure.ConnectTimeout && x.Listener.Role == ListenerRole.Inbound)
        {
            // What the caller's proxy needs to know: it may send the request to another replica.
            failure = Failure.NotDelivered;
        }

        if (failure != Failure.None)
        {
            await Abandon(x, failure);
        }

        return failure;
    }

    /// <summary>Which protocol this attempt speaks.</summary>
    private static bool SpeaksHttp2(Exchange x)
    {
        x.HopChanged = false;
        if (x.Endpoint!.Config.Meshed && x.Listener.Role != ListenerRole.Inbound)
        {
            return HopVersion.IsHttp2(x);
        }

        return x.Cluster!.Protocol switch
        {
            UpstreamProtocol.Http1 => false,
            UpstreamProtocol.Http2 => true,
            _ => HopVersion.IsHttp2AtOrigin(x),
        };
    }

    /// <summary>An upgrade goes by HTTP/2 where that is offered (RFC 8441), else by a connection of its own if HTTP/1.1 may be spoken.</summary>
    private static async ReactorTask<Failure> OpenStream(Exchange x, EndpointState endpoint, ClusterState? cluster)
    {
        if (x.Request.Upgrade && x.Request.Method != RequestMethod.Get)
        {
            // An extended CONNECT has no place for another method.
            return Failure.UpgradeUnsupported;
        }

        var failure = await endpoint.Http2.Open(x, endpoint, cluster);
        if (failure == Failure.UpgradeUnsupported && x.Cluster!.Protocol != UpstreamProtocol.Http2)
        {
            x.Upstream = endpoint.TakeIdle(x.Worker.Loop.NowMs);
            failure = x.Upstream is null ? await Connector.Connect(x, endpoint, cluster) : Failure.None;
        }

        return failure;
    }

    /// <summary>The exchange is done with its endpoint and connection: what was learned, what is kept.</summary>
    internal static async ReactorTask Finish(Exchange x, Failure failure)
    {
        if (failure != Failure.None)
        {
            await Abandon(x, failure);
            return;
        }

        if (x.Uploading)
        {
            // The answer is complete and the body is not: whoever still sends is talking to nobody.
            await StopUpload(x);
            x.UploadBroke = true;
        }

        if (!x.RequestBody.Done)
        {
            x.CloseClient = true;
            x.LeavesBytes = true;
        }

        Judge(x);
        Release(x);
    }

    /// <summary>The response is not passed on, because the request is sent again.</summary>
    internal static async ReactorTask Discard(Exchange x)
    {
        if (x.Uploading)
        {
            await StopUpload(x);
            x.UploadBroke = true;
        }

        Judge(x);
        SkipBody(x);
        Release(x);
    }

    /// <summary>What the answer says about its endpoint. An application's own errors say nothing, its proxy's are the path's.</summary>
    private static void Judge(Exchange x)
    {
        var endpoint = x.Endpoint!;
        endpoint.InFlight--;
        var gatewayError = (x.IsGrpc ? x.GrpcStatus == GrpcCall.Unavailable : x.Response.StatusCode is 502 or 503 or 504) && endpoint.Config.Meshed
            && x.Listener.Role != ListenerRole.Inbound && x.Response.Has(KnownField.Banyan);
        if (gatewayError)
        {
            endpoint.Failed();
        }
        else
        {
            endpoint.Answered(x.MicrosSince(x.AttemptStarted));
        }
    }

    /// <summary>A request whose caller has gone or whose time is up is not forwarded.</summary>
    private static Failure TooLate(Exchange x)
    {
        x.Moved(0);
        return x.Aborted != Failure.None ? x.Aborted
            : x.Worker.Loop.NowMs >= x.TryDeadline ? Failure.RequestTimeout
            : Failure.None;
    }

    private static long TryDeadline(Exchange x)
    {
        var timeout = x.Route!.Retry?.PerTryTimeout ?? TimeSpan.Zero;
        return timeout == TimeSpan.Zero
            ? x.Deadline
            : Math.Min(x.Deadline, x.Worker.Loop.NowMs + (long)timeout.TotalMilliseconds);
    }

    /// <summary>A body that is here already is no reason to lose the connection; one that is not is not worth waiting for.</summary>
    private static void SkipBody(Exchange x)
    {
        if (x.UpstreamStream is not null)
        {
            return;
        }

        var received = x.Upstream!.In!;
        received.Start += x.Response.Length;
        x.ResponseBody.Begin(x.Response.Framing, x.Response.ContentLength);
        received.Start += x.ResponseBody.Take(received.Valid);
    }

    /// <summary>Keeps the connection when both messages on it are complete, else closes it.</summary>
    private static void Release(Exchange x)
    {
        if (x.UpstreamStream is { } stream)
        {
            x.UpstreamStream = null;
            stream.Connection.CloseStream(stream, ErrorCode.Cancel);
            return;
        }

        var upstream = x.Upstream!;
        x.Upstream = null;
        var clean = x.ResponseBody.Done && (upstream.In is null || upstream.In.Count == 0);
        if (clean && x.RequestBody.Done && !x.UploadBroke && !x.Response.Close && !x.SwitchesProtocols
            && x.Response.Framing != BodyFraming.UntilClose && !upstream.Sock.PeerFinished)
        {
            upstream.GiveBack(IdleTime(x));
        }
        else
        {
            upstream.Close();
        }
    }

    private static async ReactorTask Abandon(Exchange x, Failure failure)
    {
        var endpoint = x.Endpoint!;
        endpoint.InFlight--;
        if (failure.Row().EndpointFault && !x.StaleConnection)
        {
            endpoint.Failed();
        }

        var upstream = x.Upstream;
        x.Upstream = null;
        x.SwitchesProtocols = false;
        upstream?.Close();
        if (x.UpstreamStream is { } stream)
        {
            if (failure is Failure.RequestTimeout or Failure.StreamIdle)
            {
                (stream.Connection as Http2Client)?.TimedOut(stream);
            }

            // The upload looks at it until it has stopped.
            stream.Connection.SendReset(stream, ErrorCode.Cancel);
        }

        if (x.Uploading)
        {
            await StopUpload(x);
        }

        if (x.UpstreamStream is not null)
        {
            Release(x);
        }
    }

    private static async ReactorTask StopUpload(Exchange x)
    {
        x.StopUpload = true;
        x.WakeAll();
        x.UploadDone = new Gate(x.Worker.Loop);
        if (x.Uploading)
        {
            await x.UploadDone.Until(long.MaxValue);
        }

        x.UploadDone = null;
        x.StopUpload = false;
    }

    /// <summary>The inbound proxy of the callee says that no byte reached the application.</summary>
    private static bool IsNotDelivered(Exchange x)
    {
        if (x.Response.StatusCode != (x.IsGrpc ? 200 : 503) || x.Listener.Role == ListenerRole.Inbound || !x.Endpoint!.Config.Meshed)
        {
            return false;
        }

        var bytes = x.ResponseBytes;
        foreach (ref readonly var line in x.Response.Lines)
        {
            if (line.Known == KnownField.Banyan
                && System.Text.Ascii.EqualsIgnoreCase(line.Name(bytes), "x-banyan-error"u8)
                && line.Value(bytes).SequenceEqual("not-delivered"u8))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>How long the connection may wait for its next request: shorter than the other side closes it.</summary>
    private static long IdleTime(Exchange x)
    {
        if (x.Endpoint!.Config.Meshed && x.Listener.Role != ListenerRole.Inbound)
        {
            return 60_000;
        }

        var announced = x.Response.KeepAliveTimeout;
        return announced < 0 ? 4_000 : Math.Max(0, (announced - 1) * 1000L);
    }
}
