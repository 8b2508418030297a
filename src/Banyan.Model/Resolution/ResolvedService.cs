namespace Banyan.Model;

/// <summary>A Service that callers can name, written or implied, with the workloads behind it.</summary>
internal sealed class ResolvedService
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>The object; null when workloads imply it.</summary>
    public Service? Written { get; init; }

    public required ResolvedPort[] Ports { get; init; }
}

/// <summary>A port of a service and where its requests can go.</summary>
internal sealed class ResolvedPort
{
    public required int Port { get; init; }

    public required string Name { get; init; }

    public required PortProtocol Protocol { get; init; }

    public required List<Backing> Backings { get; init; }

    /// <summary>Whether requests are read on it, or may be: all but what is relayed unread.</summary>
    public bool IsHttp => Protocols.IsHttp(Protocol);
}

/// <summary>A workload's port behind a service's port.</summary>
internal sealed record Backing(Workload Workload, WorkloadPort Port);
