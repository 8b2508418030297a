using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Banyan.Testing;

/// <summary>What a finished program left behind.</summary>
public sealed record ProcessResult(int ExitCode, string Output, string Error)
{
    /// <inheritdoc/>
    public override string ToString() => $"exit code {ExitCode}\n--- stdout\n{Output}\n--- stderr\n{Error}";
}

/// <summary>A program under test: its output is captured, its whole tree is killed on dispose or when the suite ends.</summary>
public sealed partial class TestProcess : IAsyncDisposable
{
    private static readonly ConcurrentDictionary<TestProcess, byte> Alive = new();

    private readonly Process _process;
    private readonly Capture _output = new();
    private readonly Capture _error = new();

    static TestProcess() => AppDomain.CurrentDomain.ProcessExit += static (_, _) =>
    {
        foreach (var process in Alive.Keys)
        {
            process.Kill();
        }
    };

    private TestProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => _output.Add(line.Data);
        _process.ErrorDataReceived += (_, line) => _error.Add(line.Data);
        _process.Start();
        Alive[this] = 0;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        _process.StandardInput.Close();
    }

    /// <summary>Process id.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Exit code, once it has ended; 128 + signal after a signal.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>Standard output until now.</summary>
    public string Output => _output.Text;

    /// <summary>Standard error until now.</summary>
    public string Error => _error.Text;

    /// <summary>Standard output until now, by line.</summary>
    public IReadOnlyList<string> OutputLines => _output.Lines;

    /// <summary>Standard error until now, by line.</summary>
    public IReadOnlyList<string> ErrorLines => _error.Lines;

    /// <summary>Starts a program. A null value in <paramref name="environment"/> removes the variable.</summary>
    public static TestProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? folder = null)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder ?? Repository.Root,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            if (value is null)
            {
                start.Environment.Remove(name);
            }
            else
            {
                start.Environment[name] = value;
            }
        }

        return new TestProcess(start);
    }

    /// <summary>Runs a program to its end; killed, and the test failed, at the deadline.</summary>
    public static async Task<ProcessResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? folder = null,
        TimeSpan? deadline = null)
    {
        await using var process = Start(program, arguments, environment, folder);
        return await process.EndAsync(deadline ?? TimeSpan.FromSeconds(60));
    }

    /// <summary>Waits for the end and for the last of the output.</summary>
    public async Task<ProcessResult> EndAsync(TimeSpan? deadline = null)
    {
        var limit = deadline ?? Eventually.Deadline;
        using var cancel = new CancellationTokenSource(limit);
        try
        {
            await _process.WaitForExitAsync(cancel.Token);
        }
        catch (OperationCanceledException error)
        {
            throw new TimeoutException(
                $"{Path.GetFileName(_process.StartInfo.FileName)} still runs after {limit.TotalSeconds} s\n"
                + $"--- stdout\n{Output}\n--- stderr\n{Error}",
                error);
        }

        return new ProcessResult(_process.ExitCode, Output, Error);
    }

    /// <summary>Waits for a line on either stream that contains <paramref name="text"/>, and returns it.</summary>
    public async Task<string> LineAsync(string text, TimeSpan? deadline = null)
    {
        string? found = null;
        await Eventually.TrueAsync(
            () =>
            {
                found = Find(text);
                if (found is null && HasExited)
                {
                    _process.WaitForExit(1000);
                    found = Find(text) ?? throw new InvalidOperationException(
                        $"ended ({ExitCode}) before it wrote \"{text}\"\n--- stdout\n{Output}\n--- stderr\n{Error}");
                }

                return found is not null;
            },
            $"a line with \"{text}\"\n--- stdout\n{Output}\n--- stderr\n{Error}",
            deadline);
        return found!;
    }

    /// <summary>Sends a signal to the process itself.</summary>
    public void Signal(int signal)
    {
        if (!_process.HasExited && SendSignal(_process.Id, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>SIGTERM and the orderly end.</summary>
    public Task<ProcessResult> StopAsync(TimeSpan? deadline = null)
    {
        Signal(15);
        return EndAsync(deadline);
    }

    /// <summary>Kills the process and everything it started.</summary>
    public void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Already gone.
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Kill();
        Alive.TryRemove(this, out _);
        using var cancel = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(cancel.Token);
        }
        catch (OperationCanceledException)
        {
            // A grandchild that left the tree holds the pipes; the process itself is dead.
        }

        _process.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int process, int signal);

    private string? Find(string text) =>
        OutputLines.Concat(ErrorLines).FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal));

    private sealed class Capture
    {
        private readonly Lock _gate = new();
        private readonly StringBuilder _text = new();
        private readonly List<string> _lines = [];

        public string Text
        {
            get
            {
                lock (_gate)
                {
                    return _text.ToString();
                }
            }
        }

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_gate)
                {
                    return [.. _lines];
                }
            }
        }

        public void Add(string? line)
        {
            if (line is null)
            {
                return;
            }

            lock (_gate)
            {
                _lines.Add(line);
                _text.Append(line).Append('\n');
            }
        }
    }
}
