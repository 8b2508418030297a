using System.CommandLine;

namespace Banyan.Cli.Commands;

/// <summary>A verb of the command line, with what its help says beyond options.</summary>
internal sealed class Verb(string name, string description) : Command(name, description)
{
    /// <summary>What to know before using it, in sentences; shown with its own help only.</summary>
    public string Details { get; init; } = "";

    /// <summary>Command lines to copy, each with what it does.</summary>
    public IReadOnlyList<(string Line, string Meaning)> Examples { get; init; } = [];

    /// <summary>What this verb's exit codes mean, beyond 0 and 2.</summary>
    public IReadOnlyList<(int Code, string Meaning)> ExitCodeMeanings { get; init; } = [];
}
