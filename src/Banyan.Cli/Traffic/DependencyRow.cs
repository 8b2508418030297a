using Banyan.Control.Api;
using Spectre.Console;

namespace Banyan.Cli.Traffic;

/// <summary>Calls of one workload to one version of a service, by one protocol.</summary>
/// <param name="Source">NAMESPACE/WORKLOAD of the caller.</param>
/// <param name="SourceService">SERVICE.NAMESPACE of that workload; empty where it has none.</param>
/// <param name="Destination">SERVICE.NAMESPACE:PORT; empty for what is not in the mesh.</param>
/// <param name="Version">The version that answered; empty when none did.</param>
/// <param name="Protocol">http, grpc or tcp.</param>
/// <param name="Count">Requests, or connections.</param>
/// <param name="Failed">Requests without an answer, with a status of 500 or above, or a failure of gRPC.</param>
/// <param name="MeanMs">Mean time in milliseconds.</param>
/// <param name="FirstSeen">When it was first seen in that time.</param>
/// <param name="LastSeen">When it was last seen.</param>
internal sealed record DependencyRow(
    string Source,
    string SourceService,
    string Destination,
    string Version,
    string Protocol,
    long Count,
    long Failed,
    double MeanMs,
    DateTimeOffset FirstSeen,
    DateTimeOffset LastSeen)
{
    /// <summary>gRPC's statuses that say the callee failed: UNKNOWN, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS.</summary>
    private static readonly int[] Failures = [2, 12, 13, 14, 15];

    /// <summary>From what callers' sidecars saw, by caller; of one service where it is named.</summary>
    public static List<DependencyRow> Of(EdgesDocument edges, string? service) => [.. edges.Edges
        .Where(edge => edge.Direction == "client")
        .GroupBy(edge => (edge.Reporter, edge.ReporterService, Destination: Name(edge), edge.Version, edge.Protocol))
        .Select(group => new DependencyRow(
            group.Key.Reporter,
            group.Key.ReporterService,
            group.Key.Destination,
            group.Key.Version,
            group.Key.Protocol,
            group.Sum(edge => edge.Count),
            group.Where(HasFailed).Sum(edge => edge.Count),
            Math.Round(group.Sum(edge => edge.SumMicros) / 1000.0 / Math.Max(1, group.Sum(edge => edge.Count)), 3),
            group.Min(edge => edge.FirstSeen),
            group.Max(edge => edge.LastSeen)))
        .Where(row => service is null || row.Concerns(service))
        .OrderBy(row => row.Source, StringComparer.Ordinal)
        .ThenBy(row => row.Destination, StringComparer.Ordinal)
        .ThenBy(row => row.Version, StringComparer.Ordinal)];

    /// <summary>The table of `banyan dependencies`.</summary>
    public static Table Table(IReadOnlyList<DependencyRow> rows, DateTimeOffset now)
    {
        var table = Tables
            .Create("CALLER", "CALLS", "VERSION", "PROTOCOL", "COUNT", "FAILED", "MEAN MS", "LAST SEEN")
            .AlignRight(4, 5, 6, 7);
        foreach (var row in rows)
        {
            table.AddRow(
                Markup.Escape(row.Source),
                Markup.Escape(row.Destination.Length > 0 ? row.Destination : "(outside the mesh)"),
                Markup.Escape(row.Version.Length > 0 ? row.Version : "-"),
                row.Protocol,
                $"{row.Count}",
                row.Failed > 0 ? $"[red]{row.Failed}[/]" : "0",
                $"{row.MeanMs:0.00}",
                Ago(now - row.LastSeen));
        }

        return table;
    }

    private static string Name(ReportedEdge edge) => edge.Service.Length == 0 ? "" : $"{edge.Service}.{edge.Namespace}:{edge.Port}";

    private static bool HasFailed(ReportedEdge edge) => edge.Protocol != "tcp"
        && (edge.Status is 0 or >= 500 || (edge.GrpcStatus is { } status && Failures.Contains(status)));

    private static string Ago(TimeSpan time) => time switch
    {
        { TotalMinutes: < 2 } => $"{Math.Max(0, time.TotalSeconds):0} s ago",
        { TotalHours: < 2 } => $"{time.TotalMinutes:0} min ago",
        _ => $"{time.TotalHours:0} h ago",
    };

    /// <summary>Whether it is called, or its workload calls.</summary>
    private bool Concerns(string service)
    {
        var name = service.Contains('.') ? service : service + ".default";
        return SourceService == name || Destination.StartsWith(name + ":", StringComparison.Ordinal);
    }
}
