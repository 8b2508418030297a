namespace Banyan.Model;

/// <summary>A Kubernetes Service.</summary>
public sealed record Service : MeshObject
{
    public override string ApiVersion => "v1";

    public override string Kind => nameof(Service);

    public ServiceSpec Spec { get; init; } = new();
}

/// <summary>
/// What a Service says; what only a cluster can do (types, cluster addresses, node ports) is read and left aside.
/// </summary>
public sealed record ServiceSpec
{
    public EquatableList<ServicePort> Ports { get; init; } = [];

    /// <summary>Labels of the Workloads behind it; empty = the Workloads whose <c>service</c> is this name.</summary>
    public EquatableMap Selector { get; init; } = EquatableMap.Empty;
}

/// <summary>One port of a Service.</summary>
public sealed record ServicePort
{
    public string Name { get; init; } = "";

    public int Port { get; init; }

    /// <summary>Number or name of the Workload's port; empty = <see cref="Port"/>.</summary>
    public string TargetPort { get; init; } = "";

    public string AppProtocol { get; init; } = "";

    public TransportProtocol Protocol { get; init; } = TransportProtocol.Tcp;
}

public enum TransportProtocol
{
    Tcp,
    Udp,
    Sctp,
}
