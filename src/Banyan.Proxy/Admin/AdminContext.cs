using System.Text.Json;
using Banyan.Proxy.Background;
using Banyan.Proxy.Health;
using Banyan.Proxy.Options;
using Banyan.Proxy.Record;
using Banyan.Proxy.Snapshot;

namespace Banyan.Proxy.Admin;

/// <summary>What the admin pages show.</summary>
public sealed class AdminContext
{
    /// <summary>Settings of the process.</summary>
    public required ProxyOptions Options { get; init; }

    /// <summary>Configuration.</summary>
    public required SnapshotHolder Snapshots { get; init; }

    /// <summary>Metrics.</summary>
    public required MetricsShards Metrics { get; init; }

    /// <summary>Starting, serving, draining.</summary>
    public required Lifecycle Lifecycle { get; init; }

    /// <summary>The way to the control plane.</summary>
    public required Housekeeping Housekeeping { get; init; }

    /// <summary>The log, whose losses are a metric.</summary>
    public required ProxyLog Log { get; init; }

    /// <summary>What probes endpoints; null while nothing does.</summary>
    internal Func<HealthCheckers?> HealthCheckers { get; init; } = static () => null;

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Adds members about the live state of an endpoint to its JSON object (GET /clusters). Called on an admin thread.</summary>
    public Action<EndpointConfig, Utf8JsonWriter>? DescribeEndpoint { get; init; }
}
