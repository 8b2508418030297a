using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Banyan.Cli.Up.Processes;

/// <summary>
/// Keeps the promise that nothing is left behind even when the supervisor is killed: a process of its own that reads
/// from a pipe which sessions run, and kills them when the pipe ends without a word.
/// </summary>
/// <remarks>
/// PR_SET_PDEATHSIG would need code between fork and exec, fires when the starting thread ends, and reaches direct
/// children only. A pipe's end cannot be missed, and what forgets to register is known by <see cref="Sessions.Marker"/>.
/// </remarks>
internal sealed class Guard : IDisposable
{
    /// <summary>The hidden verb of the guard's process.</summary>
    public const string Verb = "guard";

    private const string ProcessName = "guard";
    private const string Farewell = "done";

    private readonly Lock _gate = new();
    private readonly HashSet<int> _sessions = [];
    private readonly Reaper _reaper;
    private readonly string _banyan;
    private readonly string _marker;
    private readonly IReadOnlyDictionary<string, string> _environment;
    private readonly Action<string> _onLine;
    private FileStream? _pipe;
    private bool _disposed;

    private Guard(
        Reaper reaper, string banyan, string marker, IReadOnlyDictionary<string, string> environment, Action<string> onLine)
    {
        _reaper = reaper;
        _banyan = banyan;
        _marker = marker;
        _environment = environment;
        _onLine = onLine;
    }

    /// <summary>Starts the guard before any other child.</summary>
    public static Guard Start(
        Reaper reaper, string banyan, string marker, IReadOnlyDictionary<string, string> environment, Action<string> onLine)
    {
        var guard = new Guard(reaper, banyan, marker, environment, onLine);
        reaper.SessionChanged += guard.OnSessionChanged;
        guard.Launch();
        return guard;
    }

    /// <summary>The life of the guard's own process: until the pipe ends.</summary>
    public static async Task<int> WatchAsync(Stream input, string marker, TimeProvider time)
    {
        var sessions = new HashSet<int>();
        using var reader = new StreamReader(input);
        while (await reader.ReadLineAsync() is { } line)
        {
            if (line == Farewell)
            {
                return ExitCodes.Success;
            }

            if (line.Length > 1 && int.TryParse(line.AsSpan(1), out var session))
            {
                _ = line[0] == '+' ? sessions.Add(session) : sessions.Remove(session);
            }
        }

        var left = await Sessions.KillAllAsync(sessions, marker, time, TimeSpan.FromSeconds(10));
        return left.Count == 0 ? ExitCodes.Success : ExitCodes.Failed;
    }

    /// <summary>Lets the guard go in peace at the end of the pipe; everything must have been stopped before.</summary>
    public void SayFarewell()
    {
        lock (_gate)
        {
            _disposed = true;
            Say(Farewell);
        }
    }

    /// <summary>Ends the pipe: without a farewell before, the guard kills what is left.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            _pipe?.Dispose();
        }

        _reaper.SessionChanged -= OnSessionChanged;
    }

    private void Launch()
    {
        var (reader, writer) = Spawner.CreatePipe();
        ChildProcess child;
        using (reader)
        {
            child = _reaper.Start(
                new SpawnRequest
                {
                    Name = ProcessName,
                    Command = _banyan,
                    Arguments = [Verb, _marker],
                    Environment = _environment,
                    Directory = "/",
                },
                _onLine,
                reader);
        }

        lock (_gate)
        {
            _pipe?.Dispose();
            _pipe = new FileStream(writer, FileAccess.Write, bufferSize: 0);
            foreach (var session in _sessions)
            {
                Say($"+{session}");
            }
        }

        _ = RelaunchAsync(child);
    }

    private async Task RelaunchAsync(ChildProcess child)
    {
        await child.Exited;
        await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System);
        if (!_disposed)
        {
            Launch();
        }
    }

    private void OnSessionChanged(ChildProcess child, bool started)
    {
        if (child.Name == ProcessName)
        {
            return;
        }

        lock (_gate)
        {
            _ = started ? _sessions.Add(child.Pid) : _sessions.Remove(child.Pid);
            Say($"{(started ? '+' : '-')}{child.Pid}");
        }
    }

    private void Say(string line)
    {
        try
        {
            _pipe?.Write(Encoding.ASCII.GetBytes(line + "\n"));
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The guard was killed; its successor is told everything.
        }
    }
}
