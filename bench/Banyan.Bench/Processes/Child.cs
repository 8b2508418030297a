using System.Diagnostics;

namespace Banyan.Bench.Processes;

/// <summary>A process of the measurement, pinned to the CPUs it was given, which does not outlive the harness.</summary>
internal sealed class Child : IDisposable
{
    private const int KeptLines = 40;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    private readonly Process _process;
    private readonly Queue<string> _tail = new();
    private bool _disposed;

    private Child(string name, Process process)
    {
        Name = name;
        _process = process;
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
    }

    public string Name { get; }

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>Starts a program. Both wrappers replace themselves, so the process id is the program's own.</summary>
    public static Child Start(
        string name, string cpus, string file, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> environment)
    {
        var child = new Child(name, new Process { StartInfo = Describe(cpus, file, arguments, environment) });
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program to its end and returns what it printed.</summary>
    /// <param name="meanwhile">Done while it runs.</param>
    public static string Run(
        BenchRun run, int cpu, string file, IEnumerable<string> arguments, TimeSpan limit, bool stderr = false, Action? meanwhile = null) =>
        Run(run, $"{cpu}", file, arguments, limit, stderr, meanwhile);

    /// <summary>The same on the CPUs of a list, as taskset(1) reads it.</summary>
    /// <param name="told">Gets each line of its standard error as it comes, on another thread.</param>
    public static string Run(
        BenchRun run,
        string cpus,
        string file,
        IEnumerable<string> arguments,
        TimeSpan limit,
        bool stderr = false,
        Action? meanwhile = null,
        Action<string>? told = null)
    {
        using var child = new Child(file, new Process { StartInfo = Describe(cpus, file, arguments, []) });
        child._process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is { } text)
            {
                told?.Invoke(text);
            }
        };
        child._process.Start();
        child._process.BeginErrorReadLine();
        var output = child._process.StandardOutput.ReadToEndAsync(run.Stopped);
        var start = Stopwatch.GetTimestamp();
        meanwhile?.Invoke();
        while (!child._process.WaitForExit(50))
        {
            run.Stopped.ThrowIfCancellationRequested();
            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw new BenchFailure($"{file} did not end in {limit.TotalSeconds:0} s:\n{child.Tail()}");
            }
        }

        // The overload without a limit also waits for the readers.
        child._process.WaitForExit();
        var text = output.GetAwaiter().GetResult();
        return child._process.ExitCode == 0 || stderr
            ? stderr ? text + child.Tail() : text
            : throw new BenchFailure($"{file} ended with {child._process.ExitCode}:\n{text}{child.Tail()}");
    }

    /// <summary>The last lines the process wrote.</summary>
    public string Tail()
    {
        lock (_tail)
        {
            return string.Join('\n', _tail);
        }
    }

    /// <summary>Asks the process to end (or interrupts it) and waits; true when it went by itself.</summary>
    public bool Stop(int signal = Native.Sigterm)
    {
        if (!_process.HasExited)
        {
            _ = Native.Kill(Pid, signal);
        }

        return _process.WaitForExit(Grace);
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (!_process.HasExited && !Stop())
        {
            _process.Kill(entireProcessTree: true);
            _process.WaitForExit(Grace);
        }

        _process.Dispose();
    }

    private static ProcessStartInfo Describe(
        string cpus, string file, IEnumerable<string> arguments, IEnumerable<(string Name, string Value)> environment)
    {
        // `--pdeathsig`: the kernel ends the child when the thread that started it ends, whatever ended that.
        var start = new ProcessStartInfo("setpriv")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            ArgumentList = { "--pdeathsig", "TERM", "taskset", "-c", cpus, file },
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_tail)
        {
            _tail.Enqueue(line);
            while (_tail.Count > KeptLines)
            {
                _tail.Dequeue();
            }
        }
    }
}
