using System.Collections.Concurrent;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Banyan.Control.Store.Persistence;

/// <summary>
/// Tells other replicas which registrations and instances were heard of; nothing is stored. However many heartbeats
/// come, one connection is used at a time, and what comes meanwhile goes together with the next message.
/// </summary>
internal sealed class PostgresPulse(PostgresDatabase database, ILogger log)
{
    /// <summary>Where replicas tell each other.</summary>
    public const string Channel = "banyan_heartbeats";

    /// <summary>In front of an instance's node; no registration begins so.</summary>
    public const char Instance = '@';

    /// <summary>Between the names in a message; no name holds one.</summary>
    public const char Separator = '\n';

    /// <summary>Bytes in a message; PostgreSQL takes 8,000.</summary>
    private const int MostBytes = 7_000;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, bool> _waiting = new(StringComparer.Ordinal);
    private readonly AsyncSignal _signal = new();

    /// <summary>A registration was heard of. Any thread may call it.</summary>
    public void Tell(string id)
    {
        _waiting[id] = true;
        _signal.Set();
    }

    /// <summary>Runs until the control plane stops.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (true)
        {
            await _signal.WaitAsync(cancel);
            try
            {
                await SendAsync(cancel);
            }
            catch (Exception exception) when (PostgresDatabase.IsFailure(exception))
            {
                // They are told again: who leads hears nothing of this and would forget them.
                Log.BeatLost(log, PostgresDatabase.Words(exception));
                await Task.Delay(Pause, cancel);
                _signal.Set();
            }
        }
    }

    /// <summary>As few messages as the names fit into.</summary>
    internal static IEnumerable<string> Messages(string replica, IEnumerable<string> names)
    {
        var text = new StringBuilder(replica);
        var size = replica.Length;
        foreach (var name in names)
        {
            var bytes = Encoding.UTF8.GetByteCount(name) + 1;
            if (size + bytes > MostBytes && text.Length > replica.Length)
            {
                yield return text.ToString();
                text.Clear().Append(replica);
                size = replica.Length;
            }

            text.Append(text.Length == replica.Length ? ' ' : Separator).Append(name);
            size += bytes;
        }

        if (text.Length > replica.Length)
        {
            yield return text.ToString();
        }
    }

    private async Task SendAsync(CancellationToken cancel)
    {
        List<string> names = [];
        foreach (var (id, _) in _waiting)
        {
            if (_waiting.TryRemove(id, out _))
            {
                names.Add(id);
            }
        }

        if (names.Count == 0)
        {
            return;
        }

        await using var command = database.Source.CreateCommand("SELECT pg_notify($1, each) FROM unnest($2) AS each");
        command.Parameters.Add(new() { Value = Channel });
        command.Parameters.Add(new() { Value = Messages(database.Replica, names).ToArray() });
        try
        {
            await command.ExecuteNonQueryAsync(cancel);
        }
        catch (Exception exception) when (PostgresDatabase.IsFailure(exception))
        {
            names.ForEach(name => _waiting[name] = true);
            throw;
        }
    }
}
