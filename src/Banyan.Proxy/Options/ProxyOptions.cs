using Banyan.Proxy.Record;

namespace Banyan.Proxy.Options;

/// <summary>What the command line said. Bound once.</summary>
public sealed record ProxyOptions
{
    /// <summary>Who this proxy is; null only with <see cref="SnapshotFile"/>, which then says it.</summary>
    public NodeName? Node { get; init; }

    /// <summary>The control plane; null only with <see cref="SnapshotFile"/>.</summary>
    public Uri? Control { get; init; }

    /// <summary>Folder of the last good configuration and the admin socket; null only with <see cref="SnapshotFile"/>.</summary>
    public string? State { get; init; }

    /// <summary>Where the admin server listens; null = nowhere.</summary>
    public AdminAddress? Admin { get; init; }

    /// <summary>Serve this file and ask nobody.</summary>
    public string? SnapshotFile { get; init; }

    /// <summary>Worker threads. One is right for a sidecar.</summary>
    public int Reactors { get; init; } = 1;

    /// <summary>Least important level that is written.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Info;

    /// <summary>Test-only admin verbs are on (environment <c>BANYAN_TEST=1</c>).</summary>
    public bool Testing { get; init; }
}
