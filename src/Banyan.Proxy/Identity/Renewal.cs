namespace Banyan.Proxy.Identity;

/// <summary>When a certificate is renewed: once in the second half of its life, and after a failure again and again. No I/O.</summary>
internal sealed class Renewal(TimeProvider time)
{
    /// <summary>The authority dates certificates back by so much, seconds: clocks differ.</summary>
    private const long DatedBack = 300;

    private const double Earliest = 0.5;
    private const double Latest = 0.8;

    /// <summary>The part of its life that is left when a failure becomes urgent.</summary>
    private const double Urgent = 0.1;

    /// <summary>Longest wait at once: clocks may be set meanwhile, and a machine may sleep.</summary>
    private const long LongestWaitMs = 60_000;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(60);

    private DateTimeOffset? _at;
    private int _failures;

    /// <summary>Milliseconds to wait before it is looked again, 0 = renew now.</summary>
    internal long DueMs => _at is { } at
        ? (long)Math.Clamp(Math.Ceiling((at - time.GetUtcNow()).TotalMilliseconds), 0, LongestWaitMs)
        : LongestWaitMs;

    /// <summary>There is a new certificate.</summary>
    internal void Begin(ProxyIdentity identity)
    {
        _failures = 0;
        _at = At(identity.NotBefore, identity.NotAfter, time.GetUtcNow().ToUnixTimeSeconds(), Random.Shared.NextDouble());
    }

    /// <summary>It is due now, or so much later; what is due earlier stays so.</summary>
    internal void Hurry(TimeSpan within = default)
    {
        var at = time.GetUtcNow() + within;
        _at = _at < at ? _at : at;
    }

    /// <summary>It could not be renewed: 1 s doubling to 60 s, half of it random.</summary>
    /// <param name="isFinal">Asking again would bring the same: 60 s at once.</param>
    internal void Failed(bool isFinal = false)
    {
        var full = isFinal ? LongestPause : FirstPause * Math.Pow(2, Math.Min(_failures++, 10));
        var capped = full < LongestPause ? full : LongestPause;
        _at = time.GetUtcNow() + (capped * (0.5 + (Random.Shared.NextDouble() / 2)));
    }

    /// <summary>Little of its life is left.</summary>
    internal bool IsLate(ProxyIdentity? identity) => identity is null
        || time.GetUtcNow().ToUnixTimeSeconds() > identity.NotAfter - ((identity.NotAfter - identity.NotBefore) * Urgent);

    /// <summary>When to renew: at 50 to 80 % of the life, by chance, so that a fleet that began together does not renew together.</summary>
    /// <param name="notBefore">Begin of the certificate, seconds since 1970.</param>
    /// <param name="notAfter">Its end.</param>
    /// <param name="now">It was issued now or earlier.</param>
    /// <param name="chance">From 0 to 1.</param>
    internal static DateTimeOffset At(long notBefore, long notAfter, long now, double chance)
    {
        var issued = Math.Min(now, notBefore + DatedBack);
        var life = notAfter - issued;
        return DateTimeOffset.FromUnixTimeSeconds(issued) + TimeSpan.FromSeconds(life * (Earliest + (chance * (Latest - Earliest))));
    }
}
