namespace Banyan.Control.Reports;

/// <summary>A row of the table of edges, as the database has it.</summary>
internal sealed class EdgeRow
{
    public long Hour { get; init; }

    public string Reporter { get; init; } = "";

    public int Direction { get; init; }

    public int Protocol { get; init; }

    public string Service { get; init; } = "";

    public string Namespace { get; init; } = "";

    public int Port { get; init; }

    public string Workload { get; init; } = "";

    public string Version { get; init; } = "";

    public string Route { get; init; } = "";

    public string Method { get; init; } = "";

    public int Status { get; init; }

    public int GrpcStatus { get; init; }

    public string SourceIdentity { get; init; } = "";

    public string DestinationIdentity { get; init; } = "";

    public int Mtls { get; init; }

    public long Count { get; init; }

    public long SumMicros { get; init; }

    public long BytesToDestination { get; init; }

    public long BytesToSource { get; init; }

    public byte[] Buckets { get; init; } = [];

    public long FirstSeen { get; init; }

    public long LastSeen { get; init; }

    /// <summary>What it is counted under.</summary>
    public EdgeIdentity Identity() => new(
        Hour,
        Reporter,
        Direction,
        Protocol,
        Service,
        Namespace,
        Port,
        Workload,
        Version,
        Route,
        Method,
        Status,
        GrpcStatus,
        SourceIdentity,
        DestinationIdentity,
        Mtls);

    /// <summary>The row of a sum.</summary>
    public static EdgeRow Of(EdgeIdentity edge, EdgeSum sum) => new()
    {
        Hour = edge.Hour,
        Reporter = edge.Reporter,
        Direction = edge.Direction,
        Protocol = edge.Protocol,
        Service = edge.Service,
        Namespace = edge.Namespace,
        Port = edge.Port,
        Workload = edge.Workload,
        Version = edge.Version,
        Route = edge.Route,
        Method = edge.Method,
        Status = edge.Status,
        GrpcStatus = edge.GrpcStatus,
        SourceIdentity = edge.SourceIdentity,
        DestinationIdentity = edge.DestinationIdentity,
        Mtls = edge.Mtls,
        Count = sum.Count,
        SumMicros = sum.SumMicros,
        BytesToDestination = sum.BytesToDestination,
        BytesToSource = sum.BytesToSource,
        Buckets = sum.Buckets(),
        FirstSeen = sum.FirstSeen,
        LastSeen = sum.LastSeen,
    };
}
