using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Banyan.Control.Hosting;

/// <summary>
/// Lets a few connections at a time begin their TLS handshake, in the order they came; the others wait. Thread-safe.
/// </summary>
/// <remarks>
/// After an outage all proxies come back at once. Handshakes that run all together end all together: when those that
/// wait for them have lost their patience, and come again, for ever. In turn, each second ends as many as there is CPU
/// for, and who goes away while it waits costs nothing. A turn lasts <see cref="LongestTurn"/> at most, so that whoever
/// connects and says nothing holds up nobody for long; its handshake goes on beside.
/// </remarks>
internal sealed class HandshakeQueue(TimeProvider time, int most = HandshakeQueue.Most) : IDisposable
{
    /// <summary>At once: as many as keep the CPUs busy while answers travel a network of 100 ms.</summary>
    public const int Most = 64;

    /// <summary>Who comes when so many wait is sent away.</summary>
    public const int MostWaiting = 32_768;

    /// <summary>After this the next one begins, whether or not the handshake is over.</summary>
    public static readonly TimeSpan LongestTurn = TimeSpan.FromSeconds(1);

    private static readonly object Key = new();

    private readonly ConcurrencyLimiter _limiter = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = most,
        QueueLimit = MostWaiting,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Connections that wait.</summary>
    public long Waiting => _limiter.GetStatistics()?.CurrentQueuedCount ?? 0;

    /// <summary>Here a connection waits for its turn, which lasts until <see cref="End"/>.</summary>
    public void Begin(ListenOptions listen) => listen.Use(next => async connection =>
    {
        RateLimitLease? lease = null;
        try
        {
            lease = await _limiter.AcquireAsync(1, connection.ConnectionClosed);
        }
        catch (OperationCanceledException)
        {
            // It has gone.
        }

        if (lease is not { IsAcquired: true })
        {
            lease?.Dispose();
            return;
        }

        using var turn = new Turn(lease, time);
        connection.Items[Key] = turn;
        await next(connection);
    });

    /// <summary>Here the handshake is over.</summary>
    public static void End(ListenOptions listen) => listen.Use(next => connection =>
    {
        (connection.Items[Key] as Turn)?.Dispose();
        return next(connection);
    });

    /// <inheritdoc />
    public void Dispose() => _limiter.Dispose();

    /// <summary>Given back by what comes first: the end of the handshake, of the connection, of the time.</summary>
    private sealed class Turn(RateLimitLease lease, TimeProvider time) : IDisposable
    {
        private readonly ITimer _limit = time.CreateTimer(
            static lease => ((RateLimitLease)lease!).Dispose(), lease, LongestTurn, Timeout.InfiniteTimeSpan);

        public void Dispose()
        {
            _limit.Dispose();
            lease.Dispose();
        }
    }
}
