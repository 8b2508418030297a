using Banyan.Proxy.Record;

namespace Banyan.Proxy.Options;

/// <summary>What the command line said. Bound once.</summary>
public sealed record ProxyOptions
{
    /// <summary>Who this proxy is; null only with <see cref="SnapshotFile"/>, which then says it.</summary>
    public NodeName? Node { get; init; }

    /// <summary>The control planes that may be asked, in any order; empty only with <see cref="SnapshotFile"/>.</summary>
    public IReadOnlyList<Uri> Control { get; init; } = [];

    /// <summary>Folder of the last good configuration and the admin socket; null only with <see cref="SnapshotFile"/>.</summary>
    public string? State { get; init; }

    /// <summary>Service account of the workload: whose identity this proxy asks for; null without TLS to the control plane.</summary>
    public string? ServiceAccount { get; init; }

    /// <summary>File with the token that the first certificate is asked for with; null without one.</summary>
    public string? JoinToken { get; init; }

    /// <summary>Unix socket on which the application gets a certificate of its own (SPIFFE Workload API); null = nowhere.</summary>
    public string? WorkloadApi { get; init; }

    /// <summary>File that says which process is the application's; null = nobody's.</summary>
    public string? WorkloadProcess { get; init; }

    /// <summary>The identity is written nowhere.</summary>
    public bool IdentityInMemory { get; init; }

    /// <summary>The control plane is asked over TLS, and hops to other sidecars are secured.</summary>
    public bool HasIdentity => Control.Count > 0 && Control[0].Scheme == Uri.UriSchemeHttps;

    /// <summary>Where the admin server listens; null = nowhere.</summary>
    public AdminAddress? Admin { get; init; }

    /// <summary>Serve this file and ask nobody.</summary>
    public string? SnapshotFile { get; init; }

    /// <summary>Worker threads. One is right for a sidecar.</summary>
    public int Reactors { get; init; } = 1;

    /// <summary>Least important level that is written.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Info;

    /// <summary>How requests travel to other sidecars (environment <c>BANYAN_HOP</c>: adaptive, client, http1 or http2).</summary>
    public HopMode Hop { get; init; }

    /// <summary>Test-only admin verbs are on (environment <c>BANYAN_TEST=1</c>).</summary>
    public bool Testing { get; init; }
}
