using System.Collections.Concurrent;
using Banyan.Cli.Up.Processes;
using Banyan.Testing;

namespace Banyan.Tests.Cli;

/// <summary>Starts small programs the way the supervisor does and ends them with the test.</summary>
internal sealed class ProcessLab : IDisposable
{
    private readonly List<ChildProcess> _children = [];
    private readonly ConcurrentQueue<string> _lines = new();

    public Reaper Reaper { get; } = new(TimeProvider.System, adoptOrphans: false);

    public TempFolder Folder { get; } = new("lab");

    public IReadOnlyList<string> Lines => [.. _lines];

    public static Dictionary<string, string> Environment(params (string Name, string Value)[] more)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/local/bin:/usr/bin:/bin" };
        foreach (var (name, value) in more)
        {
            variables[name] = value;
        }

        return variables;
    }

    public static SpawnRequest Shell(string script, params (string Name, string Value)[] environment) => new()
    {
        Name = "lab",
        Command = "sh",
        Arguments = ["-c", script],
        Environment = Environment(environment),
    };

    public ChildProcess Start(SpawnRequest request)
    {
        var child = Reaper.Start(request, _lines.Enqueue);
        _children.Add(child);
        return child;
    }

    public Task LineAsync(string text) =>
        Eventually.TrueAsync(() => _lines.Contains(text), $"a line '{text}'; there are: {string.Join(" / ", _lines)}");

    public void Dispose()
    {
        foreach (var child in _children)
        {
            child.Kill();
        }

        Reaper.Dispose();
        Folder.Dispose();
    }
}
