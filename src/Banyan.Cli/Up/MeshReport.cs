namespace Banyan.Cli.Up;

/// <summary>What runs and where it listens: the answer of GET /processes, and what `up` prints.</summary>
internal sealed record MeshReport
{
    public required string State { get; init; }

    public required int Pid { get; init; }

    /// <summary>Whether every process is ready.</summary>
    public required bool Ready { get; init; }

    public required string Api { get; init; }

    public required string Xds { get; init; }

    public required string Socket { get; init; }

    public required IReadOnlyList<ServiceReport> Services { get; init; }

    public required IReadOnlyList<ProcessReport> Processes { get; init; }
}

/// <summary>One port of a service, and every way to it.</summary>
internal sealed record ServiceReport(
    string Service, string Namespace, int Port, string Url, IReadOnlyList<EndpointReport> Endpoints);

/// <summary>A replica behind a service.</summary>
/// <param name="Node">NAMESPACE/WORKLOAD/REPLICA.</param>
/// <param name="Version">The Workload's version.</param>
/// <param name="State">starting, ready or draining.</param>
/// <param name="Inbound">The way in, through its sidecar.</param>
/// <param name="App">The application's own port, around the sidecar (isolation: none).</param>
internal sealed record EndpointReport(string Node, string Version, string State, string Inbound, string App);

/// <summary>A process that is kept running.</summary>
/// <param name="Name">As its log lines are headed.</param>
/// <param name="Role">control, sidecar or application.</param>
/// <param name="State">starting, ready, waiting, stopping or stopped.</param>
/// <param name="Pid">Its process, if it runs.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="Trouble">Why it ended last, while it is not ready.</param>
/// <param name="Outbound">Of a sidecar: where proxy variables point.</param>
internal sealed record ProcessReport(
    string Name, string Role, string State, int? Pid, int Restarts, string? Trouble, string? Outbound);
