using Banyan.Proxy.Forward;
using Banyan.Proxy.Http2;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;
using Banyan.Proxy.Tls;

namespace Banyan.Proxy.Balance;

/// <summary>What one worker knows of one endpoint: its idle connections, its latency, its failures.</summary>
internal sealed class EndpointState
{
    /// <summary>Peak EWMA before the first answer, microseconds.</summary>
    private const double InitialMicros = 30_000;

    /// <summary>Time constant of the average, microseconds.</summary>
    private const double DecayMicros = 10_000_000;

    private const long BusyMs = 1_000;
    private const int ErrorsToEject = 5;
    private const long EjectBaseMs = 1_000;
    private const long EjectCapMs = 60_000;

    private readonly Worker _worker;
    private TlsTarget? _peer;
    private double _ewma = InitialMicros;
    private long _updatedMs;
    private Upstream? _newest;
    private Upstream? _oldest;
    private long _busyUntil;
    private int _consecutiveErrors;
    private int _ejections;

    internal EndpointState(Worker worker, EndpointConfig config)
    {
        _worker = worker;
        Config = config;
        Address = SockAddr.From(config.Address);
        _updatedMs = worker.Loop.NowMs;
        Http2 = new Http2Pool(worker);
    }

    /// <summary>Who it has to be; tickets are its own, for another process cannot open them.</summary>
    internal TlsTarget Peer => ReferenceEquals(_peer?.Expected, Config.Identities)
        ? _peer
        : _peer = new TlsTarget(Config.Identities, Config.Address.ToString());

    /// <summary>Its HTTP/2 connections.</summary>
    internal Http2Pool Http2 { get; }

    internal EndpointConfig Config { get; set; }

    /// <summary>It vanished or drains: no connection to it is kept.</summary>
    internal bool IsLeaving { get; set; }

    /// <summary>Exchanges under way.</summary>
    internal int InFlight { get; set; }

    /// <summary>Many exchanges are under way, or were within the last second: a short lull does not change how they travel.</summary>
    internal bool IsBusy
    {
        get
        {
            var now = _worker.Loop.NowMs;
            if (InFlight >= HopVersion.BusyInFlight)
            {
                _busyUntil = now + BusyMs;
            }

            return now < _busyUntil;
        }
    }

    /// <summary>Idle connections in the pool.</summary>
    internal int Idle { get; private set; }

    /// <summary>Not used before this time of the loop's clock; 0 = in use.</summary>
    internal long EjectedUntil { get; private set; }

    internal SockAddr Address { get; }

    /// <summary>Peak EWMA in microseconds as it is now.</summary>
    internal double LatencyMicros => _ewma;

    internal bool IsEjected(long nowMs) => EjectedUntil > nowMs;

    /// <summary>Cost of one more request: the faded peak latency times the queue it would join (Finagle's peak EWMA).</summary>
    internal double Cost(long nowMs)
    {
        var age = (nowMs - _updatedMs) * 1000.0;
        return _ewma / (1 + (age / DecayMicros)) * (InFlight + 1);
    }

    /// <summary>It lives: the first byte came on a connection whose protocol nobody knows.</summary>
    internal void Spoke()
    {
        _consecutiveErrors = 0;
        _ejections = EjectedUntil == 0 ? 0 : _ejections;
        EjectedUntil = 0;
    }

    /// <summary>An answer came: a peak counts at once, what is lower sinks in slowly.</summary>
    internal void Answered(long micros)
    {
        Spoke();
        var now = _worker.Loop.NowMs;
        if (micros > _ewma)
        {
            _ewma = micros;
        }
        else
        {
            // One millisecond at least, so that a burst within one turn of the loop counts as well.
            var elapsed = Math.Max(1, now - _updatedMs) * 1000.0;
            var keep = DecayMicros / (DecayMicros + elapsed);
            _ewma = (_ewma * keep) + (micros * (1 - keep));
        }

        _updatedMs = now;
    }

    /// <summary>A gateway or connect error: five in a row take the endpoint out, 1 s doubling to 60 s with half of jitter.</summary>
    internal void Failed()
    {
        if (++_consecutiveErrors < ErrorsToEject)
        {
            return;
        }

        var span = Math.Min(EjectCapMs, EjectBaseMs << Math.Min(_ejections, 6));
        EjectedUntil = _worker.Loop.NowMs + (span / 2) + _worker.Loop.Random.Below((uint)(span / 2) + 1);
        _ejections++;

        // One more error after the time is up takes it out again; one answer brings it back.
        _consecutiveErrors = ErrorsToEject - 1;
        _worker.Count(Counter.Ejections);
    }

    /// <summary>The most recently used idle connection that is still good, or null.</summary>
    internal Upstream? TakeIdle(long nowMs)
    {
        while (_newest is { } upstream)
        {
            Remove(upstream);
            if (upstream.IsCurrent && !upstream.Sock.ReadableNow && !upstream.Sock.PeerFinished && nowMs < upstream.IdleUntil)
            {
                upstream.Sock.IdleEvent = null;
                return upstream;
            }

            _worker.Count(Counter.UpstreamIdleCloses);
            upstream.Close();
        }

        return null;
    }

    /// <summary>Keeps a connection for the next request.</summary>
    internal void GiveBack(Upstream upstream, long idleUntil)
    {
        upstream.IdleUntil = idleUntil;
        upstream.Sock.IdleEvent = upstream.OnIdleEvent;
        upstream.Older = _newest;
        upstream.Newer = null;
        if (_newest is not null)
        {
            _newest.Newer = upstream;
        }

        _newest = upstream;
        _oldest ??= upstream;
        upstream.Pooled = true;
        Idle++;
    }

    /// <summary>Takes a connection out of the pool without closing it.</summary>
    internal void Remove(Upstream upstream)
    {
        if (upstream.Newer is not null)
        {
            upstream.Newer.Older = upstream.Older;
        }
        else
        {
            _newest = upstream.Older;
        }

        if (upstream.Older is not null)
        {
            upstream.Older.Newer = upstream.Newer;
        }
        else
        {
            _oldest = upstream.Newer;
        }

        upstream.Older = null;
        upstream.Newer = null;
        upstream.Pooled = false;
        Idle--;
    }

    /// <summary>Closes the idle connections whose time is up.</summary>
    internal void CloseIdle(long nowMs)
    {
        if (nowMs == long.MaxValue)
        {
            Http2.Shutdown();
        }
        else
        {
            Http2.CloseIdle(nowMs, 60_000);
        }

        while (_oldest is { } upstream && upstream.IdleUntil <= nowMs)
        {
            CloseOldest();
        }
    }

    /// <summary>Closes the connection that has been idle longest; false when none is.</summary>
    internal bool CloseOldest()
    {
        if (_oldest is not { } upstream)
        {
            return false;
        }

        Remove(upstream);
        _worker.Count(Counter.UpstreamIdleCloses);
        upstream.Close();
        return true;
    }
}
