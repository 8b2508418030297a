using System.Diagnostics;
using Banyan.Proxy.Accept;
using Banyan.Proxy.Balance;
using Banyan.Proxy.Forward;
using Banyan.Proxy.Http;
using Banyan.Proxy.Policy;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Tcp;

/// <summary>A connection whose bytes are relayed unread, from the moment its destination is connected to its end.</summary>
/// <remarks>Holds no exchange: an idle connection costs two sockets and this. It is in flight for drain, balance and limits.</remarks>
internal sealed class TcpRelay : IPumpObserver
{
    private readonly Downstream _client;
    private readonly EndpointState _endpoint;
    private readonly Upstream _upstream;
    private readonly TcpCell _cell;
    private readonly long _idleMs;
    private readonly long _opened = Stopwatch.GetTimestamp();
    private bool _endpointSpoke;

    /// <summary>Takes the exchange's connected endpoint over, for the connection to be relayed.</summary>
    internal TcpRelay(Exchange x, Downstream client)
    {
        _client = client;
        _endpoint = x.Endpoint!;
        _upstream = x.Upstream!;
        _idleMs = IdleMs(x);
        _cell = x.Worker.Metrics.Tcp.Of(TcpKey.Of(x));
        _cell.Opened();
        x.Upstream = null;
        x.Worker.RelayBegan();
    }

    /// <summary>Connects the client's destination and relays to the end; without a destination the client is reset.</summary>
    internal static async ReactorTask Run(Downstream client)
    {
        client.Idle = false;
        var relay = client.Relay ?? await Open(client);
        client.Relay = null;
        if (relay is null)
        {
            client.EndsInReset = !client.Refused;
        }
        else
        {
            await relay.Run();
        }
    }

    /// <summary>The client went away before the relay began.</summary>
    internal void Abandon()
    {
        _client.Relay = null;
        End(PumpEnd.LeftReset);
    }

    /// <inheritdoc/>
    void IPumpObserver.Moved(bool toRight, int bytes)
    {
        _cell.Moved(toRight, bytes);
        if (!toRight && !_endpointSpoke)
        {
            _endpointSpoke = true;
            _endpoint.Spoke();
        }
    }

    private static async ReactorTask<TcpRelay?> Open(Downstream client)
    {
        var x = client.Worker.Rent();
        x.Begin(client);
        x.Start();
        var failure = await Dial.Locate(x);
        failure = failure == Failure.None ? Authorize.Connection(x) : failure;
        if (x.DeniedBy is null)
        {
            failure = failure == Failure.None ? await Dial.Open(x) : failure;
        }
        else
        {
            x.Worker.Metrics.Tcp.Of(TcpKey.Of(x)).Failed(failure);
            client.Refused = true;
        }

        var relay = failure == Failure.None ? new TcpRelay(x, client) : null;
        Recorder.CountFailure(client.Worker, failure);
        client.Worker.Return(x);
        return relay;
    }

    private static long IdleMs(Exchange x)
    {
        // Elsewhere, what is set is about requests.
        if (x.Listener.Protocol != PortProtocol.Tcp)
        {
            return BytePump.DefaultIdleMs;
        }

        var idle = (long)x.Listener.Http.StreamIdle.TotalMilliseconds;
        return idle == 0 ? int.MaxValue : idle;
    }

    private async ReactorTask Run()
    {
        var pump = new BytePump(_client.Worker, _client.Sock, _upstream.Sock, this, _idleMs);
        End(await pump.Run(_client.In, _upstream.In));
    }

    private void End(PumpEnd end)
    {
        var worker = _client.Worker;
        var reset = end is PumpEnd.LeftReset or PumpEnd.RightReset;
        _client.EndsInReset = reset;
        _upstream.Close(reset);
        _endpoint.InFlight--;
        worker.RelayEnded();
        _cell.Closed(end, (Stopwatch.GetTimestamp() - _opened) / (Stopwatch.Frequency / 1_000_000));
        if (end == PumpEnd.RightReset && !_endpointSpoke)
        {
            // How a sidecar says that it cannot reach its application, when it has no words for it.
            _endpoint.Failed();
        }
        else if (end == PumpEnd.Finished && !_endpointSpoke)
        {
            _endpoint.Spoke();
        }
    }
}
