namespace Banyan.Model;

/// <summary>A process (or several replicas of it) that stands behind a service.</summary>
public sealed record Workload : MeshObject
{
    public override string ApiVersion => "banyan.dev/v1alpha1";

    public override string Kind => nameof(Workload);

    public WorkloadSpec Spec { get; init; } = new();

    /// <summary>The Workload whose process this one runs in: <see cref="WorkloadSpec.Process"/>, or itself.</summary>
    public string ProcessOwner => Spec.Process.Length == 0 ? Metadata.Name : Spec.Process;
}

/// <summary>What a Workload says.</summary>
public sealed record WorkloadSpec
{
    /// <summary>
    /// Implies the Services <c>S</c> and, with a version, <c>S-V</c>; empty for a workload that only calls.
    /// </summary>
    public string Service { get; init; } = "";

    public string Version { get; init; } = "";

    public string Owner { get; init; } = "";

    public WorkloadTier Tier { get; init; } = WorkloadTier.Standard;

    /// <summary>Empty = the service's name.</summary>
    public string ServiceAccount { get; init; } = "";

    /// <summary><c>region/zone</c>, or empty.</summary>
    public string Zone { get; init; } = "";

    public EquatableList<WorkloadPort> Ports { get; init; } = [];

    public EquatableList<WorkloadUpstream> Upstreams { get; init; } = [];

    /// <summary>The Workload of this namespace whose process this one shares; empty = its own.</summary>
    public string Process { get; init; } = "";

    public WorkloadRun? Run { get; init; }

    /// <summary>IP addresses where it runs, instead of <see cref="Run"/>.</summary>
    public EquatableList<string> Addresses { get; init; } = [];

    public WorkloadHealth? Health { get; init; }
}

public enum WorkloadTier
{
    Critical,
    Standard,
    Batch,
}

/// <summary>One port of a workload.</summary>
public sealed record WorkloadPort
{
    /// <summary>Needed where there are several ports.</summary>
    public string Name { get; init; } = "";

    /// <summary>The port that callers name.</summary>
    public int Port { get; init; }

    /// <summary>The port the application listens on; 0 = chosen at start and given to it as PORT.</summary>
    public int TargetPort { get; init; }

    public PortProtocol Protocol { get; init; } = PortProtocol.Auto;
}

/// <summary>What is spoken on a port.</summary>
public enum PortProtocol
{
    Http,
    Http2,
    Grpc,
    Tcp,
    Tls,
    Auto,
}

/// <summary>A fixed local port for an application that cannot use a proxy.</summary>
public sealed record WorkloadUpstream
{
    /// <summary><c>S</c> or <c>S.NS</c>.</summary>
    public string Service { get; init; } = "";

    public int Port { get; init; }

    /// <summary>0 = chosen.</summary>
    public int LocalPort { get; init; }
}

/// <summary>How `up` starts the workload.</summary>
public sealed record WorkloadRun
{
    public string Command { get; init; } = "";

    public EquatableList<string> Args { get; init; } = [];

    public EquatableMap Env { get; init; } = EquatableMap.Empty;

    public string Dir { get; init; } = ".";

    public int Replicas { get; init; } = 1;

    /// <summary>False: its calls leave without a sidecar, as it speaks xDS itself.</summary>
    public bool Sidecar { get; init; } = true;

    public WorkloadReadiness? Readiness { get; init; }
}

/// <summary>When a started process counts as ready.</summary>
public sealed record WorkloadReadiness
{
    /// <summary>Path asked with GET on the first port.</summary>
    public string Http { get; init; } = "";

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>Active health check.</summary>
public sealed record WorkloadHealth
{
    public string Http { get; init; } = "";

    public bool Tcp { get; init; }

    public string? Grpc { get; init; }

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    public int UnhealthyAfter { get; init; } = 3;

    public int HealthyAfter { get; init; } = 1;
}
