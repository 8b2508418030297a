using Dapper;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Banyan.Control.Store.Persistence;

/// <summary>
/// Hears what other replicas write, and holds the leadership: one session that listens and has the advisory lock, so
/// that who is cut off from the database leads no more.
/// </summary>
internal sealed class PostgresWatch(
    PostgresDatabase database, Func<Task<bool>> refresh, Action<string> beat, ILogger log, TimeProvider time)
    : ILeadership
{
    /// <summary>Where replicas tell each other that they wrote.</summary>
    public const string Channel = "banyan_changes";

    /// <summary>The payload, after the replica's name, when something was written.</summary>
    public const string Changed = "changed";

    /// <summary>How often it is tried to become the leader, and whether the session still lives.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(1);

    private volatile bool _isLeader;

    /// <inheritdoc />
    public bool IsLeader => _isLeader;

    /// <summary>Runs until the control plane stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await WatchAsync(cancel);
            }
            catch (Exception exception) when (PostgresDatabase.IsFailure(exception))
            {
                Log.WatchLost(log, PostgresDatabase.Words(exception));
            }
            finally
            {
                Lead(false);
            }

            await Task.Delay(Turn, time, cancel);
        }
    }

    private async Task WatchAsync(CancellationToken cancel)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancel);
        // What was written while nobody listened counts as heard.
        var heard = true;
        connection.Notification += (_, notification) =>
        {
            var isOurs = notification.Payload.StartsWith(database.Replica, StringComparison.Ordinal);
            if (!isOurs && notification.Channel == PostgresPulse.Channel)
            {
                foreach (var name in notification.Payload[(notification.Payload.IndexOf(' ') + 1)..]
                    .Split(PostgresPulse.Separator))
                {
                    beat(name);
                }
            }
            else if (!isOurs)
            {
                heard = true;
            }
        };
        // A host that is gone without a word must not lead for the two hours in which TCP would notice.
        await connection.ExecuteAsync(
            $"""
            SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3;
            LISTEN {Channel}; LISTEN {PostgresPulse.Channel}
            """);
        while (true)
        {
            // What was written although the answer was lost is not in effect here yet.
            heard |= database.TakeUncertainty();
            if (heard)
            {
                heard = false;
                if (!await refresh())
                {
                    heard = true;
                    await Task.Delay(Turn, time, cancel);
                }
            }

            if (!_isLeader)
            {
                Lead(await connection.ExecuteScalarAsync<bool>(
                    "SELECT pg_try_advisory_lock(@Leader)", new { PostgresLocks.Leader }));
            }
            else
            {
                // A session that is gone holds no lock.
                await connection.ExecuteAsync("SELECT 1");
            }

            // It may have come with the answer to what was just asked.
            if (!heard)
            {
                await connection.WaitAsync(Turn, cancel);
            }
        }
    }

    private void Lead(bool leads)
    {
        if (_isLeader != leads)
        {
            _isLeader = leads;
            Log.Leadership(log, database.Replica, leads ? "leads" : "does not lead");
        }
    }
}
