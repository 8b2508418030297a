namespace Banyan.Cli.Up;

/// <summary>What a supervisor is started with.</summary>
internal sealed record SupervisorOptions
{
    public required StatePaths State { get; init; }

    /// <summary>Files and folders, as the user gave them.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>The sidecar's program.</summary>
    public required string ProxyProgram { get; init; }

    /// <summary>Whether sidecars have identities, and call each other by mutual TLS.</summary>
    public bool Mtls { get; init; }

    /// <summary>Whether to show what the mesh's own programs log beside warnings.</summary>
    public bool Verbose { get; init; }
}
