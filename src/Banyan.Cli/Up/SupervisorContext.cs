using System.Net;
using Banyan.Cli.Up.Processes;

namespace Banyan.Cli.Up;

/// <summary>What all parts of one supervisor share.</summary>
internal sealed record SupervisorContext
{
    public required StatePaths State { get; init; }

    /// <summary>The mark that everything it starts carries.</summary>
    public required string Marker { get; init; }

    /// <summary>The sidecar's program.</summary>
    public required string ProxyProgram { get; init; }

    /// <summary>Where sidecars find the control plane: over TLS where they have identities.</summary>
    public required string XdsUrl { get; init; }

    /// <summary>Where replicas without a sidecar find it.</summary>
    public required IPEndPoint PlainXds { get; init; }

    /// <summary>Whether sidecars have identities.</summary>
    public required bool Mtls { get; init; }

    public required bool Verbose { get; init; }

    public required Reaper Reaper { get; init; }

    public required Registrar Registrar { get; init; }

    /// <summary>Completes when the control plane is ready for the first time.</summary>
    public required Task ControlReady { get; init; }

    public required PortAllocator Ports { get; init; }

    public required UpLog Log { get; init; }

    public required Random Random { get; init; }

    public required TimeProvider Time { get; init; }
}
