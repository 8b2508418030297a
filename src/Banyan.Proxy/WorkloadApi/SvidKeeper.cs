using Banyan.Proxy.Identity;
using Banyan.Proxy.Reactor;
using Banyan.Proxy.Record;
using Banyan.Proxy.Tls;
using Banyan.Proxy.Xds;

namespace Banyan.Proxy.WorkloadApi;

/// <summary>The application's own certificate: same identity as the proxy's, another key, kept in memory alone. Got when it is first
/// asked for, and renewed from then on. Lives on the housekeeping loop.</summary>
internal sealed class SvidKeeper(ReactorContext context, IdentityKeeper identity, ProxyLog log, TimeProvider time)
{
    private const long JoinPollMs = 200;

    /// <summary>In this time a fleet renews whose anchors were replaced.</summary>
    private static readonly TimeSpan Spread = TimeSpan.FromSeconds(30);

    private readonly Gate _pause = new(context.Loop);
    private readonly Renewal _renewal = new(time);
    private ProxyIdentity? _current;
    private byte[][] _anchors = [];
    private bool _wanted;
    private bool _stopped;

    /// <summary>Certificate or anchors are other ones.</summary>
    internal event Action? Changed;

    /// <summary>Key and chain, with the anchors of now; null while there is none that is valid.</summary>
    internal ProxyIdentity? Current => _current?.IsValidAt(time.GetUtcNow()) == true && _anchors.Length > 0 ? _current.With(_anchors) : null;

    /// <summary>When it runs out, in the loop's milliseconds; never without one.</summary>
    internal long EndMs => _current is not { } current ? long.MaxValue
        : context.Loop.NowMs + Math.Max(0, (current.NotAfter * 1000) - time.GetUtcNow().ToUnixTimeMilliseconds());

    /// <summary>Whom to trust; empty without an identity.</summary>
    internal (string TrustDomain, byte[][] Anchors) Trust => (identity.TrustDomain, _anchors);

    /// <summary>Somebody needs it from now on.</summary>
    internal void Want()
    {
        if (!_wanted)
        {
            _wanted = true;
            _renewal.Hurry();
            _pause.Open();
        }
    }

    /// <summary>Looks whether other anchors are trusted, or the certificate is denied.</summary>
    internal void Look()
    {
        if (!ReferenceEquals(identity.Anchors, _anchors) && !IdentityKeeper.SameAnchors(identity.Anchors, _anchors))
        {
            _anchors = identity.Anchors;
            if (_current is not null)
            {
                // A root is being replaced, which waits for every certificate of the time before; not for all at once.
                _renewal.Hurry(Spread * Random.Shared.NextDouble());
                _pause.Open();
            }

            Changed?.Invoke();
        }

        if (_current is not null && identity.Denied.Contains(_current.Serial))
        {
            // Who listens hears that it is gone, asks again, and gets the next one.
            _current = null;
            _renewal.Hurry();
            _pause.Open();
            Changed?.Invoke();
        }
    }

    /// <summary>Gets it and renews it until stopped.</summary>
    internal async ReactorTask Run(ControlConnector connector, Func<Uri> control)
    {
        while (!_stopped)
        {
            if (!_wanted || identity.NeedsToJoin || _renewal.DueMs > 0)
            {
                // The proxy's own certificate is the proof: before there is one, nothing can be asked for.
                var wait = !_wanted ? long.MaxValue : context.Loop.NowMs + (identity.NeedsToJoin ? JoinPollMs : _renewal.DueMs);
                await _pause.Until(wait);
                continue;
            }

            var anchors = identity.Anchors;
            var (issued, problem, isFinal) = await identity.Another(connector, control(), Current);
            if (issued is null)
            {
                _renewal.Failed(isFinal);
                if (isFinal && Current is not null)
                {
                    // It was denied, say: the next one is asked for with the proxy's own.
                    _current = null;
                    _renewal.Hurry(Spread * Random.Shared.NextDouble());
                }

                log.Write(LogLevel.Warn, "svid-failed", problem);
                continue;
            }

            _current = issued;
            _anchors = identity.Anchors;
            _renewal.Begin(issued);
            if (!IdentityKeeper.SameAnchors(anchors, _anchors))
            {
                // They changed under way: perhaps it was signed before.
                _renewal.Hurry(Spread * Random.Shared.NextDouble());
            }

            log.Write(
                LogLevel.Info,
                "svid",
                "the application has a certificate of its own",
                new LogField("id", issued.Id),
                new LogField("ends", Certificate.Text(issued.NotAfter)));
            Changed?.Invoke();
        }
    }

    /// <summary>Nothing is asked for any more.</summary>
    internal void Stop()
    {
        _stopped = true;
        _pause.Open(Wait.Cancelled);
    }
}
