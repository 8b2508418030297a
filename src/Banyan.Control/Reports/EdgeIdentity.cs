using Banyan.Xds;

namespace Banyan.Control.Reports;

/// <summary>What counts of proxies are added up under: one cell of the matrix of who calls whom, in one hour.</summary>
/// <param name="Hour">Hours since 1970.</param>
/// <param name="Reporter">
/// NAMESPACE/WORKLOAD of the proxy that saw it: the caller of a client's edge, the callee of a server's.
/// </param>
/// <param name="Mtls">1 where the hop was mutual TLS, else 0.</param>
internal sealed record EdgeIdentity(
    long Hour,
    string Reporter,
    int Direction,
    int Protocol,
    string Service,
    string Namespace,
    int Port,
    string Workload,
    string Version,
    string Route,
    string Method,
    int Status,
    int GrpcStatus,
    string SourceIdentity = "",
    string DestinationIdentity = "",
    int Mtls = 0)
{
    /// <summary>Milliseconds of an hour.</summary>
    public const long HourMs = 3_600_000;

    /// <summary>That of a record.</summary>
    public static EdgeIdentity Of(EdgeRecord edge, string reporter, long unixMs) => new(
        unixMs / HourMs,
        reporter,
        (int)edge.Direction,
        (int)edge.Protocol,
        edge.Service,
        edge.Namespace,
        (int)edge.Port,
        edge.Workload,
        edge.Version,
        edge.Route,
        edge.Method,
        (int)edge.Status,
        (int)edge.GrpcStatusPlusOne - 1,
        edge.SourceIdentity,
        edge.DestinationIdentity,
        edge.Mtls ? 1 : 0);
}
