using Banyan.Proxy.Http2;
using Banyan.Proxy.Identity;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.WorkloadApi;
using Banyan.Xds;
using Banyan.Xds.Grpc;

namespace Banyan.Proxy.Xds;

/// <summary>What happens on the way to the control plane. Called on the transport's own thread, in order.</summary>
internal interface IAdsEvents : IGrpcEvents
{
    /// <summary>The stream, or the attempt to open one, ended.</summary>
    void Closed(string reason);

    /// <summary>A report was counted.</summary>
    void Acknowledged(byte[] message);

    /// <summary>What was reported may not have arrived.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="unwanted">The control plane takes no reports.</param>
    void ReportsLost(string reason, bool unwanted);
}

/// <summary>One delta ADS stream after another over HTTP/2, from one control plane to the next, and reports on the same connection.
/// Lives on one event loop.</summary>
/// <param name="context">The thread it lives on.</param>
/// <param name="planes">Whom to ask.</param>
/// <param name="events">Told what happens.</param>
/// <param name="identity">What this side proves itself with; null: it is asked without TLS.</param>
internal sealed class AdsTransport(ReactorContext context, ControlPlanes planes, IAdsEvents events, IdentityKeeper? identity = null)
{
    private readonly ControlConnector _connector = new(context);
    private readonly Patience _patience = new(planes.HasOthers);
    private readonly Gate _pause = new(context.Loop);
    private Http2Client? _client;
    private GrpcStream? _stream;
    private GrpcStream? _reports;
    private bool _stopped;

    /// <summary>Runs until stopped; to be called on the loop's thread.</summary>
    internal async ReactorTask Run()
    {
        while (!_stopped)
        {
            var begun = context.Loop.NowMs;
            var (answered, reason) = await Once(planes.Current);
            events.Closed(reason);
            var pause = planes.Next(answered, TimeSpan.FromMilliseconds(context.Loop.NowMs - begun));
            if (!_stopped && pause > TimeSpan.Zero)
            {
                await _pause.Until(context.Loop.NowMs + (long)pause.TotalMilliseconds);
            }
        }
    }

    /// <summary>Sends on the open stream; without one the request is dropped: the next stream begins with everything.</summary>
    internal void Send(DeltaDiscoveryRequest request) => _stream?.Send(request);

    /// <summary>Sends a report; the stream for it is opened with the first. Without a connection it is dropped, and told lost.</summary>
    internal void Report(EdgeReport report)
    {
        if (_client is not { HasRoom: true } client)
        {
            events.ReportsLost("there is no connection", unwanted: false);
            return;
        }

        if (_reports is null)
        {
            _reports = new GrpcStream(context, client.Open(), GrpcTrailers.StreamEdges, new ReportEvents(events));
            RunReports(_reports, planes.Current).Forget();
        }

        _reports.Send(report);
    }

    /// <summary>Ends the stream, so that the next one starts afresh.</summary>
    internal void Restart() => _stream?.Cancel();

    /// <summary>Asks for the next certificate when it is time; to be called on the loop's thread.</summary>
    internal async ReactorTask Renew(IdentityKeeper keeper)
    {
        while (!_stopped)
        {
            if (await keeper.RenewWhenDue(_connector, () => planes.Current))
            {
                // The connection is that of the certificate of before, and would end with it.
                Restart();
            }
        }
    }

    /// <summary>Keeps the application's certificate; nobody's without an API to get it by.</summary>
    internal async ReactorTask Renew(SvidKeeper? keeper)
    {
        if (keeper is not null)
        {
            await keeper.Run(_connector, () => planes.Current);
        }
    }

    /// <summary>Ends it all.</summary>
    internal void Stop()
    {
        _stopped = true;
        _pause.Open();
        Restart();
    }

    private async ReactorTask<(bool Answered, string Reason)> Once(Uri control)
    {
        // Who has no certificate yet asks for one first, on a connection of its own.
        if (identity is { NeedsToJoin: true } && await identity.Join(_connector, control) is { Length: > 0 } unjoined)
        {
            return (false, unjoined);
        }

        var (sock, reason) = await _connector.Connect(control);
        if (sock is null)
        {
            return (false, reason);
        }

        if (identity is not null && await identity.Secure(sock, control) is { Length: > 0 } insecure)
        {
            sock.Close();
            return (false, insecure);
        }

        var client = Http2Client.Start(
            context, sock, static _ => { }, sock.Close, _patience.Ms, isSecure: identity is not null);
        var begun = context.Loop.NowMs;
        _stream = new GrpcStream(context, client.Open(), GrpcTrailers.DeltaAggregatedResources, events);
        _client = client;
        var end = await _stream.Run(control);
        _stream = null;
        _client = null;
        _reports?.Cancel();
        client.Shutdown();
        _patience.Ended(client.WasSilent, client.WasTooMuch, TimeSpan.FromMilliseconds(context.Loop.NowMs - begun));
        return client.WasSilent ? (end.Answered, $"{control.Authority} has gone silent") : end;
    }

    private async ReactorTask RunReports(GrpcStream stream, Uri control)
    {
        var (_, reason) = await stream.Run(control);
        _reports = _reports == stream ? null : _reports;
        events.ReportsLost(reason, stream.Status == GrpcStatusCode.Unimplemented);
    }

    private sealed class ReportEvents(IAdsEvents events) : IGrpcEvents
    {
        public void Opened()
        {
        }

        public void Confirmed()
        {
        }

        public void Received(byte[] message) => events.Acknowledged(message);
    }
}
