using Banyan.Cli.Up.Processes;

namespace Banyan.Cli.Up;

/// <summary>How a process is started and when it counts as ready.</summary>
internal sealed record ProcessSpec
{
    public required string Name { get; init; }

    /// <summary>What has to be done before every start.</summary>
    public Func<CancellationToken, Task> Prepare { get; init; } = _ => Task.CompletedTask;

    /// <summary>Asked anew for every start, so that a restart may take another port.</summary>
    public required Func<SpawnRequest> Request { get; init; }

    /// <summary>Told the number of the process right after its start.</summary>
    public Action<int> Started { get; init; } = _ => { };

    /// <summary>Nothing when it is ready, else what is missing, for the message when it takes too long.</summary>
    public required Func<CancellationToken, Task<string?>> Probe { get; init; }

    /// <summary>Asked at every start.</summary>
    public Func<TimeSpan> ReadyTimeout { get; init; } = () => TimeSpan.FromSeconds(30);

    /// <summary>Turns a line of its output into what is shown; nothing leaves the line out.</summary>
    public Func<string, string?> Format { get; init; } = line => line;
}
