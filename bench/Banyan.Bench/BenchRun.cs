using System.Diagnostics;
using Banyan.Bench.Processes;

namespace Banyan.Bench;

/// <summary>One run of one test: its options, its scratch folder, its processes and its end.</summary>
/// <remarks>Everything runs on the main thread, because children die with the thread that started them.</remarks>
internal sealed class BenchRun : IDisposable
{
    /// <summary>The CPU of the proxy under test, and that of the load and the backend.</summary>
    public const int ProxyCpu = 0, LoadCpu = 1;

    private readonly List<Child> _children = [];
    private readonly CancellationTokenSource _stop;
    private readonly Timer _watchdog;
    private readonly long _started = Stopwatch.GetTimestamp();

    public BenchRun(Options options, TimeSpan limit, CancellationToken cancellation)
    {
        Options = options;
        Folder = Directory.CreateTempSubdirectory("banyan-bench-").FullName;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        _stop.CancelAfter(limit);

        // Should the main thread hang in spite of the cancellation, the children still go with the process.
        _watchdog = new Timer(_ => Environment.Exit(4), null, limit + TimeSpan.FromSeconds(20), Timeout.InfiniteTimeSpan);
    }

    public Options Options { get; }

    /// <summary>Scratch folder, removed at the end.</summary>
    public string Folder { get; }

    public CancellationToken Stopped => _stop.Token;

    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    public Child Start(string name, int cpu, string file, IEnumerable<string> arguments, params (string Name, string Value)[] environment) =>
        Start(name, $"{cpu}", file, arguments, environment);

    /// <summary>Starts a process on the CPUs of a list, as taskset(1) reads it.</summary>
    public Child Start(string name, string cpus, string file, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        var child = Child.Start(name, cpus, file, arguments, environment);
        _children.Add(child);
        return child;
    }

    /// <summary>Waits until the condition holds; says what was awaited when it does not in time.</summary>
    public void Await(string what, TimeSpan limit, Child child, Func<bool> condition, int pollMilliseconds = 20)
    {
        var start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (child.HasExited)
            {
                throw new BenchFailure($"{child.Name} ended before {what}:\n{child.Tail()}");
            }

            if (Stopwatch.GetElapsedTime(start) > limit)
            {
                throw new BenchFailure($"{what} did not happen in {limit.TotalSeconds:0} s; last words of {child.Name}:\n{child.Tail()}");
            }

            Pause(TimeSpan.FromMilliseconds(pollMilliseconds));
        }
    }

    /// <summary>Lets time pass while a process is observed; ends at once when the run is stopped.</summary>
    public void Pause(TimeSpan time)
    {
        Stopped.WaitHandle.WaitOne(time);
        Stopped.ThrowIfCancellationRequested();
    }

    /// <summary>Progress, on standard error: standard output belongs to the result.</summary>
    public void Say(string text) =>
        Console.Error.WriteLine($"[{Stopwatch.GetElapsedTime(_started).TotalSeconds,5:0.0}] {text}");

    public void Dispose()
    {
        _watchdog.Dispose();
        foreach (var child in Enumerable.Reverse(_children))
        {
            child.Dispose();
        }

        _stop.Dispose();
        Directory.Delete(Folder, recursive: true);
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Banyan.slnx")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new BenchFailure("the repository was not found above the harness");
    }
}
