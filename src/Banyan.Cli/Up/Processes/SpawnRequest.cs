namespace Banyan.Cli.Up.Processes;

/// <summary>What to start: a resolved program, its arguments, its whole environment and its folder.</summary>
internal sealed record SpawnRequest
{
    /// <summary>The name in front of its log lines, such as <c>payments-v1/0</c>.</summary>
    public required string Name { get; init; }

    /// <summary>A program with or without a path; without one it is looked up in PATH of <see cref="Environment"/>.</summary>
    public required string Command { get; init; }

    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>The complete environment: nothing is inherited beside it.</summary>
    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public string Directory { get; init; } = System.Environment.CurrentDirectory;
}
