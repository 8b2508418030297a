using System.Text.Json;
using Banyan.Cli.Up.Processes;

namespace Banyan.Cli.Up;

/// <summary>What a supervisor writes down about itself.</summary>
internal sealed record SupervisorRecord(int Pid, string Marker, DateTimeOffset StartedAt);

/// <summary>The right to run a mesh with a state directory; given back by the kernel however the process ends.</summary>
internal sealed class StateLock : IDisposable
{
    private readonly FileStream _lock;
    private readonly StatePaths _state;

    private StateLock(FileStream file, StatePaths state)
    {
        _lock = file;
        _state = state;
    }

    /// <summary>Takes the lock.</summary>
    /// <exception cref="UserException">Another supervisor has it.</exception>
    public static StateLock Take(StatePaths state)
    {
        state.Create();
        return TryTake(state) ?? throw new UserException(
            $"a mesh already runs with the state directory {state.Folder} (pid {ReadRecord(state)?.Pid.ToString() ?? "unknown"}): "
            + "stop it with 'banyan down', or choose another --state");
    }

    /// <summary>Takes the lock if nobody has it.</summary>
    public static StateLock? TryTake(StatePaths state)
    {
        try
        {
            // FileShare.None is flock(2): gone with the process, and not inherited by children (close-on-exec).
            return new StateLock(new FileStream(state.Lock, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), state);
        }
        catch (IOException)
        {
            return null;
        }
        catch (UnauthorizedAccessException exception)
        {
            throw new UserException($"--state {state.Folder}: {exception.Message}");
        }
    }

    /// <summary>What the last supervisor left, if it was written whole.</summary>
    public static SupervisorRecord? ReadRecord(StatePaths state)
    {
        try
        {
            return JsonSerializer.Deserialize<SupervisorRecord>(File.ReadAllText(state.Record), JsonSerializerOptions.Web);
        }
        catch (Exception exception) when (exception is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Kills what an earlier supervisor with this state, and its guard, could not take along.</summary>
    /// <returns>How many processes that were.</returns>
    public async Task<int> SweepAsync(TimeProvider time)
    {
        if (ReadRecord(_state) is not { } record)
        {
            return 0;
        }

        var left = Sessions.Members(new HashSet<int>(), record.Marker).Count;
        if (left > 0)
        {
            await Sessions.KillAllAsync(new HashSet<int>(), record.Marker, time, TimeSpan.FromSeconds(10));
        }

        return left;
    }

    /// <summary>Writes down who runs now.</summary>
    public void Write(SupervisorRecord record)
    {
        var draft = _state.Record + ".new";
        File.WriteAllText(draft, JsonSerializer.Serialize(record, JsonSerializerOptions.Web));
        File.Move(draft, _state.Record, overwrite: true);
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();
}
